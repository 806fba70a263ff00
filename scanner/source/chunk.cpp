#include "scanner/source/chunk.hpp"

namespace stratascan::source {

std::shared_ptr<Chunk> ChunkPool::take() {
    std::unique_ptr<char[]> memory;
    {
        const std::scoped_lock lock(mutex_);
        if (free_.capacity() == 0) free_.reserve(kept);
        if (!free_.empty()) {
            memory = std::move(free_.back());
            free_.pop_back();
        }
    }
    if (!memory) memory = std::make_unique_for_overwrite<char[]>(Chunk::headroom + Chunk::capacity);
    auto chunk = std::make_unique<Chunk>();
    chunk->memory = std::move(memory);
    return {chunk.release(), [pool = shared_from_this()](Chunk* one) {
                pool->give_back(std::move(one->memory));
                delete one;
            }};
}

void ChunkPool::give_back(std::unique_ptr<char[]> memory) noexcept {
    const std::scoped_lock lock(mutex_);
    if (free_.size() < kept) free_.push_back(std::move(memory));
}

}  // namespace stratascan::source
