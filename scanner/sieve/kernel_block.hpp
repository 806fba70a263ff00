// What the kernels share: what a chunk of text is, 64 bytes a number, and places
// out of bits.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "scanner/sieve/kernel.hpp"

namespace stratascan::sieve {

inline constexpr std::size_t chunk_blocks = kernel_chunk / 64;
/// Blocks behind a block in which what stands near it may be.
inline constexpr std::size_t near_blocks = near_bytes / 64;

/// A bit a byte, a number a block: of a chunk, the block before it, and those
/// behind it that are looked at.
class ChunkBits {
public:
    std::uint64_t* data() noexcept { return bits_.data() + before; }
    std::uint64_t& operator[](std::ptrdiff_t block) noexcept { return data()[block]; }

private:
    static constexpr std::size_t before = 8;
    alignas(64) std::array<std::uint64_t, before + chunk_blocks + near_blocks + 16> bits_;
};

/// Masks of a chunk and of what is looked at behind it.
struct Chunk {
    ChunkBits tokens, digits, prints;
    /// Of what may be encoded; the last three only of bytes that are what is said.
    ChunkBits marks, zeros, texts, base64;
    ChunkBits runs;     ///< where `run_bytes` token bytes begin
    ChunkBits middles;  ///< of long runs
    ChunkBits told;     ///< telling digits
    ChunkBits near;     ///< not 0: what is asked about is near
    ChunkBits keys;     ///< where a needle's key may begin
    alignas(64) std::array<std::uint64_t, chunk_blocks + 16> listed;  ///< numbers of blocks
};

/// Appends those of the places base + i, for each bit i, of all blocks' bits.
inline std::size_t list_places(const std::uint64_t* bits, std::size_t blocks, std::size_t from,
                               std::uint32_t* places) noexcept {
    std::size_t count = 0;
    for (std::size_t block = 0; block < blocks; ++block) {
        std::uint64_t left = bits[block];
        const std::size_t base = from + block * 64;
        const auto held = static_cast<unsigned>(std::popcount(left));
        // Four are written whether or not there are as many: most blocks have
        // fewer, and the processor need not guess.
        for (unsigned i = 0; i < 4; ++i) {
            places[count + i] = static_cast<std::uint32_t>(base) +
                                static_cast<std::uint32_t>(std::countr_zero(left));
            left &= left - 1;
        }
        for (unsigned i = 4; i < held; ++i) {
            places[count + i] = static_cast<std::uint32_t>(base) +
                                static_cast<std::uint32_t>(std::countr_zero(left));
            left &= left - 1;
        }
        count += held;
    }
    return count;
}

/// Keeps the places where `keys` knows the bytes.
inline std::size_t keep_keys(const KeyMap& keys, const char* text, std::uint32_t* places,
                             std::size_t count) noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t place = places[i];
        std::uint64_t bytes = 0;
        std::memcpy(&bytes, text + place, sizeof bytes);
        places[kept] = place;
        kept += keys.has(folded(bytes));
    }
    return kept;
}

}  // namespace stratascan::sieve
