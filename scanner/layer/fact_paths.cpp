// Leftovers and marks that a path tells. Only folders and names that mean one thing
// are here: `.git`, not `git`.
#include <algorithm>
#include <array>

#include "scanner/layer/fact_spotter.hpp"

namespace stratascan::layer {

namespace {

struct Named {
    std::string_view name;
    FactKind kind;
};

// Folders whose presence is told by a file below them.
constexpr std::array<Named, 14> dot_folders = {{
    {".git", FactKind::version_control}, {".svn", FactKind::version_control},
    {".hg", FactKind::version_control}, {".vscode", FactKind::editor_folder},
    {".idea", FactKind::editor_folder}, {".aws", FactKind::credential_file},
    {".ssh", FactKind::credential_file}, {".azure", FactKind::credential_file},
    {".gnupg", FactKind::credential_file}, {".docker", FactKind::credential_file},
    {".kube", FactKind::credential_file}, {".cache", FactKind::user_cache},
    {".npm", FactKind::user_cache}, {".gem", FactKind::user_cache},
}};

constexpr std::array<std::string_view, 14> histories = {
    ".bash_history", ".ash_history", ".sh_history", ".zsh_history", ".histfile",
    ".psql_history", ".mysql_history", ".sqlite_history", ".python_history",
    ".node_repl_history", ".rediscli_history", ".dbshell", ".lesshst", ".viminfo"};

constexpr std::string_view bill_folder = "var/lib/db/sbom/";

constexpr std::array<Named, 10> caches = {{
    {"var/lib/apt/lists/", FactKind::package_cache}, {"var/cache/apk/", FactKind::package_cache},
    {"var/cache/apt/archives/", FactKind::package_cache},
    {"var/cache/dnf/", FactKind::package_cache}, {"var/cache/yum/", FactKind::package_cache},
    {"var/cache/zypp/", FactKind::package_cache}, {"var/cache/pacman/pkg/", FactKind::package_cache},
    {bill_folder, FactKind::image_sbom},
    {"var/run/secrets/kubernetes.io/", FactKind::service_token},
    {"run/secrets/kubernetes.io/", FactKind::service_token},
}};

struct Database {
    std::string_view path;
    std::string_view detail;
};

constexpr std::array<Database, 8> databases = {{
    {"var/lib/dpkg/status", "dpkg"}, {"lib/apk/db/installed", "apk"},
    {"usr/lib/apk/db/installed", "apk"}, {"var/lib/rpm/rpmdb.sqlite", "rpm"},
    {"var/lib/rpm/Packages", "rpm"}, {"var/lib/rpm/Packages.db", "rpm"},
    {"usr/lib/sysimage/rpm/rpmdb.sqlite", "rpm"}, {"usr/lib/sysimage/rpm/Packages.db", "rpm"},
}};

bool is_build_file(std::string_view name) noexcept {
    return name == "Dockerfile" || name == "Containerfile" || name == ".dockerignore" ||
           name.starts_with("Dockerfile.") || name.ends_with(".Dockerfile") ||
           ((name.starts_with("docker-compose") || name.starts_with("compose.")) &&
            (name.ends_with(".yml") || name.ends_with(".yaml")));
}

bool is_environment_file(std::string_view name) noexcept {
    if (name == ".env") return true;
    if (!name.starts_with(".env.")) return false;
    for (const std::string_view sample : {"example", "sample", "template", "dist", "defaults"}) {
        if (name.ends_with(sample)) return false;
    }
    return true;
}

bool is_bill_name(std::string_view name) noexcept {
    return name.ends_with(".spdx.json") || name.ends_with(".spdx") ||
           name.ends_with(".cdx.json") || name.ends_with(".cdx.xml") || name == "bom.json";
}

class PathFacts {
public:
    PathFacts(std::string_view path, std::uint64_t size, FileFact base, std::vector<FileFact>& out)
        : path_(path), name_(path.substr(path.rfind('/') + 1)), size_(size),
          base_(std::move(base)), out_(out) {}

