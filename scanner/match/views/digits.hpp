// What the characters of base64, of both alphabets, and of hex are worth.
#pragma once

#include <array>
#include <cstdint>

#include "scanner/evidence/codec.hpp"

namespace stratascan::views {

/// Of a character that is none.
inline constexpr std::uint8_t no_value = 0xff;

using DigitValues = std::array<std::uint8_t, 256>;

inline constexpr DigitValues base64_values = [] {
    DigitValues values{};
    values.fill(no_value);
    for (std::uint8_t i = 0; i < 64; ++i) {
        values[static_cast<unsigned char>(evidence::base64_digits[i])] = i;
        values[static_cast<unsigned char>(evidence::base64url_digits[i])] = i;
    }
    return values;
}();

inline constexpr DigitValues hex_values = [] {
    DigitValues values{};
    values.fill(no_value);
    for (std::uint8_t i = 0; i < 16; ++i) {
        values[static_cast<unsigned char>("0123456789abcdef"[i])] = i;
        values[static_cast<unsigned char>("0123456789ABCDEF"[i])] = i;
    }
    return values;
}();

}  // namespace stratascan::views
