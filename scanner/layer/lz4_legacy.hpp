// lz4's first form (lz4_Frame_format.md, "Legacy frame"): what `lz4 -l` writes and a Linux kernel
// or its initial RAM disk is packed in. A magic, then blocks of 8 MiB unpacked, each with its size
// in front and none of them with a checksum; nothing says where it ends. The library only takes a
// block whole, which is more memory than a decoder gets; a block's own form (lz4_Block_format.md)
// needs no more than the last 64 KiB.
#pragma once

#include <string>

#include "scanner/layer/decoder.hpp"

namespace stratascan::layer {

/// The blocks of one frame, behind its magic. Leaves what is no block in `in`.
class Lz4Legacy {
public:
    static constexpr std::string_view magic = "\x02\x21\x4c\x18";

    void begin();
    /// As Decoder::step.
    [[nodiscard]] Result<Step> step(std::string_view& in, bool last, std::span<char>& out);

private:
    static constexpr std::size_t window_bytes = 64 << 10;
    /// What is read next. A sequence: a token, literals, and how far back to copy how much from.
    enum class State : std::uint8_t {
        size, token, literals_length, literals, distance_low, distance_high, copy_length, copy
    };

    /// False where there is no further block.
    Result<bool> begin_block(std::string_view& in, bool last);
    Result<void> take(unsigned byte);
    Result<void> begin_run(State state);
    void write_literals(std::string_view& in, std::span<char>& out);
    void write_copy(std::span<char>& out);

    State state_ = State::size;
    std::uint64_t left_ = 0;       // bytes of the block, as packed
    std::uint64_t made_ = 0;       // of the block
    std::uint64_t run_ = 0;        // literals to come, or bytes to copy
    unsigned copy_code_ = 0, distance_ = 0;
    std::string window_;           // what was made last, round and round
    std::size_t at_ = 0;           // where the next byte goes
};

}  // namespace stratascan::layer
