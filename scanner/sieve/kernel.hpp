// The sieve's first two steps, for each kind of processor. They are the only
// code of the sieve that touches every byte, and tell beside their own work where
// something encoded may be.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "scanner/match/views/hints.hpp"
#include "scanner/sieve/tables.hpp"

namespace stratascan::sieve {

/// Bytes a kernel may read behind the place it looks at.
inline constexpr std::size_t kernel_sight = near_bytes + 256;
/// Places a kernel looks at in one go, at most.
inline constexpr std::size_t kernel_chunk = 8 << 10;
/// Room for places behind the last.
inline constexpr std::size_t kernel_slack = 8;

/// Writes the places in [from, to) at which a needle's key may begin, ascending,
/// and gives their number; adds to `encoded`, if not null, what may be encoded
/// there. REQUIRES: to - from <= kernel_chunk; kernel_sight bytes from `to` on can
/// be read; `places` has room for to - from + kernel_slack.
using Kernel = std::size_t (*)(const Tables& tables, const char* text, std::size_t from,
                               std::size_t to, bool programs, std::uint32_t* places,
                               views::HintPlaces* encoded);
/// Only the latter.
using EncodedKernel = void (*)(const char* text, std::size_t from, std::size_t to,
                               views::HintPlaces& encoded);

/// The best of this processor; nullptr when it has none that is faster than the
/// engine alone. Without AVX-512 VBMI there is none: two lookups in tables of 16
/// bytes in place of one in 128 let too much pass and cost too much.
[[nodiscard]] Kernel best_kernel() noexcept;
/// There is always one.
[[nodiscard]] EncodedKernel best_encoded_kernel() noexcept;

/// The kernel of that name ("avx512vbmi", "plain"), whether or not it is the best;
/// nullptr when the processor lacks what it needs.
[[nodiscard]] Kernel kernel_named(std::string_view name) noexcept;

/// Byte by byte: what the others must agree with.
std::size_t plain_kernel(const Tables& tables, const char* text, std::size_t from, std::size_t to,
                         bool programs, std::uint32_t* places, views::HintPlaces* encoded);
std::size_t avx512_kernel(const Tables& tables, const char* text, std::size_t from,
                          std::size_t to, bool programs, std::uint32_t* places,
                          views::HintPlaces* encoded);
void plain_encoded(const char* text, std::size_t from, std::size_t to,
                   views::HintPlaces& encoded);
void avx512_encoded(const char* text, std::size_t from, std::size_t to,
                    views::HintPlaces& encoded);

/// Calls look(bytes, begin, end, shift) for the chunks of [from, to), such that a
/// kernel can look at them: places in `bytes` are `shift` less than in `text`.
template <typename Look>
void each_chunk(std::string_view text, std::size_t from, std::size_t to, Look look) {
    // Where a kernel could read beyond the text, it reads a copy.
    const std::size_t safe = text.size() > kernel_sight ? text.size() - kernel_sight : 0;
    for (std::size_t at = from; at < std::min(to, safe);) {
        const std::size_t end = std::min({to, safe, at + kernel_chunk});
        look(text.data(), at, end, std::size_t{0});
        at = end;
    }
    const std::size_t rest = std::max(from, std::min(to, safe));
    if (rest >= to) return;
    std::array<char, 2 * kernel_sight> copy{};
    std::memcpy(copy.data(), text.data() + rest, text.size() - rest);
    look(copy.data(), std::size_t{0}, to - rest, rest);
}

/// Adds what may be encoded in [from, to), and nothing else.
void find_encoded(std::string_view text, std::size_t from, std::size_t to,
                  views::HintPlaces& encoded, EncodedKernel kernel = best_encoded_kernel());

/// The ends of what is known, before a chunk is looked at whose places are shifted.
class Shifting {
public:
    explicit Shifting(const views::HintPlaces& places)
        : runs_(places.runs.all().size()), marks_(places.marks.all().size()),
          pairs_(places.pairs.all().size()) {}
    /// Adds `by` to the places that were added since.
    void shift(views::HintPlaces& places, std::size_t by) const noexcept {
        places.runs.shift(runs_, by);
        places.marks.shift(marks_, by);
        places.pairs.shift(pairs_, by);
    }

private:
    std::size_t runs_, marks_, pairs_;
};

}  // namespace stratascan::sieve
