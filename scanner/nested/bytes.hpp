// Numbers as the formats write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace stratascan::nested {

/// REQUIRES: at + size <= bytes.size(), size <= 8.
[[nodiscard]] inline std::uint64_t little_endian(std::string_view bytes, std::size_t at,
                                                 std::size_t size) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = size; i > 0; --i) {
        value = value << 8 | static_cast<unsigned char>(bytes[at + i - 1]);
    }
    return value;
}

/// REQUIRES: at + size <= bytes.size(), size <= 8.
[[nodiscard]] inline std::uint64_t big_endian(std::string_view bytes, std::size_t at,
                                              std::size_t size) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
        value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    }
    return value;
}

/// Digits of `base`, with spaces or zeros round them; nothing if there is none,
/// or anything else. At most 62 bits.
[[nodiscard]] inline std::optional<std::uint64_t> digits(std::string_view field,
                                                         unsigned base) noexcept {
    std::uint64_t value = 0;
    bool any = false, ended = false;
    for (const char c : field) {
        if (c == ' ' || c == '\0') {
            ended = ended || any;
            continue;
        }
        unsigned digit = 99;
        if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
        if (c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a') + 10;
        if (c >= 'A' && c <= 'F') digit = static_cast<unsigned>(c - 'A') + 10;
        if (digit >= base || ended || value >> 58 != 0) return std::nullopt;
        value = value * base + digit;
        any = true;
    }
    if (!any) return std::nullopt;
    return value;
}

}  // namespace stratascan::nested
