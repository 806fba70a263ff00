#include "scanner/cli/output_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

namespace stratascan::cli {

namespace {

std::unexpected<Error> refuse(const std::string& path, const std::string& why) {
    return fail(ErrorCode::unreadable, "it can't be written: " + why, path);
}

struct Free {
    void operator()(char* text) const noexcept { std::free(text); }
};

/// Where a link leads; the path itself where it is none, or leads nowhere yet.
Result<std::string> followed(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISLNK(status.st_mode)) return path;
    if (status.st_uid != ::geteuid() && status.st_uid != 0) {
        return refuse(path, "another user has put a link there");
    }
    const std::unique_ptr<char, Free> real(::realpath(path.c_str(), nullptr));
    return real ? std::string(real.get()) : path;
}

bool is_written_in_place(const std::string& path) {
    if (path.starts_with("/dev/") || path.starts_with("/proc/")) return true;
    struct stat status {};
    // A link that leads nowhere stays one.
    if (::lstat(path.c_str(), &status) != 0) return false;
    return !S_ISREG(status.st_mode);
}

/// The rights that the file has, or that a new one gets.
mode_t rights_of(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) return status.st_mode & 0777U;
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return 0666U & ~mask;
}

int open_in_place(const std::string& path) {
    return ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
}

}  // namespace

Result<OutputFile> OutputFile::open(const std::string& asked) {
    if (asked.empty() || asked == "-") return OutputFile(STDOUT_FILENO, {}, {});
    const auto path = followed(asked);
    if (!path) return std::unexpected(path.error());
    int descriptor = -1;
    std::string draft;
    if (!is_written_in_place(*path)) {
        draft = *path + ".XXXXXX";
        descriptor = ::mkostemp(draft.data(), O_CLOEXEC);
        if (descriptor >= 0) ::fchmod(descriptor, rights_of(*path));
        struct stat status {};
        const bool there = ::stat(path->c_str(), &status) == 0;
        if (descriptor < 0 && !there) return refuse(asked, std::strerror(errno));
        // Not our file to replace by one of ours; or the folder is not to be written.
        if (there && (descriptor < 0 || ::access(path->c_str(), W_OK) != 0 ||
                      status.st_uid != ::geteuid() || status.st_nlink > 1)) {
            if (descriptor >= 0) {
                ::unlink(draft.c_str());
                ::close(descriptor);
            }
            descriptor = -1;
            draft.clear();
        }
    }
    if (descriptor < 0) descriptor = open_in_place(*path);
    if (descriptor < 0) return refuse(asked, std::strerror(errno));
    return OutputFile(descriptor, *path, draft);
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)),
      draft_(std::move(other.draft_)), error_(other.error_) {
    other.draft_.clear();
}

OutputFile::~OutputFile() {
    if (!draft_.empty()) ::unlink(draft_.c_str());
    if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
}

void OutputFile::write(std::string_view bytes) {
    while (error_ == 0 && !bytes.empty()) {
        const ssize_t done = ::write(descriptor_, bytes.data(), bytes.size());
        if (done >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(done));
        } else if (errno == EAGAIN) {  // a terminal or pipe that somebody has made so
            pollfd ready{descriptor_, POLLOUT, 0};
            ::poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            error_ = errno;
        }
    }
}

Result<void> OutputFile::finish() {
    const std::string place = path_.empty() ? "standard output" : path_;
    if (descriptor_ > STDERR_FILENO) {
        // Before it has its name, so that no machine that fails leaves an empty report under it.
        // Not every file system has such a thing.
        if (!draft_.empty() && ::fsync(descriptor_) != 0 && errno != EINVAL && errno != ENOSYS &&
            error_ == 0) {
            error_ = errno;
        }
        // File systems over a network say here that they are full.
        if (::close(std::exchange(descriptor_, -1)) != 0 && error_ == 0) error_ = errno;
    }
    if (error_ == 0 && !draft_.empty()) {
        if (::rename(draft_.c_str(), path_.c_str()) == 0) draft_.clear();
        else error_ = errno;
    }
    if (error_ != 0) return refuse(place, std::strerror(error_));
    return {};
}

}  // namespace stratascan::cli
