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

/// Blobs follow each other: the memory that one was received in is there for the next.
const std::shared_ptr<source::ChunkPool>& chunks_of_all() {
    static const auto pool = std::make_shared<source::ChunkPool>();
    return pool;
}

}  // namespace

BlobBuffer::BlobBuffer(std::size_t bytes)
    : capacity_(std::max<std::size_t>(
          1, (bytes + source::Chunk::capacity - 1) / source::Chunk::capacity)),
      pool_(chunks_of_all()) {}

void BlobBuffer::wake(std::unique_lock<std::mutex>& lock) {
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

/// The lock is taken once a chunk, not once a packet, and a reader is woken as often.
BlobBuffer::Room BlobBuffer::put(std::span<const std::byte> bytes) {
    Room room = Room::some;
    while (!bytes.empty() && !abandoned_) {
        if (!filling_) filling_ = pool_->take();
        const auto out = filling_->room();
        const std::size_t part = std::min(bytes.size(), out.size());
        std::memcpy(out.data(), bytes.data(), part);
        filling_->size += part;
        bytes = bytes.subspan(part);
        if (part < out.size()) break;
        std::unique_lock lock(mutex_);
        chunks_.push_back(std::move(filling_));
        if (chunks_.size() >= capacity_ && !abandoned_) {
            resting_ = true;
            room = Room::none;
        }
        wake(lock);
    }
    return room;
}

void BlobBuffer::close(std::optional<Error> error) {
    std::unique_lock lock(mutex_);
    if (filling_) chunks_.push_back(std::move(filling_));
    closed_ = true;
    error_ = std::move(error);
    wake(lock);
}

bool BlobBuffer::has_plenty() const {
    const std::scoped_lock lock(mutex_);
    return !abandoned_ && chunks_.size() >= std::max<std::size_t>(1, capacity_ / 4);
}

void BlobBuffer::abandon() {
    std::unique_lock lock(mutex_);
    abandoned_ = true;
    chunks_.clear();
    wake(lock);
}

void BlobBuffer::wait_for_chunk(std::unique_lock<std::mutex>& lock) {
    if (ready()) return;
    if (!may_suspend || !in_arena()) {
        changed_.wait(lock, [this] { return ready(); });
        return;
    }
    lock.unlock();
    // The thread that comes back may be another one: nothing of a thread's own is
    // kept across this.
    tbb::task::suspend([this](tbb::task::suspend_point point) {
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

Result<BlobBuffer::Got> BlobBuffer::take() {
    std::unique_lock lock(mutex_);
    wait_for_chunk(lock);
    Got got;
    if (!chunks_.empty()) {
        got.chunk = std::move(chunks_.front());
        chunks_.pop_front();
    } else if (error_) {
        return std::unexpected(*error_);
    }
    // The writer comes back for half a buffer of room.
    if (resting_ && chunks_.size() <= capacity_ / 2) {
        resting_ = false;
        got.was_full = true;
    }
    return got;
}

}  // namespace stratascan::registry
