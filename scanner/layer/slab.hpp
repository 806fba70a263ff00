// Slabs are the only memory that content ever lies in. They are made once and
// go round: a layer of any size passes through a handful of them, and the count
// is what holds a fast decoder back.
//
// A slab has a headroom in front of its payload. The tail of the stream that
// came before is copied there, so that each window of the stream is one
// contiguous run that begins early enough for any match that ends in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace stratascan::layer {

inline constexpr std::size_t slab_headroom = 32 << 10;
inline constexpr std::size_t slab_payload = 1 << 20;  // a multiple of 512
/// Readable bytes behind the payload, for vector loads that run over its end.
inline constexpr std::size_t slab_tail = 128;

/// One buffer; lives in a pool and returns there.
struct Slab {
    char* memory = nullptr;  // headroom, payload, tail

    [[nodiscard]] char* payload() noexcept { return memory + slab_headroom; }
    [[nodiscard]] const char* payload() const noexcept { return memory + slab_headroom; }
};

class SlabPool;

struct SlabReturn {
    SlabPool* pool = nullptr;
    void operator()(Slab* slab) const noexcept;
};
using SlabRef = std::unique_ptr<Slab, SlabReturn>;

/// A store of slabs. Thread-safe. Never blocks: whoever may hold how many is
/// settled by the pipeline's tokens, so a pool grows past `expected` only where
/// one tar header spans slabs (bounded by libarchive's header limit), and
/// `made()` tells the tests.
class SlabPool {
public:
    explicit SlabPool(std::size_t expected);
    ~SlabPool();
    SlabPool(const SlabPool&) = delete;
    SlabPool& operator=(const SlabPool&) = delete;

    [[nodiscard]] SlabRef acquire();
    [[nodiscard]] std::size_t made() const;

private:
    friend struct SlabReturn;
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<Slab>> all_;
    std::vector<Slab*> free_;
};

}  // namespace stratascan::layer
