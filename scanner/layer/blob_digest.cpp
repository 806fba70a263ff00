#include "scanner/layer/blob_digest.hpp"

#include "scanner/layer/blob_stream.hpp"

namespace stratascan::layer {

Result<std::string> digest_of(Result<std::unique_ptr<source::BlobReader>> blob,
                              const std::string& algorithm, Progress* progress) {
    if (!blob) return std::unexpected(blob.error());
    BlobHasher hasher(algorithm);
    const auto pool = std::make_shared<ChunkPool>();
    for (;;) {
        auto chunk = (*blob)->read_chunk(*pool);
        if (!chunk) return std::unexpected(chunk.error());
        if (!*chunk) return hasher.finish();
        if (progress != nullptr) progress->bytes_read((*chunk)->size);
        hasher.push(std::move(*chunk));
        hasher.drain();
    }
}

}  // namespace stratascan::layer
