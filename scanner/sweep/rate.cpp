#include "scanner/sweep/rate.hpp"

#include <algorithm>

namespace stratascan::sweep {

bool Rate::pass(std::uint64_t bytes, const std::stop_token& stop) {
    if (bytes_a_second_ == 0) return !stop.stop_requested();
    using Clock = std::chrono::steady_clock;
    std::unique_lock lock(mutex_);
    const auto mine = std::max(free_at_, Clock::now());
    free_at_ = mine + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                          static_cast<double>(bytes) / static_cast<double>(bytes_a_second_)));
    never_.wait_until(lock, stop, mine, [&] { return Clock::now() >= mine; });
    return !stop.stop_requested();
}

std::size_t Rate::portion(std::size_t bytes) const noexcept {
    if (bytes_a_second_ == 0) return bytes;
    return static_cast<std::size_t>(
        std::clamp<std::uint64_t>(bytes_a_second_ / 10, 1, std::max<std::size_t>(1, bytes)));
}

Error MeteredReader::failed(Error error) {
    failure_ = error.code;
    ended_ = error;
    return error;
}

/// A chunk at a limited rate: as many bytes at once as a tenth of a second has.
Result<std::shared_ptr<source::Chunk>> MeteredReader::in_portions(source::ChunkPool& pool) {
    std::shared_ptr<source::Chunk> chunk = pool.take();
    while (!chunk->room().empty()) {
        const auto part = chunk->room().first(rate_.portion(chunk->room().size()));
        const auto got = blob_->read(part);
        if (!got) {
            const Error error = failed(got.error());
            if (chunk->size > 0) return chunk;
            return std::unexpected(error);
        }
        chunk->size += *got;
        if (!rate_.pass(*got, stop_)) {
            return std::unexpected(failed({ErrorCode::cancelled, "stopped before its end", {}, {}}));
        }
        if (*got < part.size()) break;
    }
    if (chunk->size == 0) return nullptr;
    return chunk;
}

Result<std::shared_ptr<source::Chunk>> MeteredReader::read_on(source::ChunkPool& pool) {
    if (ended_) return std::unexpected(*ended_);
    if (rate_.limited()) return in_portions(pool);
    auto chunk = blob_->read_chunk(pool);
    if (!chunk) return std::unexpected(failed(chunk.error()));
    if (stop_.stop_requested()) {
        return std::unexpected(failed({ErrorCode::cancelled, "stopped before its end", {}, {}}));
    }
    return chunk;
}

void MeteredReader::read_ahead(std::size_t bytes) {
    const auto pool = std::make_shared<source::ChunkPool>();
    std::size_t done = 0;
    while (done < bytes) {
        auto chunk = read_on(*pool);
        if (!chunk) return;
        if (*chunk) done += (*chunk)->size;
        ahead_.push_back(std::move(*chunk));
        if (!ahead_.back()) return;
    }
}

Result<std::shared_ptr<source::Chunk>> MeteredReader::read_chunk(source::ChunkPool& pool) {
    if (ahead_.empty()) return read_on(pool);
    auto chunk = std::move(ahead_.front());
    // The end is told as often as it is asked for.
    if (chunk) ahead_.pop_front();
    return chunk;
}

}  // namespace stratascan::sweep