    void tell() {
        if (path_.front() == '.' || path_.find("/.") != std::string_view::npos) dotted();
        if (path_.starts_with("etc/")) settings();
        else if (path_.starts_with("var/") || path_.starts_with("run/")) variable();
        else if (path_.starts_with("usr/include/") && name_.find(".h") != std::string_view::npos) {
            add(FactKind::header);
        }
        for (const Database& one : databases) {
            if (path_ == one.path) add(FactKind::package_database, one.detail);
        }
        by_name();
    }

private:
    void add(FactKind kind, std::string_view detail = {}) {
        out_.push_back(base_);
        out_.back().kind = kind;
        out_.back().detail = detail;
    }

    void dotted() {
        std::size_t begin = 0;
        for (std::size_t end = path_.find('/'); end != std::string_view::npos;
             begin = end + 1, end = path_.find('/', begin)) {
            if (path_[begin] != '.') continue;
            const std::string_view part = path_.substr(begin, end - begin);
            for (const Named& folder : dot_folders) {
                if (part == folder.name) return add(folder.kind, path_.substr(0, end));
            }
        }
        if (name_ == ".git") add(FactKind::version_control, path_);
        if (is_environment_file(name_)) add(FactKind::environment_file);
        if (name_ == ".DS_Store") add(FactKind::desktop_file);
        if (size_ > 0 && std::find(histories.begin(), histories.end(), name_) != histories.end()) {
            add(FactKind::history_file);
        }
    }

    void settings() {
        if (path_.starts_with("etc/ssh/ssh_host_") && path_.ends_with("_key")) {
            add(FactKind::host_key);
        }
        if (path_ == "etc/ssh/sshd_config" || path_ == "etc/inetd.conf" ||
            path_ == "etc/xinetd.conf") {
            add(FactKind::remote_setting);
        }
        if (path_ == "etc/apko.json") add(FactKind::image_mark, "apko");
        if (path_.starts_with("etc/kubernetes/") && path_.ends_with(".conf")) {
            add(FactKind::kube_config);
        }
    }

    void variable() {
        if (path_.starts_with("var/lib/dpkg/status.d/") && !path_.ends_with(".md5sums")) {
            add(FactKind::package_database, "dpkg status.d");
        }
        if (path_.starts_with("var/log/") && size_ > 0) add(FactKind::log_file);
        for (const Named& folder : caches) {
            if (!path_.starts_with(folder.name) || name_ == "lock") continue;
            std::string_view detail = folder.name;
            detail.remove_suffix(1);
            if (size_ > 0) return add(folder.kind, detail);
        }
    }

    void by_name() {
        if (is_build_file(name_)) add(FactKind::build_file);
        if (name_ == "Thumbs.db") add(FactKind::desktop_file);
        if (name_ == "kubeconfig" || name_.ends_with(".kubeconfig") ||
            path_.ends_with(".kube/config")) {
            add(FactKind::kube_config);
        }
        if (name_.ends_with(".tfstate") || name_.ends_with(".tfstate.backup") ||
            name_.ends_with(".tfvars") || name_.ends_with(".tfvars.json")) {
            add(FactKind::terraform_state);
        }
        if (name_.ends_with(".heapsnapshot")) add(FactKind::heap_dump, "V8");
        if (name_.ends_with(".log") && size_ > 0 && !path_.starts_with("var/log/")) {
            add(FactKind::log_file);
        }
        if (is_bill_name(name_)) add(FactKind::image_sbom);
    }

    std::string_view path_, name_;
    std::uint64_t size_;
    FileFact base_;
    std::vector<FileFact>& out_;
};

}  // namespace

bool is_bill_path(std::string_view path) noexcept {
    return path.starts_with(bill_folder) || is_bill_name(path.substr(path.rfind('/') + 1));
}

void path_facts(std::string_view path, std::uint64_t size, FileFact base,
                std::vector<FileFact>& out) {
    PathFacts(path, size, std::move(base), out).tell();
}

}  // namespace stratascan::layer
