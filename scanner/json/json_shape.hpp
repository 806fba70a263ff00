// How large a JSON text is as a tree, counted before a parser builds one: the
// library's values are freed by recursion and cost many times their text, so a
// hostile document could overflow the stack or fill memory by its shape alone.
#pragma once

#include <cstddef>
#include <string_view>

namespace stratascan::json {

/// Brackets open at once; honest documents stay under ten.
inline constexpr std::size_t deepest = 64;

struct Shape {
    std::size_t depth = 0;   ///< deepest nesting
    std::size_t values = 1;  ///< at least as many as there are
};

/// Counts brackets and separators outside of strings. Up to the first mistake in
/// the text this sees strings where a parser sees them, and behind a mistake no
/// parser goes. Linear, never fails.
[[nodiscard]] Shape shape_of(std::string_view text) noexcept;

}  // namespace stratascan::json
