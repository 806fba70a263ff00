#include "scanner/image/os_release.hpp"

#include <algorithm>

namespace stratascan::image {

std::string os_release_value(std::string_view text, std::string_view key) {
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != '=') continue;
        line.remove_prefix(key.size() + 1);
        if (line.size() >= 2 && (line.front() == '"' || line.front() == '\'')) {
            line = line.substr(1, line.size() - 2);
        }
        return std::string(line);
    }
    return {};
}

std::string os_release_word(std::string_view text, std::string_view key) {
    constexpr std::size_t longest = 64;
    std::string value = os_release_value(text, key);
    const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    });
    return plain && value.size() <= longest ? value : std::string();
}

}  // namespace stratascan::image
