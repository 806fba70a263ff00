// What stands inside containers, one member behind the other, as one more stream
// of windows, so that all that is done with a layer's own stream is done with it.
// There is a stream for each number of decoders that bytes have passed through:
// what one decoder reads is in one stream, what it makes is in the next, and each
// stays in one piece.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>

#include "scanner/layer/slab.hpp"
#include "scanner/layer/window.hpp"
#include "scanner/layer/window_builder.hpp"

namespace stratascan::nested {

/// One thread at a time. Bytes given are copied at once.
class InnerStream {
public:
    /// Windows go into `ready` as they fill.
    InnerStream(layer::SlabPool& pool, std::uint32_t number, std::deque<layer::Window>& ready)
        : pool_(pool), number_(number), ready_(ready) {}

    /// What is added from here on is the member's, or nobody's. Gives its ordinal.
    std::uint32_t begin_member(layer::Member member, std::string_view header);
    /// REQUIRES: `member` is the newest one.
    void add_contents(std::uint32_t member, std::uint64_t offset, std::string_view bytes);
    void add_aside(std::string_view bytes);

    /// The last window; nothing may be added after it.
    void finish();

private:
    void add(layer::Piece piece, bool owned, std::string_view bytes);

    layer::SlabPool& pool_;
    std::uint32_t number_;
    std::deque<layer::Window>& ready_;
    layer::FilledSlab slab_;  // being filled
    layer::WindowBuilder builder_;
    std::uint64_t newest_begin_ = 0;
};

}  // namespace stratascan::nested
