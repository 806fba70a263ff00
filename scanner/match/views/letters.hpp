// Kinds of the characters of base64, and how far a run of them goes. Where the processor has
// vectors of 16 bytes a run is looked at so: most are names and paths of some 40 characters,
// and text is full of them.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace stratascan::views {

enum Letter : std::uint8_t { none = 0, upper = 1, lower = 2, digit = 4, sign = 8, hex = 16 };

/// Those of base64, in both alphabets.
inline constexpr std::uint8_t any_letter = upper | lower | digit | sign;

inline constexpr std::array<std::uint8_t, 256> letters = [] {
    std::array<std::uint8_t, 256> kinds{};
    for (unsigned c = 'A'; c <= 'Z'; ++c) kinds[c] = c <= 'F' ? upper | hex : upper;
    for (unsigned c = 'a'; c <= 'z'; ++c) kinds[c] = c <= 'f' ? lower | hex : lower;
    for (unsigned c = '0'; c <= '9'; ++c) kinds[c] = digit | hex;
    for (const char c : {'+', '/', '-', '_'}) kinds[static_cast<unsigned char>(c)] = sign;
    return kinds;
}();

/// REQUIRES: at < text.size().
[[nodiscard]] constexpr std::uint8_t letter_at(std::string_view text, std::size_t at) noexcept {
    return letters[static_cast<unsigned char>(text[at])];
}

#if defined(__SSE2__)

// What each byte of a block is, as comparisons say it.
struct LetterBlock {
    static constexpr std::size_t bytes = 16;

    explicit LetterBlock(const char* from) noexcept {
        __m128i block;
        __builtin_memcpy(&block, from, sizeof(block));
        upper = within(block, 'A', 'Z');
        lower = within(block, 'a', 'z');
        digit = within(block, '0', '9');
        const auto is = [&](char one) { return _mm_cmpeq_epi8(block, _mm_set1_epi8(one)); };
        sign = _mm_or_si128(_mm_or_si128(is('+'), is('/')), _mm_or_si128(is('-'), is('_')));
    }

    /// A bit for each byte that is of some kind, the first in the lowest.
    [[nodiscard]] std::uint16_t any() const noexcept {
        const __m128i found = _mm_or_si128(_mm_or_si128(upper, lower), _mm_or_si128(digit, sign));
        return static_cast<std::uint16_t>(_mm_movemask_epi8(found));
    }

    static __m128i within(__m128i block, char first, char last) noexcept {
        const __m128i above = _mm_sub_epi8(block, _mm_set1_epi8(first));
        const __m128i most = _mm_set1_epi8(static_cast<char>(last - first));
        return _mm_cmpeq_epi8(_mm_min_epu8(above, most), above);
    }

    __m128i upper, lower, digit, sign;
};

#endif

/// Where what is of these kinds ends, from `at` on.
[[nodiscard]] inline std::size_t run_end(std::string_view text, std::size_t at,
                                         std::uint8_t kinds) noexcept {
#if defined(__SSE2__)
    while (kinds == any_letter && text.size() - at >= LetterBlock::bytes) {
        const std::uint16_t any = LetterBlock(text.data() + at).any();
        if (any != 0xffff) return at + static_cast<std::size_t>(std::countr_one(any));
        at += LetterBlock::bytes;
    }
#endif
    while (at < text.size() && (letter_at(text, at) & kinds) != 0) ++at;
    return at;
}

/// Where the characters of base64 begin that end at `at`, but not in front of `least`.
[[nodiscard]] inline std::size_t run_begin(std::string_view text, std::size_t at,
                                           std::size_t least) noexcept {
#if defined(__SSE2__)
    while (at - least >= LetterBlock::bytes) {
        const std::uint16_t any = LetterBlock(text.data() + at - LetterBlock::bytes).any();
        if (any != 0xffff) return at - static_cast<std::size_t>(std::countl_one(any));
        at -= LetterBlock::bytes;
    }
#endif
    while (at > least && letter_at(text, at - 1) != 0) --at;
    return at;
}

/// Which of upper, lower, digit and sign are in a run; hex is not told.
[[nodiscard]] inline std::uint8_t kinds_in(std::string_view run) noexcept {
    std::uint8_t seen = none;
#if defined(__SSE2__)
    if (run.size() >= LetterBlock::bytes) {
        LetterBlock all(run.data());
        // The last is looked at with some that were.
        for (std::size_t at = LetterBlock::bytes; at < run.size(); at += LetterBlock::bytes) {
            const LetterBlock block(run.data() + std::min(at, run.size() - LetterBlock::bytes));
            all.upper = _mm_or_si128(all.upper, block.upper);
            all.lower = _mm_or_si128(all.lower, block.lower);
            all.digit = _mm_or_si128(all.digit, block.digit);
            all.sign = _mm_or_si128(all.sign, block.sign);
        }
        const auto kind = [](__m128i found, Letter is) {
            return _mm_movemask_epi8(found) != 0 ? is : none;
        };
        return static_cast<std::uint8_t>(kind(all.upper, upper) | kind(all.lower, lower) |
                                         kind(all.digit, digit) | kind(all.sign, sign));
    }
#endif
    for (const char c : run) seen |= letters[static_cast<unsigned char>(c)];
    return seen & any_letter;
}

}  // namespace stratascan::views
