// What a byte may be, for all that the kernels tell by single bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stratascan::sieve {

inline constexpr std::uint8_t token_kind = 1;  ///< is_token_byte()
inline constexpr std::uint8_t digit_kind = 2;
inline constexpr std::uint8_t mark_kind = 4;   ///< `%`, a backslash, `&`
inline constexpr std::uint8_t text_kind = 8;  ///< printable, a tab, a line's end
inline constexpr std::uint8_t base64_kind = 16;  ///< in either alphabet

inline constexpr std::string_view base64_bytes =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/-_";

/// A letter, a digit, or one of -_+/.=~:!@#%^*|
[[nodiscard]] constexpr bool is_token_byte(unsigned char byte) noexcept {
    constexpr std::string_view marks = "-_+/.=~:!@#%^*|";
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') ||
           (byte < 0x80 && marks.find(static_cast<char>(byte)) != std::string_view::npos);
}

/// A number of kinds for each byte under 128. Others are looked up as if their
/// highest bit were not set; later steps tell them apart.
using ByteTable = std::array<std::uint8_t, 128>;

alignas(64) inline constexpr ByteTable byte_kinds = [] {
    ByteTable kinds{};
    for (unsigned byte = 0; byte < 128; ++byte) {
        unsigned kind = 0;
        if (is_token_byte(static_cast<unsigned char>(byte))) kind |= token_kind;
        if (byte >= '0' && byte <= '9') kind |= digit_kind;
        if (byte == '%' || byte == '\\' || byte == '&') kind |= mark_kind;
        if ((byte >= ' ' && byte <= '~') || byte == '\t' || byte == '\n' || byte == '\r') {
            kind |= text_kind;
        }
        if (base64_bytes.contains(static_cast<char>(byte))) kind |= base64_kind;
        kinds[byte] = static_cast<std::uint8_t>(kind);
    }
    return kinds;
}();

/// The ways in which a mark and the two bytes behind it go on, a bit each: a place
/// that has one bit in all three tables may begin a unit (views/marks.hpp).
struct MarkTables {
    alignas(64) std::array<ByteTable, 3> places{};
};

inline constexpr MarkTables mark_tables = [] {
    constexpr std::string_view digits = "0123456789";
    constexpr std::string_view hex = "0123456789abcdefABCDEF";
    MarkTables tables;
    unsigned bit = 1;
    const auto way = [&](char mark, std::string_view second, std::string_view third) {
        const auto set = [&](std::size_t place, char c) {
            auto& kinds = tables.places[place][static_cast<unsigned char>(c)];
            kinds = static_cast<std::uint8_t>(kinds | bit);
        };
        set(0, mark);
        for (const char c : second) set(1, c);
        for (const char c : third) set(2, c);
        bit <<= 1;
    };
    way('%', hex, hex);
    way('\\', "x", hex);
    way('\\', "uU", "0{");        // others are no ASCII
    way('\\', "0123", digits.substr(0, 8));
    way('\\', "nrtbf\"'/\\", base64_bytes);
    way('&', "qalgn", "umtpb");  // names of entities
    way('&', "#", "0123456789xX");
    return tables;
}();

}  // namespace stratascan::sieve
