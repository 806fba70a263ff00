#include "scanner/match/toml.hpp"

#include <algorithm>

namespace stratascan {

namespace {

// Behind a string whose quote stands at `at`; the text's end where it has none. One of a single
// line ends there.
std::size_t behind_string(std::string_view text, std::size_t at) noexcept {
    const char quote = text[at];
    const std::string_view three = text.substr(at, 3);
    const bool lines = three.size() == 3 && three[1] == quote && three[2] == quote;
    const std::size_t width = lines ? 3 : 1;
    for (at += width; at < text.size(); ++at) {
        if (text[at] == '\\' && quote == '"') {
            ++at;
        } else if (text[at] == '\n' && !lines) {
            return at;
        } else if (text[at] == quote && (!lines || text.substr(at).starts_with(three))) {
            return at + width;
        }
    }
    return text.size();
}

}  // namespace

bool has_endless_key(std::string_view text) noexcept {
    constexpr std::size_t most = 1024;
    std::size_t parts = 0, at = 0;
    while (at < text.size()) {
        switch (text[at]) {
            case '"': case '\'': at = behind_string(text, at); continue;
            case '#': at = std::min(text.find('\n', at), text.size()); continue;
            case '\n': case '=': case ',': parts = 0; break;
            case '.':
                if (++parts >= most) return true;
                break;
            default: break;
        }
        ++at;
    }
    return false;
}

std::string description_of(const toml::parse_error& error) {
    constexpr std::size_t most = 300;
    const std::string_view text = error.description();
    if (text.size() <= most) return std::string(text);
    return std::string(text.substr(0, std::min(text.find('\''), most / 4))) + "a word too long to tell";
}

toml::table read_toml(std::string_view text, std::string_view name) {
    if (has_endless_key(text)) {
        throw toml::parse_error("a key of more than 1024 parts", toml::source_position{1, 1});
    }
    return toml::parse(text, name);
}

}  // namespace stratascan
