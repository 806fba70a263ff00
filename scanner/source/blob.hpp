// A blob is a run of bytes that is read once, from its first byte to its last:
// a layer, a config, a manifest. Where it lies (a file, a range of an archive,
// a pipe) is the business of its reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "scanner/source/chunk.hpp"
#include "stratascan/error.hpp"

namespace stratascan::source {

/// Reads a blob in order, by read() or by read_chunk(), not by both. Used by one thread at
/// a time; not necessarily always the same thread. Owns what it reads from.
class BlobReader {
public:
    virtual ~BlobReader() = default;

    /// Fills `out` as far as the blob goes and returns the number of bytes
    /// written; less than out.size() only at the end, 0 from then on, or where an
    /// error stands behind those bytes, which the next call gives.
    [[nodiscard]] virtual Result<std::size_t> read(std::span<std::byte> out) = 0;

    /// The next bytes, in a chunk that nobody else has: one of `pool`, or that in which they
    /// arrived. Less than a full one only at the end, or where an error stands behind those
    /// bytes, which the next call gives; null at the end.
    [[nodiscard]] virtual Result<std::shared_ptr<Chunk>> read_chunk(ChunkPool& pool);

    /// The blob's size in bytes where the place it lies at tells; -1 elsewhere.
    [[nodiscard]] virtual std::int64_t size() const noexcept = 0;
};

/// One whose bytes are in chunks already.
class ChunkedReader : public BlobReader {
public:
    Result<std::size_t> read(std::span<std::byte> out) final;

private:
    std::shared_ptr<ChunkPool> pool_;
    std::shared_ptr<Chunk> chunk_;  ///< given out in part by read()
    std::size_t taken_ = 0;
    std::optional<Error> ended_;
};

/// A byte range of a regular file, read with pread(2). The file may be shared
/// by many readers.
[[nodiscard]] Result<std::unique_ptr<BlobReader>> open_file_blob(const std::string& path);

}  // namespace stratascan::source
