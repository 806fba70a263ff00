#include "scanner/layer/slab.hpp"

#include <sys/mman.h>

#include <new>

namespace stratascan::layer {

namespace {

constexpr std::size_t slab_bytes = slab_headroom + slab_payload + slab_tail;

// mmap and not new: the pages are not zeroed by us, are aligned, and go back to
// the system whole when the pool dies.
char* map_slab() {
    void* memory = ::mmap(nullptr, slab_bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    // Whatever an image holds passes through here.
    ::madvise(memory, slab_bytes, MADV_DONTDUMP);
    return static_cast<char*>(memory);
}

}  // namespace

void SlabReturn::operator()(Slab* slab) const noexcept {
    const std::scoped_lock lock(pool->mutex_);
    pool->free_.push_back(slab);
}

SlabPool::SlabPool(std::size_t expected) {
    all_.reserve(expected * 2);
    free_.reserve(expected * 2);
}

SlabPool::~SlabPool() {
    for (const auto& slab : all_) ::munmap(slab->memory, slab_bytes);
}

SlabRef SlabPool::acquire() {
    const std::scoped_lock lock(mutex_);
    if (free_.empty()) {
        auto slab = std::make_unique<Slab>();
        slab->memory = map_slab();
        // Room for every slab in the free list is made here, so that giving one
        // back can't fail.
        free_.reserve(all_.size() + 1);
        all_.push_back(std::move(slab));
        return SlabRef(all_.back().get(), SlabReturn{this});
    }
    Slab* slab = free_.back();
    free_.pop_back();
    return SlabRef(slab, SlabReturn{this});
}

std::size_t SlabPool::made() const {
    const std::scoped_lock lock(mutex_);
    return all_.size();
}

}  // namespace stratascan::layer
