#include "scanner/source/json_repeats.hpp"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "scanner/json/json_shape.hpp"

namespace stratascan::source {

namespace {

// From the quote on; the text between the quotes. Nothing when there is no second one.
std::optional<std::string_view> string_at(std::string_view text, std::size_t quote) {
    for (std::size_t at = quote + 1; at < text.size(); ++at) {
        if (text[at] == '\\') {
            ++at;
        } else if (text[at] == '"') {
            return text.substr(quote + 1, at - quote - 1);
        }
    }
    return std::nullopt;
}

// "config" and "c\u006fnfig" are one name to whoever reads the document.
std::string unescaped(std::string_view name) {
    if (name.find('\\') == std::string_view::npos) return std::string(name);
    const auto parsed = nlohmann::json::parse('"' + std::string(name) + '"', nullptr, false);
    return parsed.is_string() ? parsed.get<std::string>() : std::string(name);
}

bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

std::optional<std::string> repeated_name(std::string_view text) {
    std::vector<std::set<std::string>> open;  // of a list it stays empty
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '{' || c == '[') {
            if (open.size() == json::deepest) return {};
            open.emplace_back();
        } else if (c == '}' || c == ']') {
            if (open.empty()) return {};
            open.pop_back();
        } else if (c == '"') {
            const auto name = string_at(text, at);
            if (!name) return {};
            at += name->size() + 1;
            std::size_t next = at + 1;
            while (next < text.size() && is_space(text[next])) ++next;
            const bool is_name = next < text.size() && text[next] == ':' && !open.empty();
            if (!is_name) continue;
            const auto [known, fresh] = open.back().insert(unescaped(*name));
            if (!fresh) return *known;
        }
    }
    return {};
}

}  // namespace stratascan::source
