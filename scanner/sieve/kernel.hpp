// The sieve's first two steps, for each kind of processor. They are the only
// code of the sieve that touches every byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/sieve/tables.hpp"

namespace stratascan::sieve {

/// Bytes a kernel may read behind the place it looks at.
inline constexpr std::size_t kernel_sight = near_bytes + 256;
/// Places a kernel looks at in one go, at most.
inline constexpr std::size_t kernel_chunk = 8 << 10;
/// Room for places behind the last.
inline constexpr std::size_t kernel_slack = 8;

/// Writes the places in [from, to) at which a needle's key may begin, ascending,
/// and gives their number. REQUIRES: to - from <= kernel_chunk; kernel_sight bytes
/// from `to` on can be read; `places` has room for to - from + kernel_slack.
using Kernel = std::size_t (*)(const Tables& tables, const char* text, std::size_t from,
                               std::size_t to, bool programs, std::uint32_t* places);

/// The best of this processor; nullptr when it has none that is faster than the
/// engine alone. Without AVX-512 VBMI there is none: two lookups in tables of 16
/// bytes in place of one in 128 let too much pass and cost too much.
[[nodiscard]] Kernel best_kernel() noexcept;

/// The kernel of that name ("avx512vbmi", "plain"), whether or not it is the best;
/// nullptr when the processor lacks what it needs.
[[nodiscard]] Kernel kernel_named(std::string_view name) noexcept;

/// Byte by byte: what the others must agree with.
std::size_t plain_kernel(const Tables& tables, const char* text, std::size_t from, std::size_t to,
                         bool programs, std::uint32_t* places);
std::size_t avx512_kernel(const Tables& tables, const char* text, std::size_t from,
                          std::size_t to, bool programs, std::uint32_t* places);

}  // namespace stratascan::sieve
