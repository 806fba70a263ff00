#include "scanner/match/views/byte_hints.hpp"

#include "scanner/match/views/hint_loop.hpp"

namespace stratascan::views {

#if defined(__x86_64__)
void avx512_hints(const char* text, std::size_t blocks, Hints& hints);
#endif

namespace {

// Eight bytes' bits of one kind, gathered out of a number.
std::uint64_t gathered(std::uint64_t kinds, unsigned bit) noexcept {
    return (((kinds >> bit) & 0x0101010101010101U) * 0x0102040810204080U) >> 56;
}

}  // namespace

void plain_hints(const char* text, std::size_t blocks, Hints& hints) {
    KindBits bits;
    const std::array<Hints::Bits*, 8> of_kind = {
        &bits.tokens,     &bits.hex,     &bits.percents, &bits.backslashes,
        &bits.ampersands, &bits.escaped, &bits.zeros,    &bits.texts};
    for (std::size_t i = 0; i < blocks + 2; ++i) {
        for (Hints::Bits* const each : of_kind) (*each)[i] = 0;
        bits.numbers[i] = bits.assigns[i] = 0;
        for (unsigned j = 0; j < 64; ++j) {
            const char c = text[i * 64 + j];
            const std::uint64_t bit = std::uint64_t{1} << j;
            if (c == 'x' || c == 'u' || c == 'U' || c == '#') bits.numbers[i] |= bit;
            if (c == '=' || c == ':') bits.assigns[i] |= bit;
        }
        for (unsigned eighth = 0; eighth < 8; ++eighth) {
            std::uint64_t kinds = 0;
            for (unsigned j = 0; j < 8; ++j) {
                const auto byte = static_cast<unsigned char>(text[i * 64 + eighth * 8 + j]);
                const std::uint64_t kind = byte < 128 ? byte_kinds[byte] : 0;
                kinds |= kind << (8 * j);
            }
            if (kinds == 0) continue;
            for (unsigned kind = 0; kind < 8; ++kind) {
                (*of_kind[kind])[i] |= gathered(kinds, kind) << (8 * eighth);
            }
        }
    }
    hints_of(bits, blocks, hints);
}

HintKernel best_hints() noexcept {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
        return &avx512_hints;
    }
#endif
    return &plain_hints;
}

}  // namespace stratascan::views
