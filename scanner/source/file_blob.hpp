// Files and ranges of files as blobs. A range is what makes an archive on disk
// readable in place: each of its members is a blob at an offset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "scanner/source/blob.hpp"
#include "stratascan/error.hpp"

namespace stratascan::source {

/// Owns a file descriptor.
class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) noexcept : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept;
    ~UniqueFd();

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] int release() noexcept;

private:
    int fd_ = -1;
};

/// An open regular file whose size was taken when it was opened. Immutable, so
/// any number of threads may read it.
class FileHandle {
public:
    /// Links are followed; what they lead to must be a regular file. Never
    /// waits, whatever lies there.
    [[nodiscard]] static Result<std::shared_ptr<const FileHandle>> open(const std::string& path);

    /// Fills `out` from `offset` on; less only where the file ends.
    [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset,
                                              std::span<std::byte> out) const;

    /// Whether the file still has the size that it was opened with.
    [[nodiscard]] bool same_size() const noexcept;

    /// Tells the system that a range is about to be read in order.
    void expect_sequential(std::uint64_t offset, std::uint64_t bytes) const noexcept;

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// What open() makes; `fd` is a regular file of `size` bytes.
    FileHandle(UniqueFd fd, std::string path, std::uint64_t size)
        : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}

private:
    UniqueFd fd_;
    std::string path_;
    std::uint64_t size_;
};

/// A blob that is `bytes` bytes of `file` from `offset` on. `name` is what
/// errors call it.
[[nodiscard]] std::unique_ptr<BlobReader> open_range_blob(std::shared_ptr<const FileHandle> file,
                                                          std::uint64_t offset,
                                                          std::uint64_t bytes, std::string name);

/// A blob whose bytes are in memory already.
[[nodiscard]] std::unique_ptr<BlobReader> open_memory_blob(std::string bytes);

/// The whole of a blob; `over_limit` when it has more than `limit` bytes.
[[nodiscard]] Result<std::string> read_whole(BlobReader& reader, std::size_t limit);

/// What the system says of the error number `code`.
[[nodiscard]] std::string system_message(int code);

}  // namespace stratascan::source
