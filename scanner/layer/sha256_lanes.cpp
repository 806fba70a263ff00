#include "scanner/layer/sha256_lanes.hpp"

#include <fmt/format.h>

#include <cstring>

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace stratascan::layer {

std::string Sha256State::hex() const {
    std::string text;
    for (const std::uint32_t word : words) text += fmt::format("{:08x}", word);
    return text;
}

std::size_t pad_sha256(unsigned char* rest, std::uint64_t bytes) noexcept {
    std::size_t used = bytes % sha256_block;
    rest[used++] = 0x80;
    const std::size_t blocks = used + sizeof(bytes) > sha256_block ? 2 : 1;
    const std::size_t length_at = blocks * sha256_block - sizeof(bytes);
    std::memset(rest + used, 0, length_at - used);
    for (std::size_t i = 0; i < sizeof(bytes); ++i) {
        rest[length_at + i] = static_cast<unsigned char>((bytes * 8) >> (8 * (7 - i)));
    }
    return blocks;
}

#ifdef __x86_64__

namespace {

// FIPS 180-4, 4.2.2.
alignas(64) constexpr std::array<std::uint32_t, 64> constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

__m128i loaded(const void* at) { return _mm_loadu_si128(static_cast<const __m128i*>(at)); }
void store(void* at, __m128i value) { _mm_storeu_si128(static_cast<__m128i*>(at), value); }

// The instructions want the words a, b, e, f in one register and c, d, g, h in another. Four
// rounds take four words of the message, of which the last sixteen are at hand.
template <std::size_t Lanes>
__attribute__((target("sha,sse4.1"))) void add_lanes(
    std::array<Sha256State*, Lanes> states, std::array<const unsigned char*, Lanes> data,
    std::size_t blocks) noexcept {
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i abef[Lanes], cdgh[Lanes];
    for (std::size_t lane = 0; lane < Lanes; ++lane) {
        const __m128i low = _mm_shuffle_epi32(loaded(states[lane]->words.data()), 0xB1);
        const __m128i high = _mm_shuffle_epi32(loaded(states[lane]->words.data() + 4), 0x1B);
        abef[lane] = _mm_alignr_epi8(low, high, 8);
        cdgh[lane] = _mm_blend_epi16(high, low, 0xF0);
    }
    for (; blocks > 0; --blocks) {
        __m128i message[Lanes][4], abef_before[Lanes], cdgh_before[Lanes];
        for (std::size_t lane = 0; lane < Lanes; ++lane) {
            abef_before[lane] = abef[lane];
            cdgh_before[lane] = cdgh[lane];
        }
#pragma GCC unroll 16
        for (std::ptrdiff_t four = 0; four < 16; ++four) {
            const __m128i constant = loaded(constants.data() + 4 * four);
#pragma GCC unroll 2
            for (std::size_t lane = 0; lane < Lanes; ++lane) {
                __m128i* const w = message[lane];
                if (four < 4) {
                    w[four] = _mm_shuffle_epi8(loaded(data[lane] + 16 * four), big_endian);
                } else {
                    const __m128i sum =
                        _mm_add_epi32(_mm_sha256msg1_epu32(w[four % 4], w[(four + 1) % 4]),
                                      _mm_alignr_epi8(w[(four + 3) % 4], w[(four + 2) % 4], 4));
                    w[four % 4] = _mm_sha256msg2_epu32(sum, w[(four + 3) % 4]);
                }
                const __m128i now = _mm_add_epi32(w[four % 4], constant);
                cdgh[lane] = _mm_sha256rnds2_epu32(cdgh[lane], abef[lane], now);
                abef[lane] = _mm_sha256rnds2_epu32(abef[lane], cdgh[lane],
                                                   _mm_shuffle_epi32(now, 0x0E));
            }
        }
        for (std::size_t lane = 0; lane < Lanes; ++lane) {
            abef[lane] = _mm_add_epi32(abef[lane], abef_before[lane]);
            cdgh[lane] = _mm_add_epi32(cdgh[lane], cdgh_before[lane]);
            data[lane] += sha256_block;
        }
    }
    for (std::size_t lane = 0; lane < Lanes; ++lane) {
        const __m128i low = _mm_shuffle_epi32(abef[lane], 0x1B);
        const __m128i high = _mm_shuffle_epi32(cdgh[lane], 0xB1);
        store(states[lane]->words.data(), _mm_blend_epi16(low, high, 0xF0));
        store(states[lane]->words.data() + 4, _mm_alignr_epi8(high, low, 8));
    }
}

}  // namespace

bool has_sha256_lanes() noexcept {
    static const bool has = [] {
        unsigned a = 0, b = 0, c = 0, d = 0;
        constexpr unsigned sha_bit = 1U << 29, sse41_bit = 1U << 19;
        const bool sha = __get_cpuid_count(7, 0, &a, &b, &c, &d) == 1 && (b & sha_bit) != 0;
        return sha && __get_cpuid(1, &a, &b, &c, &d) == 1 && (c & sse41_bit) != 0;
    }();
    return has;
}

void add_blocks(Sha256State& state, const unsigned char* data, std::size_t blocks) noexcept {
    add_lanes<1>({&state}, {data}, blocks);
}

void add_blocks(Sha256State& first, const unsigned char* first_data, Sha256State& second,
                const unsigned char* second_data, std::size_t blocks) noexcept {
    add_lanes<2>({&first, &second}, {first_data, second_data}, blocks);
}

#else

bool has_sha256_lanes() noexcept { return false; }
void add_blocks(Sha256State&, const unsigned char*, std::size_t) noexcept {}
void add_blocks(Sha256State&, const unsigned char*, Sha256State&, const unsigned char*,
                std::size_t) noexcept {}

#endif

}  // namespace stratascan::layer
