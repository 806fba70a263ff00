// Where in a text something encoded may begin, found 64 bytes at a time.
//
// Almost nothing in an image is encoded, so what this costs is what all views
// cost together: one table look-up a byte, and a few shifts a block of 64.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace stratascan::views {

/// Fewest characters of base64 in one line that are looked at.
inline constexpr std::size_t least_run = 24;
/// Fewest UTF-16 units in a row that are looked at; of big endian ones one more.
inline constexpr std::size_t least_units = 15;

/// Fewest characters behind a plain escape that it is looked at for. Almost all
/// text has escapes; but one that stands in front of a word alone hides nothing.
inline constexpr std::size_t least_behind = 16;

inline constexpr std::size_t hint_blocks = 64;
inline constexpr std::size_t hint_bytes = hint_blocks * 64;
/// Bytes behind a chunk that are looked at, too.
inline constexpr std::size_t hint_sight = 128;

/// A bit a byte, a number a block.
struct Hints {
    using Bits = std::array<std::uint64_t, hint_blocks + 2>;
    alignas(64) Bits runs;   ///< `least_run` characters of base64 begin
    /// What may be `%41`, `\x41` or `&quot;` begins, or `\n` and its kin with at
    /// least `least_behind` characters of base64 behind it, or with a name and `=`.
    alignas(64) Bits marks;
    alignas(64) Bits pairs;  ///< `least_units` units of a character and a zero byte begin
};

/// Fills in the bits of the `blocks` (at most hint_blocks) from `text` on;
/// `hint_sight` bytes behind them can be read, too.
using HintKernel = void (*)(const char* text, std::size_t blocks, Hints& hints);

void plain_hints(const char* text, std::size_t blocks, Hints& hints);

/// The best for this processor.
[[nodiscard]] HintKernel best_hints() noexcept;

}  // namespace stratascan::views
