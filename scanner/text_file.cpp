#include "scanner/text_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

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

Result<void> check_given_file(const std::string& path, std::string_view what) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (status.type() == std::filesystem::file_type::not_found) {
        return fail(ErrorCode::not_found, fmt::format("there is no such {}", what), path);
    }
    if (status.type() == std::filesystem::file_type::none) {
        return fail(ErrorCode::unreadable,
                    fmt::format("the {} can't be read: {}", what, error.message()), path);
    }
    if (status.type() != std::filesystem::file_type::regular) {
        return fail(ErrorCode::unreadable, fmt::format("the {} is no regular file", what), path);
    }
    return {};
}

Result<std::string> read_given_file(const std::string& path, std::string_view what,
                                    std::size_t mebibytes) {
    if (auto sound = check_given_file(path, what); !sound) return std::unexpected(sound.error());
    auto text = read_text_file(path, mebibytes << 20);
    if (text) return text;
    if (text.error().code == ErrorCode::over_limit) {
        return fail(ErrorCode::over_limit, fmt::format("the {} may have {} MiB", what, mebibytes),
                    path);
    }
    return fail(ErrorCode::unreadable, fmt::format("the {}: {}", what, text.error().what), path);
}

}  // namespace stratascan
