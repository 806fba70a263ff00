// Encodings in which most characters stand for themselves and a mark says that
// what follows stands for another: percent-encoding (RFC 3986), the escapes of
// JSON, C and shells, and HTML's entities.
//
// A unit is read from where it begins and from nothing in front of it, so a view
// of such a text may begin anywhere: what it shows of a place is the same.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace stratascan::views {

enum class Encoding : std::uint8_t { base64, hex, utf16, percent, escapes, entities };

/// A mark and what belongs to it, and the bytes that it stands for.
struct Unit {
    std::uint8_t encoded = 0;  ///< bytes of text; 0: a character that stands for itself
    std::uint8_t decoded = 0;
    std::array<char, 4> bytes{};
};

/// The character that begins a unit.
[[nodiscard]] constexpr char mark_of(Encoding encoding) noexcept {
    if (encoding == Encoding::percent) return '%';
    return encoding == Encoding::escapes ? '\\' : '&';
}

/// The unit that begins at `at`, where the encoding's mark stands.
[[nodiscard]] Unit unit_at(Encoding encoding, std::string_view text, std::size_t at) noexcept;

/// More backslashes in a row are a picture, not text: nobody who sees a part of
/// the row can tell which of them are marks.
inline constexpr std::size_t most_backslashes = 64;

/// How many characters stand for themselves from a mark on, however they go on:
/// those of a row of too many backslashes, or none.
[[nodiscard]] std::size_t plain_marks_at(Encoding encoding, std::string_view text,
                                         std::size_t at) noexcept;

/// The value of a hex digit, or 16.
[[nodiscard]] unsigned hex_value(char c) noexcept;

}  // namespace stratascan::views
