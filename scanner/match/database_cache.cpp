#include "scanner/match/database_cache.hpp"

#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "scanner/match/wire.hpp"

namespace stratascan::match {

namespace {

constexpr std::string_view magic = "stratascan database 2\n";
constexpr off_t largest_cache = off_t{256} << 20;

std::string digest_of(std::string_view bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string cache_folder() {
    if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0') {
        return std::string(cache) + "/stratascan";
    }
    if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
        return std::string(home) + "/.cache/stratascan";
    }
    return {};
}

bool ours(const struct stat& status) {
    return status.st_uid == ::geteuid() && (status.st_mode & 022U) == 0;
}

std::string read_cache(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) return {};
    struct stat status {};
    std::string bytes;
    if (::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && ours(status) &&
        status.st_size < largest_cache) {
        bytes.resize(static_cast<std::size_t>(status.st_size));
        if (::read(file, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
            bytes.clear();
        }
    }
    ::close(file);
    return bytes;
}

void write_cache(const std::string& path, const std::string& bytes) {
    std::string draft = path + ".XXXXXX";
    const int file = ::mkostemp(draft.data(), O_CLOEXEC);
    if (file < 0) return;
    const bool written =
        ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
    ::close(file);
    if (!written || ::rename(draft.c_str(), path.c_str()) != 0) ::unlink(draft.c_str());
}

// What a database depends on: rules, engine, and the processor it is for.
std::string cache_key(const RuleSet& rules) {
    hs_platform_info_t platform{};
    hs_populate_platform(&platform);
    WireWriter key;
    key.text(rules.hash());
    key.text(hs_version());
    key.number(platform.cpu_features);
    key.number(platform.tune);
    return key.bytes();
}

std::shared_ptr<const Database> from_cache(const std::string& bytes, const std::string& key) {
    WireReader in(bytes);
    if (in.view() != magic || in.view() != key) return nullptr;
    const std::string_view digest = in.view();
    const std::string_view database = in.view();
    if (!in.ok() || digest_of(database) != digest) return nullptr;
    auto loaded = Database::deserialize(database, "native");
    return loaded ? *loaded : nullptr;
}

}  // namespace

Result<std::shared_ptr<const Database>> cached_database(const RuleSet& rules) {
    const std::string folder = cache_folder();
    const std::string key = cache_key(rules);
    std::string path;
    std::error_code error;
    if (!folder.empty()) {
        std::filesystem::create_directories(folder, error);
        struct stat status {};
        if (!error && ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
            ours(status)) {
            path = folder + "/" + rules.hash() + ".hsdb";
            if (auto database = from_cache(read_cache(path), key)) return database;
        }
    }
    auto compiled = Database::compile(rules);
    if (!compiled || path.empty()) return compiled;
    const auto bytes = (*compiled)->serialize();
    if (bytes) {
        WireWriter out;
        out.text(magic);
        out.text(key);
        out.text(digest_of(*bytes));
        out.text(*bytes);
        write_cache(path, out.bytes());
    }
    return compiled;
}

}  // namespace stratascan::match
