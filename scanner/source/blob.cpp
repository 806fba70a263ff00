#include "scanner/source/blob.hpp"

#include <algorithm>
#include <cstring>

namespace stratascan::source {

Result<std::shared_ptr<Chunk>> BlobReader::read_chunk(ChunkPool& pool) {
    std::shared_ptr<Chunk> chunk = pool.take();
    const auto got = read(chunk->room());
    if (!got) return std::unexpected(got.error());
    if (*got == 0) return nullptr;
    chunk->size = *got;
    return chunk;
}

Result<std::size_t> ChunkedReader::read(std::span<std::byte> out) {
    if (ended_) return std::unexpected(*ended_);
    if (!pool_) pool_ = std::make_shared<ChunkPool>();
    std::size_t done = 0;
    while (done < out.size()) {
        if (!chunk_ || taken_ == chunk_->size) {
            auto next = read_chunk(*pool_);
            if (!next) {
                // What came before the error is handed on first.
                ended_ = next.error();
                if (done > 0) return done;
                return std::unexpected(*ended_);
            }
            chunk_ = std::move(*next);
            taken_ = 0;
            if (!chunk_) break;
        }
        const auto part = chunk_->bytes().subspan(
            taken_, std::min(out.size() - done, chunk_->size - taken_));
        std::memcpy(out.data() + done, part.data(), part.size());
        taken_ += part.size();
        done += part.size();
    }
    return done;
}

}  // namespace stratascan::source
