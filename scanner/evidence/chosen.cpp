#include "scanner/evidence/chosen.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/words.hpp"

namespace stratascan::evidence {

std::string percent_decoded(std::string_view text) {
    const auto digit = [](char c) -> int {
        if (is_digit(c)) return c - '0';
        const char low = to_lower(c);
        return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
    };
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool escape = text[at] == '%' && at + 2 < text.size();
        const int high = escape ? digit(text[at + 1]) : -1;
        const int low = escape ? digit(text[at + 2]) : -1;
        if (high < 0 || low < 0) {
            plain.push_back(text[at]);
            continue;
        }
        plain.push_back(static_cast<char>(high * 16 + low));
        at += 2;
    }
    return plain;
}

bool is_chosen_word(std::string_view password) {
    constexpr std::size_t shortest = 6;
    if (password.size() < shortest) return true;
    static constexpr std::array<std::string_view, 8> words = {
        "password", "passwd", "secret", "letmein", "hunter", "admin", "welcome", "qwerty"};
    static constexpr std::string_view from = "430157@$!", to = "aeoistasi";
    std::string plain;
    for (const char c : password) {
        const std::size_t at = from.find(c);
        plain.push_back(at == std::string_view::npos ? to_lower(c) : to[at]);
    }
    if (plain.size() < 16 && std::any_of(words.begin(), words.end(), [&plain](auto word) {
            return plain.find(word) != std::string::npos;
        })) {
        return true;
    }
    if (std::any_of(password.begin(), password.end(), is_digit)) return false;
    return read_as_words(pieces_of(password));
}

std::string text_inside_base64(std::string_view value) {
    constexpr std::size_t shortest = 12;
    if (value.size() < shortest) return {};
    auto text = decode_base64(value);
    const auto prints = [](char c) { return c >= ' ' && c <= '~'; };
    if (!text || !std::all_of(text->begin(), text->end(), prints)) return {};
    return std::move(*text);
}

}  // namespace stratascan::evidence
