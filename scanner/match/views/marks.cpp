#include "scanner/match/views/marks.hpp"

#include <algorithm>
#include <utility>

#include "scanner/evidence/codec.hpp"

namespace stratascan::views {

namespace {

using evidence::is_digit;

Unit byte_unit(std::size_t encoded, unsigned value) noexcept {
    return {static_cast<std::uint8_t>(encoded), 1, {static_cast<char>(value)}};
}

// A code point in UTF-8. Halves of a pair and what is no code point stand for a
// question mark: no secret has any.
Unit code_point_unit(std::size_t encoded, std::uint32_t point) noexcept {
    if (point < 0x80) return byte_unit(encoded, point);
    const auto tail = [point](unsigned shift) {
        return static_cast<char>(0x80 | ((point >> shift) & 0x3f));
    };
    Unit unit;
    unit.encoded = static_cast<std::uint8_t>(encoded);
    if (point < 0x800) {
        unit.decoded = 2;
        unit.bytes = {static_cast<char>(0xc0 | (point >> 6)), tail(0)};
    } else if (point >= 0x10000 || (point >= 0xd800 && point < 0xe000)) {
        return byte_unit(encoded, '?');
    } else {
        unit.decoded = 3;
        unit.bytes = {static_cast<char>(0xe0 | (point >> 12)), tail(6), tail(0)};
    }
    return unit;
}

// Up to `most` hex digits from `at` on: how many, and their value.
std::pair<std::size_t, std::uint32_t> hex_number(std::string_view text, std::size_t at,
                                                 std::size_t most) noexcept {
    std::size_t count = 0;
    std::uint32_t value = 0;
    for (; count < most && at + count < text.size(); ++count) {
        const unsigned digit = hex_value(text[at + count]);
        if (digit > 15) break;
        value = value * 16 + digit;
    }
    return {count, value};
}

Unit percent_unit(std::string_view text, std::size_t at) noexcept {
    const auto [digits, value] = hex_number(text, at + 1, 2);
    return digits == 2 ? byte_unit(3, value) : Unit{};
}

Unit numbered_escape(std::string_view text, std::size_t at) noexcept {
    const char kind = text[at + 1];
    if (kind == 'x') {
        const auto [digits, value] = hex_number(text, at + 2, 2);
        return digits == 2 ? byte_unit(4, value) : Unit{};
    }
    if (kind == 'U') {
        const auto [digits, value] = hex_number(text, at + 2, 8);
        return digits == 8 ? code_point_unit(10, value) : Unit{};
    }
    if (text.substr(at + 2).starts_with('{')) {
        const auto [digits, value] = hex_number(text, at + 3, 6);
        const bool closed = digits > 0 && text.substr(at + 3 + digits).starts_with('}');
        return closed ? code_point_unit(digits + 4, value) : Unit{};
    }
    const auto [digits, value] = hex_number(text, at + 2, 4);
    return digits == 4 ? code_point_unit(6, value) : Unit{};
}

// Three digits, as they follow a backslash in shells and in C.
Unit octal_escape(std::string_view text, std::size_t at) noexcept {
    unsigned value = 0;
    for (std::size_t i = 1; i <= 3; ++i) {
        if (at + i >= text.size() || text[at + i] < '0' || text[at + i] > '7') return {};
        value = value * 8 + static_cast<unsigned>(text[at + i] - '0');
    }
    return value < 256 ? byte_unit(4, value) : Unit{};
}

Unit escape_unit(std::string_view text, std::size_t at) noexcept {
    if (at + 1 >= text.size()) return {};
    switch (const char kind = text[at + 1]) {
        case 'n': return byte_unit(2, '\n');
        case 'r': return byte_unit(2, '\r');
        case 't': return byte_unit(2, '\t');
        case 'b': return byte_unit(2, '\b');
        case 'f': return byte_unit(2, '\f');
        case '"':
        case '\'':
        case '/':
        case '\\': return byte_unit(2, static_cast<unsigned char>(kind));
        case 'u':
        case 'U':
        case 'x': return numbered_escape(text, at);
        default: return octal_escape(text, at);
    }
}

Unit entity_unit(std::string_view text, std::size_t at) noexcept {
    using Name = std::pair<std::string_view, char>;
    constexpr std::array<Name, 6> names = {
        Name{"&quot;", '"'}, Name{"&amp;", '&'},   Name{"&lt;", '<'},
        Name{"&gt;", '>'},   Name{"&apos;", '\''}, Name{"&nbsp;", ' '}};
    const std::string_view from = text.substr(at, 12);
    if (!from.starts_with("&#")) {
        for (const auto& [name, character] : names) {
            if (from.starts_with(name)) {
                return byte_unit(name.size(), static_cast<unsigned char>(character));
            }
        }
        return {};
    }
    std::size_t end = 2;
    std::uint32_t value = 0;
    if (end < from.size() && (from[end] == 'x' || from[end] == 'X')) {
        const auto [digits, number] = hex_number(from, 3, 6);
        end = digits > 0 ? 3 + digits : from.size();
        value = number;
    } else {
        for (; end < from.size() && end < 9 && is_digit(from[end]); ++end) {
            value = value * 10 + static_cast<std::uint32_t>(from[end] - '0');
        }
        if (end == 2) return {};
    }
    const bool closed = end < from.size() && from[end] == ';';
    return closed ? code_point_unit(end + 1, value) : Unit{};
}

}  // namespace

std::size_t plain_marks_at(Encoding encoding, std::string_view text, std::size_t at) noexcept {
    if (encoding != Encoding::escapes) return 0;
    const std::size_t row = std::min(text.find_first_not_of('\\', at), text.size()) - at;
    return row > most_backslashes ? row : 0;
}

unsigned hex_value(char c) noexcept {
    if (is_digit(c)) return static_cast<unsigned>(c - '0');
    const char low = evidence::to_lower(c);
    return low >= 'a' && low <= 'f' ? static_cast<unsigned>(low - 'a') + 10 : 16;
}

Unit unit_at(Encoding encoding, std::string_view text, std::size_t at) noexcept {
    switch (encoding) {
        case Encoding::percent: return percent_unit(text, at);
        case Encoding::escapes: return escape_unit(text, at);
        default: return entity_unit(text, at);
    }
}

}  // namespace stratascan::views
