// A file may shrink, grow or be replaced while it is read. A reader never makes
// up for that: the bytes that it promised at the start either come or an error
// says where they ended.
#include "scanner/source/file_blob.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace stratascan::source {

namespace {

class RangeReader final : public BlobReader {
public:
    RangeReader(std::shared_ptr<const FileHandle> file, std::uint64_t offset, std::uint64_t bytes,
                std::string name)
        : file_(std::move(file)), name_(std::move(name)), offset_(offset), bytes_(bytes) {}

    Result<std::size_t> read(std::span<std::byte> out) override {
        const std::uint64_t left = bytes_ - done_;
        const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left, out.size()));
        if (want == 0) return std::size_t{0};
        const auto got = file_->read_at(offset_ + done_, out.first(want));
        if (!got) return std::unexpected(got.error());
        done_ += *got;
        if (*got < want) {
            return fail(ErrorCode::unreadable,
                        fmt::format("ended at byte {} of {}", done_, bytes_), name_,
                        "was the file cut short, or changed during the scan?");
        }
        if (done_ == bytes_ && !file_->same_size()) {
            return fail(ErrorCode::unreadable, "the file changed its size while it was read",
                        file_->path());
        }
        return want;
    }

    std::int64_t size() const noexcept override { return static_cast<std::int64_t>(bytes_); }

private:
    std::shared_ptr<const FileHandle> file_;
    std::string name_;
    std::uint64_t offset_;
    std::uint64_t bytes_;
    std::uint64_t done_ = 0;
};

class MemoryReader final : public BlobReader {
public:
    explicit MemoryReader(std::string bytes) : bytes_(std::move(bytes)) {}

    Result<std::size_t> read(std::span<std::byte> out) override {
        const std::size_t count = std::min(out.size(), bytes_.size() - done_);
        if (count > 0) std::memcpy(out.data(), bytes_.data() + done_, count);
        done_ += count;
        return count;
    }

    std::int64_t size() const noexcept override { return static_cast<std::int64_t>(bytes_.size()); }

private:
    std::string bytes_;
    std::size_t done_ = 0;
};

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
        if (fd_ >= 0) ::close(fd_);
        fd_ = other.release();
    }
    return *this;
}

UniqueFd::~UniqueFd() {
    if (fd_ >= 0) ::close(fd_);
}

int UniqueFd::release() noexcept { return std::exchange(fd_, -1); }

std::string system_message(int code) { return std::generic_category().message(code); }

Result<std::shared_ptr<const FileHandle>> FileHandle::open(const std::string& path) {
    // O_NONBLOCK: a named pipe must not hang the scan before it was looked at.
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (fd.get() < 0) {
        const int code = errno;
        const bool absent = code == ENOENT || code == ENOTDIR;
        return fail(absent ? ErrorCode::not_found : ErrorCode::unreadable, system_message(code),
                    path);
    }
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) {
        return fail(ErrorCode::unreadable, system_message(errno), path);
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(ErrorCode::unreadable, "not a regular file", path);
    }
    return std::make_shared<const FileHandle>(std::move(fd), path,
                                              static_cast<std::uint64_t>(status.st_size));
}

Result<std::size_t> FileHandle::read_at(std::uint64_t offset, std::span<std::byte> out) const {
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t got = ::pread(fd_.get(), out.data() + done, out.size() - done,
                                    static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(ErrorCode::unreadable, system_message(errno), path_);
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

bool FileHandle::same_size() const noexcept {
    struct stat status {};
    return ::fstat(fd_.get(), &status) == 0 && static_cast<std::uint64_t>(status.st_size) == size_;
}

void FileHandle::expect_sequential(std::uint64_t offset, std::uint64_t bytes) const noexcept {
    ::posix_fadvise(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(bytes),
                    POSIX_FADV_SEQUENTIAL);
}

std::unique_ptr<BlobReader> open_range_blob(std::shared_ptr<const FileHandle> file,
                                            std::uint64_t offset, std::uint64_t bytes,
                                            std::string name) {
    file->expect_sequential(offset, bytes);
    return std::make_unique<RangeReader>(std::move(file), offset, bytes, std::move(name));
}

std::unique_ptr<BlobReader> open_memory_blob(std::string bytes) {
    return std::make_unique<MemoryReader>(std::move(bytes));
}

Result<std::unique_ptr<BlobReader>> open_file_blob(const std::string& path) {
    auto file = FileHandle::open(path);
    if (!file) return std::unexpected(file.error());
    const std::uint64_t bytes = (*file)->size();
    return open_range_blob(*std::move(file), 0, bytes, path);
}

Result<std::string> read_whole(BlobReader& reader, std::size_t limit) {
    constexpr std::size_t step = std::size_t{64} << 10;
    std::string bytes;
    while (true) {
        const std::size_t start = bytes.size();
        bytes.resize(start + std::min(step, limit + 1 - start));
        const std::span room(bytes.data() + start, bytes.size() - start);
        const auto got = reader.read(std::as_writable_bytes(room));
        if (!got) return std::unexpected(got.error());
        bytes.resize(start + *got);
        if (bytes.size() > limit) {
            return fail(ErrorCode::over_limit, fmt::format("more than {} bytes", limit));
        }
        if (*got < room.size()) return bytes;
    }
}

}  // namespace stratascan::source
