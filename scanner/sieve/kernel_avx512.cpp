#include "scanner/sieve/kernel_block.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vbmi,avx512vl,avx512dq,bmi,bmi2,popcnt,lzcnt"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vbmi,avx512vl,avx512dq,bmi,bmi2,popcnt,lzcnt")
#pragma GCC optimize("O3")
#endif

#include "scanner/sieve/kernel_loop.hpp"

namespace stratascan::sieve {

namespace {

// A table of 128 bytes in two registers: the processor looks up 64 bytes in it
// at once, by their low seven bits.
struct Bytes {
    Bytes() = default;
    explicit Bytes(const ByteTable& table) noexcept
        : low(_mm512_loadu_si512(table.data())), high(_mm512_loadu_si512(table.data() + 64)) {}
    [[nodiscard]] __m512i of(__m512i bytes) const noexcept {
        return _mm512_permutex2var_epi8(low, bytes, high);
    }
    __m512i low, high;
};

class Avx512 {
public:
    explicit Avx512(const KeyTable& table) noexcept {
        for (std::size_t i = 0; i < table_places; ++i) places_[i] = Bytes(table[i]);
    }

    template <bool encoded>
    static void kinds(const char* text, std::size_t blocks, Chunk& chunk) noexcept {
        const Bytes table(byte_kinds);
        const auto keep = [](ChunkBits& bits, std::size_t block, __m512i kinds,
                             std::uint8_t kind) {
            bits.data()[block] = _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(static_cast<char>(kind)));
        };
        for (std::size_t i = 0; i < blocks; ++i) {
            const __m512i bytes = _mm512_loadu_si512(text + i * 64);
            const __m512i kinds = table.of(bytes);
            keep(chunk.tokens, i, kinds, token_kind);
            keep(chunk.digits, i, kinds, digit_kind);
            if constexpr (!encoded) continue;
            keep(chunk.marks, i, kinds, mark_kind);
            chunk.zeros.data()[i] = _mm512_testn_epi8_mask(bytes, bytes);
            keep(chunk.texts, i, kinds, text_kind);
            keep(chunk.base64, i, kinds, base64_kind);
            const std::uint64_t ascii = ~_mm512_movepi8_mask(bytes);
            chunk.texts.data()[i] &= ascii;
            chunk.base64.data()[i] &= ascii;
        }
    }

    [[nodiscard]] static std::uint64_t marked(const char* at) noexcept {
        const __m512i first = _mm512_loadu_si512(at);
        __m512i all = Bytes(mark_tables.places[0]).of(first);
        all = _mm512_and_si512(all, Bytes(mark_tables.places[1]).of(_mm512_loadu_si512(at + 1)));
        all = _mm512_and_si512(all, Bytes(mark_tables.places[2]).of(_mm512_loadu_si512(at + 2)));
        return _mm512_test_epi8_mask(all, all) & ~_mm512_movepi8_mask(first);
    }

    static void prints(const char* text, std::size_t blocks, std::uint64_t* prints) noexcept {
        for (std::size_t i = 0; i < blocks; ++i) {
            const __m512i bytes = _mm512_loadu_si512(text + i * 64);
            const __m512i from_space = _mm512_sub_epi8(bytes, _mm512_set1_epi8(' '));
            prints[i] = _mm512_cmplt_epu8_mask(from_space, _mm512_set1_epi8('~' + 1 - ' '));
        }
    }

    static std::size_t list(const std::uint64_t* bits, std::size_t blocks,
                            std::uint64_t* numbers) noexcept {
        std::size_t count = 0;
        __m512i number = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
        for (std::size_t i = 0; i < blocks; i += 8) {
            const __m512i eight = _mm512_loadu_si512(bits + i);
            const auto rest = static_cast<unsigned>(blocks - i);
            __mmask8 has = _mm512_test_epi64_mask(eight, eight);
            if (rest < 8) has &= static_cast<__mmask8>((1U << rest) - 1);
            _mm512_storeu_si512(numbers + count, _mm512_maskz_compress_epi64(has, number));
            count += static_cast<unsigned>(_mm_popcnt_u32(has));
            number = _mm512_add_epi64(number, _mm512_set1_epi64(8));
        }
        return count;
    }

    [[nodiscard]] std::uint64_t keys(const char* at) const noexcept {
        __m512i all = places_[0].of(_mm512_loadu_si512(at));
        for (std::size_t i = 1; i < table_places; ++i) {
            all = _mm512_and_si512(all, places_[i].of(_mm512_loadu_si512(at + i)));
        }
        return _mm512_test_epi8_mask(all, all);
    }

    [[nodiscard]] static std::uint64_t keys(const Avx512& first, const Avx512& second,
                                            const char* at) noexcept {
        __m512i of_first = _mm512_set1_epi8(-1), of_second = of_first;
        for (std::size_t i = 0; i < table_places; ++i) {
            __m512i bytes = _mm512_loadu_si512(at + i);
            // The compiler would load them twice: a load that crosses lines of the
            // cache costs more than a register.
            asm("" : "+v"(bytes));
            of_first = _mm512_and_si512(of_first, first.places_[i].of(bytes));
            of_second = _mm512_and_si512(of_second, second.places_[i].of(bytes));
        }
        const __m512i either = _mm512_or_si512(of_first, of_second);
        return _mm512_test_epi8_mask(either, either);
    }

private:
    Bytes places_[table_places];
};

}  // namespace

std::size_t avx512_kernel(const Tables& tables, const char* text, std::size_t from,
                          std::size_t to, bool programs, std::uint32_t* places,
                          views::HintPlaces* encoded) {
    return scan<Avx512>(tables, text, from, to, programs, places, encoded);
}

void avx512_encoded(const char* text, std::size_t from, std::size_t to,
                    views::HintPlaces& places) {
    scan_encoded<Avx512>(text, from, to, places);
}

}  // namespace stratascan::sieve

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
