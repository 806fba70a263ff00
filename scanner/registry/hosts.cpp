#include "scanner/registry/hosts.hpp"

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <set>

#include "scanner/source/file_blob.hpp"

namespace stratascan::registry {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_certificate_bytes = std::size_t{1} << 20;
constexpr std::size_t max_files = 256;

std::vector<std::string> usual_folders(const std::string& host) {
    std::vector<std::string> folders;
    const char* const config = std::getenv("XDG_CONFIG_HOME");
    const char* const home = std::getenv("HOME");
    if (config != nullptr && *config != '\0') {
        folders.push_back(std::string(config) + "/containers/certs.d/" + host);
    }
    if (home != nullptr && *home != '\0') {
        folders.push_back(std::string(home) + "/.config/containers/certs.d/" + host);
    }
    folders.push_back("/etc/containers/certs.d/" + host);
    folders.push_back("/etc/docker/certs.d/" + host);
    return folders;
}

}  // namespace

TlsSettings read_certificate_folder(const std::string& folder) {
    TlsSettings tls;
    std::error_code failed;
    std::set<fs::path> files;
    for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        const fs::path kind = entry->path().extension();
        if (kind != ".crt" && kind != ".cert") continue;
        files.insert(entry->path());
        // The first by their names, in whatever order the file system has them.
        if (files.size() > max_files) files.erase(std::prev(files.end()));
    }
    for (const fs::path& file : files) {
        if (file.extension() == ".crt") {
            auto reader = source::open_file_blob(file.string());
            if (!reader) continue;
            if (auto text = source::read_whole(**reader, max_certificate_bytes)) {
                tls.ca_pem += *text + '\n';
            }
        } else if (file.extension() == ".cert" && tls.certificate.empty()) {
            fs::path key = file;
            key.replace_extension(".key");
            if (!fs::exists(key, failed)) continue;
            tls.certificate = file.string();
            tls.key = key.string();
        }
    }
    return tls;
}

bool Hosts::is_insecure(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    return settings_.insecure.contains(name);
}

void Hosts::add_insecure(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    settings_.insecure.insert(name);
}

Host& Hosts::get(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    auto& host = hosts_[name];
    if (host == nullptr) host = std::make_unique<Host>(name, settings_.retries);
    return *host;
}

std::shared_ptr<const TlsSettings> Hosts::tls_for(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    auto& kept = tls_[name];
    if (kept != nullptr) return kept;
    TlsSettings tls;
    if (!settings_.certificates.empty()) {
        tls = read_certificate_folder(settings_.certificates);
    } else {
        for (const std::string& folder : usual_folders(name)) {
            tls = read_certificate_folder(folder);
            if (!tls.ca_pem.empty() || !tls.certificate.empty()) break;
        }
    }
    tls.verify = !settings_.insecure.contains(name);
    kept = std::make_shared<const TlsSettings>(std::move(tls));
    return kept;
}

}  // namespace stratascan::registry
