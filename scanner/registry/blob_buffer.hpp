// Between the thread that receives a blob and the one that scans it: a few chunks.
// When they are full the transfer rests; when there is none the scan of this blob
// rests, and its thread scans something else (oneapi::tbb::task::suspend). The bytes
// are put where the decoder reads them, and not copied again.
#pragma once

#include <oneapi/tbb/task.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "scanner/source/chunk.hpp"
#include "stratascan/error.hpp"

namespace stratascan::registry {

/// One thread writes and one reads, at a time.
class BlobBuffer {
public:
    /// Room for `bytes`, in whole chunks, and for what comes before the writer rests.
    explicit BlobBuffer(std::size_t bytes);

    enum class Room : std::uint8_t { some, none };
    /// Takes all of `bytes`. `none`: the writer must rest until take() says that there is
    /// room again; what it gives before is kept all the same.
    [[nodiscard]] Room put(std::span<const std::byte> bytes);
    /// Nothing more comes; with an error: because of that.
    void close(std::optional<Error> error);

    struct Got {
        std::shared_ptr<source::Chunk> chunk;  ///< null: the end
        bool was_full = false;                 ///< the writer rests, and there is room now
    };
    /// A full chunk, or the last one; waits while there is none. In a task of oneTBB the
    /// thread is free meanwhile.
    [[nodiscard]] Result<Got> take();

    /// A quarter of the buffer waits for the reader, which has not asked for more.
    [[nodiscard]] bool has_plenty() const;

    /// From the reader: what comes is thrown away, and nobody waits.
    void abandon();
    [[nodiscard]] bool abandoned() const noexcept { return abandoned_; }

private:
    void wait_for_chunk(std::unique_lock<std::mutex>& lock);
    void wake(std::unique_lock<std::mutex>& lock);
    [[nodiscard]] bool ready() const noexcept {
        return closed_ || abandoned_ || !chunks_.empty();
    }

    const std::size_t capacity_;  ///< in chunks
    const std::shared_ptr<source::ChunkPool> pool_;
    std::shared_ptr<source::Chunk> filling_;  ///< the writer's
    std::atomic<bool> abandoned_ = false;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::shared_ptr<source::Chunk>> chunks_;
    bool closed_ = false, resting_ = false;
    bool suspended_ = false;
    oneapi::tbb::task::suspend_point point_ = nullptr;
    std::optional<Error> error_;
};

}  // namespace stratascan::registry
