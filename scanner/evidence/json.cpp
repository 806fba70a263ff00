#include "scanner/evidence/json.hpp"

namespace stratascan::evidence {

bool is_shallow_json(std::string_view text) noexcept {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (in_string) {
            if (c == '\\') ++at;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > max_json_depth) return false;
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return true;
}

std::optional<nlohmann::json> json_object(std::string_view text) {
    if (text.size() > max_json_bytes || !is_shallow_json(text)) return std::nullopt;
    nlohmann::json value = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
    if (!value.is_object()) return std::nullopt;
    return value;
}

std::string json_string(const nlohmann::json& object, const char* name) {
    const auto member = object.find(name);
    if (member == object.end() || !member->is_string()) return {};
    return member->get<std::string>();
}

}  // namespace stratascan::evidence
