#include "scanner/sieve/kernel_block.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>

#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,popcnt,lzcnt")
#pragma GCC optimize("O3")

#include "scanner/sieve/kernel_loop.hpp"

namespace stratascan::sieve {

namespace {

__m256i bytes_at(const char* at) noexcept {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

// Of 64 bytes those that have one of `wanted`.
std::uint64_t any(__m256i low, __m256i high, std::uint8_t wanted) noexcept {
    const __m256i asked = _mm256_set1_epi8(static_cast<char>(wanted));
    const __m256i zero = _mm256_setzero_si256();
    const auto none = [&](__m256i bytes) {
        return static_cast<std::uint32_t>(
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(bytes, asked), zero)));
    };
    return ~(std::uint64_t{none(low)} | (std::uint64_t{none(high)} << 32));
}

// A byte's buckets by its two halves: what either half rules out is out. Bytes
// whose halves stand in two keys of a bucket pass, too; the next step knows them.
struct Halves {
    Halves() = default;
    explicit Halves(const std::array<std::uint8_t, 128>& table) noexcept {
        alignas(16) std::array<std::uint8_t, 16> lows{}, highs{};
        for (std::size_t byte = 0; byte < table.size(); ++byte) {
            lows[byte & 15U] |= table[byte];
            highs[byte >> 4U] |= table[byte];
            highs[(byte >> 4U) + 8] |= table[byte];
        }
        low = _mm256_broadcastsi128_si256(
            _mm_load_si128(reinterpret_cast<const __m128i*>(lows.data())));
        high = _mm256_broadcastsi128_si256(
            _mm_load_si128(reinterpret_cast<const __m128i*>(highs.data())));
    }
    [[nodiscard]] __m256i of(const char* at) const noexcept {
        const __m256i half = _mm256_set1_epi8(15);
        const __m256i bytes = bytes_at(at);
        const __m256i above = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half);
        return _mm256_and_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(bytes, half)),
                                _mm256_shuffle_epi8(high, above));
    }
    __m256i low, high;
};

class Avx2 {
public:
    explicit Avx2(const KeyTable& table) noexcept {
        for (std::size_t i = 0; i < table_places; ++i) places_[i] = Halves(table[i]);
    }

    static void kinds(const ByteTables& tables, const char* text, std::size_t blocks,
                      std::uint64_t* tokens, std::uint64_t* digits,
                      std::uint64_t* prints) noexcept {
        const Halves table(tables.kinds);
        for (std::size_t i = 0; i < blocks; ++i) {
            const __m256i low = table.of(text + i * 64);
            const __m256i high = table.of(text + i * 64 + 32);
            tokens[i] = any(low, high, token_kind);
            digits[i] = any(low, high, digit_kind);
            prints[i] = any(low, high, print_kind);
        }
    }

    [[nodiscard]] std::uint64_t keys(const char* at) const noexcept {
        return any(half_block(at), half_block(at + 32), 0xff);
    }

private:
    [[nodiscard]] __m256i half_block(const char* at) const noexcept {
        static_assert(table_places == 6);
        return _mm256_and_si256(
            _mm256_and_si256(_mm256_and_si256(places_[0].of(at), places_[1].of(at + 1)),
                             _mm256_and_si256(places_[2].of(at + 2), places_[3].of(at + 3))),
            _mm256_and_si256(places_[4].of(at + 4), places_[5].of(at + 5)));
    }

    Halves places_[table_places];
};

}  // namespace

std::size_t avx2_kernel(const Tables& tables, const char* text, std::size_t from, std::size_t to,
                        bool programs, std::uint32_t* places) {
    return scan<Avx2>(tables, text, from, to, programs, places);
}

}  // namespace stratascan::sieve

#pragma GCC pop_options
#endif
