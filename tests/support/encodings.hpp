// Texts in the encodings that the scanner sees through, in the forms in which
// people and programs write them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/evidence/codec.hpp"

namespace stratascan::test {

/// Lines of `width` characters, `between` each two of them.
inline std::string wrapped(std::string_view text, std::size_t width, std::string_view between) {
    std::string lines;
    for (std::size_t at = 0; at < text.size(); at += width) {
        if (at > 0) lines += between;
        lines += text.substr(at, width);
    }
    return lines;
}

inline std::string base64(std::string_view bytes) { return evidence::encode_base64(bytes); }
inline std::string base64_url(std::string_view bytes) {
    return evidence::encode_base64(bytes, evidence::base64url_digits, false);
}

/// Each byte behind `prefix`, as two hex digits.
inline std::string hex_each(std::string_view bytes, std::string_view prefix,
                            std::string_view digits = "0123456789abcdef") {
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<std::uint8_t>(c);
        text += prefix;
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}
inline std::string hex_lower(std::string_view bytes) { return hex_each(bytes, ""); }
inline std::string hex_upper(std::string_view bytes) {
    return hex_each(bytes, "", "0123456789ABCDEF");
}
inline std::string percent_all(std::string_view bytes) { return hex_each(bytes, "%"); }
inline std::string shell_escaped(std::string_view bytes) { return hex_each(bytes, "\\x"); }
inline std::string json_escaped(std::string_view bytes) { return hex_each(bytes, "\\u00"); }

inline std::string entities(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) text += "&#" + std::to_string(static_cast<unsigned char>(c)) + ';';
    return text;
}

inline std::string utf16(std::string_view bytes, bool little) {
    std::string text;
    for (const char c : bytes) {
        if (little) text += c;
        text += '\0';
        if (!little) text += c;
    }
    return text;
}
inline std::string utf16_little(std::string_view bytes) { return utf16(bytes, true); }
inline std::string utf16_big(std::string_view bytes) { return utf16(bytes, false); }

struct NamedEncoding {
    std::string_view name;  ///< in inner_path
    std::string (*encode)(std::string_view);
};

inline constexpr std::array<NamedEncoding, 16> encodings = {{
    {"base64", base64},
    {"base64", base64_url},
    {"base64", [](std::string_view bytes) { return wrapped(base64(bytes), 76, "\n"); }},
    {"base64", [](std::string_view bytes) { return wrapped(base64(bytes), 64, "\r\n"); }},
    {"base64", [](std::string_view bytes) { return wrapped(base64(bytes), 60, "\n    "); }},
    {"base64", [](std::string_view bytes) { return wrapped(base64(bytes), 64, "\\n"); }},
    {"base64", [](std::string_view bytes) { return wrapped(base64(bytes), 57, "\" +\n  \""); }},
    {"hex", hex_lower},
    {"hex", hex_upper},
    {"hex", [](std::string_view bytes) { return wrapped(hex_lower(bytes), 60, "\n"); }},
    {"percent", percent_all},
    {"escapes", json_escaped},
    {"escapes", shell_escaped},
    {"entities", entities},
    {"utf-16le", utf16_little},
    {"utf-16be", utf16_big},
}};

}  // namespace stratascan::test
