#include "scanner/match/views/byte_hints.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vbmi,avx512vl,avx512dq"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vbmi,avx512vl,avx512dq")
#pragma GCC optimize("O3")
#endif

#include "scanner/match/views/hint_loop.hpp"

namespace stratascan::views {

void avx512_hints(const char* text, std::size_t blocks, Hints& hints);

void avx512_hints(const char* text, std::size_t blocks, Hints& hints) {
    KindBits bits;
    const __m512i low = _mm512_loadu_si512(byte_kinds.data());
    const __m512i high = _mm512_loadu_si512(byte_kinds.data() + 64);
    const auto has = [](__m512i kinds, unsigned kind) {
        return _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(static_cast<char>(kind)));
    };
    for (std::size_t i = 0; i < blocks + 2; ++i) {
        const __m512i bytes = _mm512_loadu_si512(text + i * 64);
        const __mmask64 ascii = ~_mm512_movepi8_mask(bytes);
        const __m512i kinds = _mm512_maskz_permutex2var_epi8(ascii, low, bytes, high);
        const auto is = [&bytes](char c) {
            return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(c));
        };
        bits.numbers[i] = is('x') | is('u') | is('U') | is('#');
        bits.assigns[i] = is('=') | is(':');
        bits.tokens[i] = has(kinds, token_byte);
        bits.hex[i] = has(kinds, hex_byte);
        bits.percents[i] = has(kinds, percent_byte);
        bits.backslashes[i] = has(kinds, backslash_byte);
        bits.ampersands[i] = has(kinds, ampersand_byte);
        bits.escaped[i] = has(kinds, escaped_byte);
        bits.zeros[i] = has(kinds, zero_byte);
        bits.texts[i] = has(kinds, text_byte);
    }
    hints_of(bits, blocks, hints);
}

}  // namespace stratascan::views

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
