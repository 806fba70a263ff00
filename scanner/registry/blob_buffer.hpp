// Between the thread that receives a blob and the one that scans it: a run of
// bytes of bounded length. When it is full the transfer rests; when it is empty
// the scan of this blob rests, and its thread scans something else
// (oneapi::tbb::task::suspend).
#pragma once

#include <oneapi/tbb/task.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "stratascan/error.hpp"

namespace stratascan::registry {

/// One thread writes and one reads, at a time.
class BlobBuffer {
public:
    explicit BlobBuffer(std::size_t bytes);

    /// Takes all of `bytes`, or nothing where they have no room.
    [[nodiscard]] bool put(std::span<const std::byte> bytes);
    /// Nothing more comes; with an error: because of that.
    void close(std::optional<Error> error);

    struct Got {
        std::size_t bytes = 0;  ///< 0: the end
        bool was_full = false;  ///< the writer was turned away, and there is room now
    };
    /// Fills `out` as far as bytes are there; waits while there are none at all. In a
    /// task of oneTBB the thread is free meanwhile.
    [[nodiscard]] Result<Got> take(std::span<std::byte> out);

    /// A quarter of the buffer waits for the reader, and it wants them.
    [[nodiscard]] bool has_plenty() const;

    /// From the reader: what comes is thrown away, and nobody waits.
    void abandon();
    [[nodiscard]] bool abandoned();

    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

private:
    void wait_for_bytes(std::unique_lock<std::mutex>& lock);
    void wake(std::unique_lock<std::mutex>& lock);
    [[nodiscard]] bool worth_waking() const noexcept;

    const std::size_t capacity_;
    std::unique_ptr<std::byte[]> memory_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t first_ = 0, count_ = 0;  ///< what is kept of the ring
    std::size_t wanted_ = 0;             ///< by the reader who waits
    bool closed_ = false, abandoned_ = false, turned_away_ = false;
    bool suspended_ = false;
    oneapi::tbb::task::suspend_point point_ = nullptr;
    std::optional<Error> error_;
};

}  // namespace stratascan::registry
