#include "scanner/registry/blob_buffer.hpp"

#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cstring>

namespace stratascan::registry {

namespace tbb = oneapi::tbb;

namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool may_suspend = false;  // ThreadSanitizer does not know oneTBB's stacks
#else
constexpr bool may_suspend = true;
#endif

/// Whether this thread works in an arena, so that there is something else for it.
bool in_arena() noexcept {
    return tbb::this_task_arena::current_thread_index() != tbb::task_arena::not_initialized;
}

}  // namespace

BlobBuffer::BlobBuffer(std::size_t bytes)
    : capacity_(bytes), memory_(std::make_unique_for_overwrite<std::byte[]>(bytes)) {}

/// A reader is woken for a worthwhile run, not for each packet.
bool BlobBuffer::worth_waking() const noexcept {
    return closed_ || abandoned_ || count_ >= std::min(wanted_, capacity_ / 2);
}

void BlobBuffer::wake(std::unique_lock<std::mutex>& lock) {
    if (!worth_waking()) return;
    if (suspended_) {
        suspended_ = false;
        const auto point = point_;
        lock.unlock();
        tbb::task::resume(point);
        return;
    }
    lock.unlock();
    changed_.notify_all();
}

bool BlobBuffer::put(std::span<const std::byte> bytes) {
    std::unique_lock lock(mutex_);
    if (abandoned_) return true;
    if (bytes.size() > capacity_ - count_) {
        turned_away_ = true;
        // Whatever little is there has to do, or both would wait.
        wanted_ = std::min<std::size_t>(wanted_, 1);
        wake(lock);
        return false;
    }
    std::size_t at = (first_ + count_) % capacity_;
    for (std::span<const std::byte> rest = bytes; !rest.empty();) {
        const std::size_t part = std::min(rest.size(), capacity_ - at);
        std::memcpy(memory_.get() + at, rest.data(), part);
        rest = rest.subspan(part);
        at = (at + part) % capacity_;
    }
    count_ += bytes.size();
    wake(lock);
    return true;
}

void BlobBuffer::close(std::optional<Error> error) {
    std::unique_lock lock(mutex_);
    closed_ = true;
    error_ = std::move(error);
    wake(lock);
}

bool BlobBuffer::has_plenty() const {
    const std::scoped_lock lock(mutex_);
    return !abandoned_ && count_ >= capacity_ / 4;
}

void BlobBuffer::abandon() {
    std::unique_lock lock(mutex_);
    abandoned_ = true;
    wake(lock);
}

bool BlobBuffer::abandoned() {
    const std::scoped_lock lock(mutex_);
    return abandoned_;
}

void BlobBuffer::wait_for_bytes(std::unique_lock<std::mutex>& lock) {
    const auto ready = [&] { return count_ > 0 || closed_ || abandoned_; };
    if (ready()) return;
    if (!may_suspend || !in_arena()) {
        changed_.wait(lock, ready);
        return;
    }
    lock.unlock();
    // The thread that comes back may be another one: nothing of a thread's own is
    // kept across this.
    tbb::task::suspend([this, &ready](tbb::task::suspend_point point) {
        std::unique_lock inner(mutex_);
        if (!ready()) {
            point_ = point;
            suspended_ = true;
            return;
        }
        inner.unlock();
        tbb::task::resume(point);
    });
    lock.lock();
}

Result<BlobBuffer::Got> BlobBuffer::take(std::span<std::byte> out) {
    std::unique_lock lock(mutex_);
    wanted_ = out.size();
    if (turned_away_) wanted_ = 1;
    wait_for_bytes(lock);
    Got got;
    while (got.bytes < out.size() && count_ > 0) {
        const std::size_t part =
            std::min({out.size() - got.bytes, count_, capacity_ - first_});
        std::memcpy(out.data() + got.bytes, memory_.get() + first_, part);
        got.bytes += part;
        first_ = (first_ + part) % capacity_;
        count_ -= part;
    }
    if (got.bytes == 0 && error_) return std::unexpected(*error_);
    // The writer comes back for half a buffer of room, or when all is taken.
    if (turned_away_ && count_ <= capacity_ / 2) {
        turned_away_ = false;
        got.was_full = true;
    }
    return got;
}

}  // namespace stratascan::registry
