#include "scanner/store/place.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace stratascan::store {

namespace {

namespace fs = std::filesystem;

bool is_set(const char* value) { return value != nullptr && *value != '\0'; }

std::unexpected<Error> refuse(const std::string& path, std::string_view why, std::string hint) {
    return fail(ErrorCode::invalid_argument, fmt::format("the store is not used: {}", why), path,
                std::move(hint));
}

Result<void> check(const std::string& path, const struct stat& status, bool folder) {
    if (folder ? !S_ISDIR(status.st_mode) : !S_ISREG(status.st_mode)) {
        return refuse(path, folder ? "no folder" : "no regular file", {});
    }
    // The system's folders, as a container has them mounted, are as good as one's own.
    const bool ours = status.st_uid == ::geteuid() || (folder && status.st_uid == 0);
    if (!ours) return refuse(path, "it belongs to another user", {});
    // In a sticky folder nobody can replace the files of others.
    const bool sticky = folder && (status.st_mode & S_ISVTX) != 0;
    if ((status.st_mode & 022U) != 0 && !sticky) {
        return refuse(path, "others may write it", "chmod go-w it, or name another with --store");
    }
    return {};
}

Result<void> make_folder(const std::string& folder) {
    std::error_code error;
    const fs::path above = fs::path(folder).parent_path();
    if (!above.empty()) fs::create_directories(above, error);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        return fail(ErrorCode::unreadable,
                    fmt::format("the folder can't be made: {}", std::strerror(errno)), folder,
                    "name another place with --store");
    }
    return {};
}

}  // namespace

std::string default_place() {
    if (const char* data = std::getenv("XDG_DATA_HOME"); is_set(data)) {
        return std::string(data) + "/stratascan/store.sqlite";
    }
    if (const char* home = std::getenv("HOME"); is_set(home)) {
        return std::string(home) + "/.local/share/stratascan/store.sqlite";
    }
    return {};
}

Result<void> prepare_place(const std::string& path, bool make) {
    const std::string above = fs::path(path).parent_path();
    const std::string folder = above.empty() ? "." : above;
    if (make) {
        if (auto made = make_folder(folder); !made) return made;
    }
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) {
        return fail(ErrorCode::not_found, "there is no store", path,
                    "scan something, or name another with --store");
    }
    if (auto fit = check(folder, status, true); !fit) return fit;
    // Made by us, so that it never has other rights than these. One that is there is not
    // opened here: closing it would end the locks that SQLite holds in this process.
    if (make) {
        const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (file < 0 && errno != EEXIST) {
            return fail(ErrorCode::unreadable,
                        fmt::format("the store can't be made: {}", std::strerror(errno)), path);
        }
        if (file >= 0) ::close(file);
    }
    if (::stat(path.c_str(), &status) != 0) {
        return fail(ErrorCode::not_found, "there is no store", path,
                    "scan something, or name another with --store");
    }
    if (auto fit = check(path, status, false); !fit) return fit;
    // What SQLite finds beside it is as good as the store.
    for (const char* const beside : {"-wal", "-shm", "-journal"}) {
        const std::string name = path + beside;
        if (::stat(name.c_str(), &status) != 0) continue;
        if (auto fit = check(name, status, false); !fit) return fit;
    }
    return {};
}

}  // namespace stratascan::store
