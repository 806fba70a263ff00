#include "scanner/layer/blob_digest.hpp"

#include "scanner/layer/blob_stream.hpp"

namespace stratascan::layer {

Result<std::string> digest_of(Result<std::unique_ptr<source::BlobReader>> blob,
                              const std::string& algorithm, Progress* progress) {
    if (!blob) return std::unexpected(blob.error());
    BlobHasher hasher(algorithm);
    for (;;) {
        auto chunk = std::make_shared<Chunk>();
        chunk->memory = std::make_unique_for_overwrite<char[]>(Chunk::headroom + Chunk::capacity);
        const auto size = (*blob)->read(std::as_writable_bytes(
            std::span<char>(chunk->memory.get() + Chunk::headroom, Chunk::capacity)));
        if (!size) return std::unexpected(size.error());
        chunk->size = *size;
        if (progress != nullptr) progress->bytes_read(*size);
        hasher.push(std::move(chunk));
        hasher.drain();
        if (*size < Chunk::capacity) return hasher.finish();
    }
}

}  // namespace stratascan::layer
