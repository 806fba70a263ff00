// The passes over a chunk, for any kind of vectors; see byte_hints.hpp. Each
// kernel includes this where its processor's instructions are switched on.
#pragma once

#include "scanner/match/views/byte_hints.hpp"

namespace stratascan::views {

/// What a byte may be.
enum ByteKind : std::uint8_t {
    token_byte = 1,       ///< of base64, in either alphabet
    hex_byte = 2,
    percent_byte = 4,
    backslash_byte = 8,
    ampersand_byte = 16,
    escaped_byte = 32,    ///< behind a backslash it stands for another
    zero_byte = 64,
    text_byte = 128,      ///< printable, a tab, a line's end
};

inline constexpr std::array<std::uint8_t, 128> byte_kinds = [] {
    std::array<std::uint8_t, 128> kinds{};
    const auto mark = [&](char c, unsigned kind) {
        auto& held = kinds[static_cast<unsigned char>(c)];
        held = static_cast<std::uint8_t>(held | kind);
    };
    for (char c = 'a'; c <= 'z'; ++c) mark(c, token_byte);
    for (char c = 'A'; c <= 'Z'; ++c) mark(c, token_byte);
    for (char c = '0'; c <= '9'; ++c) mark(c, token_byte | hex_byte);
    for (char c = 'a'; c <= 'f'; ++c) mark(c, hex_byte);
    for (char c = 'A'; c <= 'F'; ++c) mark(c, hex_byte);
    for (const char c : {'+', '/', '-', '_'}) mark(c, token_byte);
    for (const char c : {'n', 'r', 't', '"', '\'', '/', '\\', 'u', 'x', 'b', 'f', 'U', '0', '1',
                         '2', '3', '4', '5', '6', '7'}) {
        mark(c, escaped_byte);
    }
    mark('%', percent_byte);
    mark('\\', backslash_byte);
    mark('&', ampersand_byte);
    mark('\0', zero_byte);
    for (int c = ' '; c <= '~'; ++c) mark(static_cast<char>(c), text_byte);
    for (const char c : {'\t', '\n', '\r'}) mark(c, text_byte);
    return kinds;
}();

/// Masks of one chunk and the two blocks behind it.
struct KindBits {
    using Bits = Hints::Bits;
    alignas(64) Bits tokens, hex, percents, backslashes, ampersands, escaped, zeros, texts;
    alignas(64) Bits numbers;  ///< `x`, `u`, `U`, `#`
    alignas(64) Bits assigns;  ///< `=`, `:`
};

// Always part of the kernel that calls it: one copy that all kernels share would
// have the instructions of one of them.
[[gnu::always_inline]] inline std::uint64_t ahead(const Hints::Bits& bits, std::size_t block, unsigned by) noexcept {
    return (bits[block] >> by) | (bits[block + 1] << (64 - by));
}

[[gnu::always_inline]] inline void hints_of(const KindBits& kinds, std::size_t blocks, Hints& hints) noexcept {
    static_assert(least_run == 24 && least_units == 15);
    std::uint64_t any_zero = 0;
    for (std::size_t i = 0; i < blocks; ++i) {
        std::uint64_t run = kinds.tokens[i], next = kinds.tokens[i + 1];
        run &= (run >> 1) | (next << 63);
        next &= next >> 1;
        run &= (run >> 2) | (next << 62);
        next &= next >> 2;
        run &= (run >> 4) | (next << 60);
        next &= next >> 4;  // from here on the last bits of `next` may be wrong, and unused
        const std::uint64_t run16 = run & ((run >> 8) | (next << 56));
        const std::uint64_t next16 = next & (next >> 8);
        hints.runs[i] = run16 & ((run >> 16) | (next << 48));
        const std::uint64_t number = ahead(kinds.numbers, i, 1);
        const std::uint64_t hex2 = ahead(kinds.hex, i, 1) & ahead(kinds.hex, i, 2);
        const std::uint64_t escapes = kinds.backslashes[i] & ahead(kinds.escaped, i, 1);
        // A name behind an escape: adding a bit to a run carries it to the run's end.
        // One that ends in another block may be followed by anything.
        const std::uint64_t behind = ahead(kinds.tokens, i, 2);
        const std::uint64_t carried = behind + (escapes & behind);
        const std::uint64_t over = carried < behind ? ~std::uint64_t{0} : 0;
        const std::uint64_t ends = carried & ~behind & ahead(kinds.assigns, i, 2);
        const std::uint64_t named = over | (ends != 0 ? ~std::uint64_t{0} : 0);
        hints.marks[i] =
            (kinds.percents[i] & hex2) |
            (escapes & ((run16 >> 2) | (next16 << 62) | number |
                        (hex2 & ahead(kinds.hex, i, 3)) | named)) |
            (kinds.ampersands[i] &
             ((ahead(kinds.tokens, i, 1) & ahead(kinds.tokens, i, 2)) | number));
        any_zero |= kinds.zeros[i];
    }
    if (any_zero == 0) {
        hints.pairs.fill(0);
        return;
    }
    for (std::size_t i = 0; i < blocks; ++i) {
        std::uint64_t pair = kinds.texts[i] & ahead(kinds.zeros, i, 1);
        std::uint64_t next = kinds.texts[i + 1] & ahead(kinds.zeros, i + 1, 1);
        pair &= (pair >> 2) | (next << 62);
        next &= next >> 2;
        pair &= (pair >> 4) | (next << 60);
        next &= next >> 4;
        pair &= (pair >> 8) | (next << 56);
        next &= next >> 8;
        // Eight and eight, of which one is in both.
        hints.pairs[i] = pair & ((pair >> 14) | (next << 50));
    }
}

}  // namespace stratascan::views
