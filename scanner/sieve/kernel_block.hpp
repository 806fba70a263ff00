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

/// A bit a byte, a number a block.
template <std::size_t more>
using Bits = std::array<std::uint64_t, chunk_blocks + more>;

/// Masks of a chunk and of what is looked at behind it.
struct Chunk {
    alignas(64) Bits<near_blocks + 8> tokens, digits, prints;
    alignas(64) Bits<near_blocks + 8> runs;  ///< where `run_bytes` token bytes begin
    alignas(64) Bits<near_blocks + 8> told;  ///< telling places
    alignas(64) Bits<8> near;                ///< not 0: a telling place is near
    alignas(64) Bits<8> keys;                ///< where a needle's key may begin
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
