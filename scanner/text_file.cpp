#include "scanner/text_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace stratascan {

Result<std::string> read_text_file(const std::string& path, std::size_t limit) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        const bool absent = errno == ENOENT || errno == ENOTDIR;
        return fail(absent ? ErrorCode::not_found : ErrorCode::unreadable,
                    fmt::format("it can't be read: {}", std::strerror(errno)), path);
    }
    auto text = read_text_file(descriptor, path, limit);
    ::close(descriptor);
    return text;
}

Result<std::string> read_text_file(int descriptor, const std::string& name, std::size_t limit) {
    struct stat status {};
    std::string text;
    std::size_t size = 0;
    // Asked for once, so that no copy of what may be a secret stays where it stood first.
    if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
        text.resize(std::min(limit, static_cast<std::size_t>(status.st_size)) + 1);
    }
    while (true) {
        if (size == text.size()) text.resize(std::max<std::size_t>(2 * size, 4096));
        const ssize_t got = ::read(descriptor, text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            return fail(ErrorCode::unreadable,
                        fmt::format("it can't be read: {}", std::strerror(errno)), name);
        }
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
        if (size > limit) {
            return fail(ErrorCode::over_limit, fmt::format("it has more than {} bytes", limit),
                        name);
        }
    }
    text.resize(size);
    return text;
}

}  // namespace stratascan
