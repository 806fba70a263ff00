// From a blob's reader to its uncompressed stream, hashing every byte of the
// blob on the way, to its true end: also what stands behind the last member of
// the compression, where some readers stop, and the digest does not.
//
// Hashing takes a sixth of the decoder's time, so it need not stand in its way:
// chunks go into a queue that any thread may drain, in order.
#pragma once

#include <openssl/evp.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/decoder.hpp"
#include "scanner/source/blob.hpp"
#include "stratascan/error.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan::layer {

using source::Chunk;
using source::ChunkPool;

/// The blob's digest over chunks that arrive in order.
class BlobHasher {
public:
    /// "sha256" or "sha512"; others are refused by the image source.
    explicit BlobHasher(std::string_view algorithm);

    /// Called by the reading thread. When many chunks wait, it hashes itself.
    void push(std::shared_ptr<const Chunk> chunk);
    /// Hashes what waits, unless another thread is at it. Any thread.
    void drain();
    /// Hashes the rest; "sha256:…". Call once, at the end.
    [[nodiscard]] std::string finish();
    [[nodiscard]] std::uint64_t nanoseconds() const noexcept { return nanoseconds_; }

private:
    void drain_locked();

    std::string algorithm_;
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
    std::mutex queue_mutex_, hash_mutex_;
    std::deque<std::shared_ptr<const Chunk>> queue_;
    std::atomic<std::uint64_t> nanoseconds_ = 0;
};

struct BlobStreamOptions {
    DecoderMemory memory;
    GzipEngine gzip = GzipEngine::fastest;
    std::uint64_t output_limit = std::uint64_t{1} << 40;
    std::uint64_t ratio_limit = 2000;
    std::string digest_algorithm = "sha256";
    /// Gets the container's bytes that are in no file, in order; an empty piece ends each
    /// field. Empty: the first mebibyte is kept in side_bytes().
    std::function<void(std::string_view)> side;
};

/// Reads and decodes one blob. One thread at a time, except drain_hash().
class BlobStream {
public:
    BlobStream(std::unique_ptr<source::BlobReader> reader, const BlobStreamOptions& options,
               Progress* progress);

    /// Fills `out` as far as the stream goes; less than its size only at the
    /// end. Damage in the compression ends the stream: see damage().
    [[nodiscard]] std::size_t fill(std::span<char> out);

    void drain_hash() { hasher_.drain(); }

    /// Reads what is left of the blob and gives its digest. An Error when the
    /// blob could not be read to its end.
    [[nodiscard]] Result<std::string> finish();

    [[nodiscard]] const std::optional<Error>& damage() const noexcept { return damage_; }
    /// The damage is that the decoder asked for more memory than it was given.
    [[nodiscard]] bool over_memory() const noexcept { return over_memory_; }
    [[nodiscard]] Compression compression() const noexcept { return compression_; }
    [[nodiscard]] std::uint64_t blob_bytes() const noexcept { return blob_bytes_; }
    [[nodiscard]] std::uint64_t stream_bytes() const noexcept { return stream_bytes_; }
    /// Bytes of the container that are in no file, as far as they were kept.
    [[nodiscard]] const std::string& side_bytes() const noexcept { return side_; }
    [[nodiscard]] std::uint64_t side_bytes_dropped() const noexcept { return side_dropped_; }
    /// Bytes behind the last member that are not zero padding.
    [[nodiscard]] std::uint64_t trailing_bytes() const noexcept { return trailing_; }
    [[nodiscard]] std::uint64_t read_ns() const noexcept { return read_ns_; }
    [[nodiscard]] std::uint64_t decode_ns() const noexcept { return decode_ns_; }
    [[nodiscard]] std::uint64_t hash_ns() const noexcept { return hasher_.nanoseconds(); }
    [[nodiscard]] std::string_view decoder_name() const noexcept;

private:
    bool read_chunk();
    void keep_side(std::string_view bytes);
    void take_trailing(std::string_view bytes);
    bool over_limit();

    std::unique_ptr<source::BlobReader> reader_;
    BlobStreamOptions options_;
    Progress* progress_;
    BlobHasher hasher_;
    std::unique_ptr<Decoder> decoder_;
    Compression compression_ = Compression::none;
    std::shared_ptr<ChunkPool> chunks_;
    std::shared_ptr<Chunk> chunk_;
    std::string_view input_;  // of chunk_, not yet decoded
    bool input_ended_ = false;
    bool stream_ended_ = false;
    bool over_memory_ = false;
    std::optional<Error> damage_, read_error_;
    std::uint64_t blob_bytes_ = 0, stream_bytes_ = 0, trailing_ = 0;
    std::string side_;
    std::uint64_t side_dropped_ = 0;
    std::uint64_t read_ns_ = 0, decode_ns_ = 0;
};

}  // namespace stratascan::layer
