// What a secret looks like where it must not be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stratascan::e2e {

/// Whole groups of three bytes alone: what base64 of a longer text holds, too.
inline std::string base64(std::string_view bytes) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at + 3 <= bytes.size(); at += 3) {
        const auto byte = [&](std::size_t index) {
            return static_cast<unsigned>(static_cast<unsigned char>(bytes[at + index]));
        };
        const unsigned group = byte(0) << 16U | byte(1) << 8U | byte(2);
        for (const unsigned shift : {18U, 12U, 6U, 0U}) text += alphabet[group >> shift & 63U];
    }
    return text;
}

/// What must not occur: the secret, and what base64 of any text around it holds.
inline std::vector<std::string> forms_of(const std::string& secret) {
    std::vector<std::string> forms{secret};
    for (std::size_t skipped = 0; skipped < 3 && skipped < secret.size(); ++skipped) {
        forms.push_back(base64(std::string_view(secret).substr(skipped)));
    }
    return forms;
}

}  // namespace stratascan::e2e
