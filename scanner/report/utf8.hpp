// UTF-8 read with suspicion: paths and labels are bytes, and a terminal obeys
// some of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stratascan::report {

struct CodePoint {
    char32_t value = 0;
    std::size_t length = 1;  ///< bytes that it takes, or that are to be skipped
    bool valid = false;      ///< false: `length` bytes that are no UTF-8
};

/// The code point at `bytes[at]`. REQUIRES: at < bytes.size(). Overlong forms,
/// surrogates and values past U+10FFFF are not valid; a cut sequence is skipped
/// as one, as the Unicode standard recommends (section 3.9).
[[nodiscard]] CodePoint code_point_at(std::string_view bytes, std::size_t at) noexcept;

/// Whether a terminal would act on the character or hide it, instead of showing
/// it: controls, bidirectional marks, line separators, zero-width and tag
/// characters.
[[nodiscard]] bool is_unprintable(char32_t value) noexcept;

/// Columns of a terminal that a character takes: 0 for combining marks, 2 for
/// wide East Asian characters and emoji, else 1.
[[nodiscard]] std::size_t columns(char32_t value) noexcept;

/// Of a whole text.
[[nodiscard]] std::size_t columns(std::string_view text) noexcept;

}  // namespace stratascan::report
