// UTF-16 of both orders, as it stands in files that need not be texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stratascan::views {

enum class ByteOrder : std::uint8_t { unknown, little, big };

/// How many bytes round a row of characters tell its order.
inline constexpr std::size_t order_sight = 32;

/// Of a row of ASCII characters and zeros in turns that begins at `begin` of `text`, a character;
/// its last zero stands in front of `end`.
[[nodiscard]] ByteOrder order_of_row(std::string_view text, std::size_t begin,
                                     std::size_t end) noexcept;

/// Of units side by side: the order in which they can be a text of mostly ASCII.
[[nodiscard]] ByteOrder order_of_text(std::string_view units) noexcept;

/// Printable ASCII and what lines are made of.
[[nodiscard]] constexpr bool is_ascii_text(char c) noexcept {
    return (c >= ' ' && c <= '~') || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace stratascan::views
