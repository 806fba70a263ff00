#include "scanner/evidence/allowed_value.hpp"

#include <algorithm>

#include "scanner/evidence/code_value.hpp"
#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/evidence.hpp"
#include "scanner/evidence/template.hpp"

namespace stratascan::evidence {

namespace {

bool is_uuid(std::string_view value) noexcept {
    constexpr std::size_t size = 36;
    if (value.size() != size) return false;
    for (std::size_t at = 0; at < size; ++at) {
        const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
        if (dash ? value[at] != '-' : !is_hex_digit(value[at])) return false;
    }
    return true;
}

/// Digits of hex, as many as MD5, SHA-1, SHA-2 and SHA-3 have; or the name of one in front.
bool is_digest(std::string_view value) {
    for (const std::string_view name : {"sha1", "sha256", "sha384", "sha512", "md5"}) {
        if (value.starts_with(name) && value.size() > name.size() &&
            std::string_view("-:=").find(value[name.size()]) != std::string_view::npos) {
            return true;
        }
    }
    const std::size_t size = value.size();
    return (size == 32 || size == 40 || size == 56 || size == 64 || size == 96 || size == 128) &&
           std::all_of(value.begin(), value.end(), is_hex_digit);
}

}  // namespace

std::string_view allowed_reason(std::string_view value) {
    if (!template_reason(value).empty()) return "template";
    if (value.starts_with('$') || value.starts_with('%') || value.find("${") != value.npos) {
        return "variable";
    }
    if (is_uuid(value)) return "UUID";
    if (is_digest(value)) return "hash";
    if (value.find_first_of(" \t") != value.npos) return "words";
    if (const auto placeholder = placeholder_reason(value); !placeholder.empty()) return placeholder;
    if (const auto code = code_reason(value, false, '\0'); !code.empty()) return code;
    const auto only = [value](std::string_view others, bool (*kind)(char) noexcept) {
        return std::all_of(value.begin(), value.end(), [&](char c) {
            return kind(c) || others.find(c) != std::string_view::npos;
        });
    };
    if (only(".-:v", is_digit)) return "number";
    if (only("", is_alpha)) return "words";
    // What programs call things: words with something between them, or in mixed case.
    if (only("_-.:/", is_alnum)) return "identifier";
    return {};
}

}  // namespace stratascan::evidence
