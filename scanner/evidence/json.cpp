#include "scanner/evidence/json.hpp"

#include "scanner/json/json_shape.hpp"

namespace stratascan::evidence {

std::optional<nlohmann::json> json_object(std::string_view text) {
    if (text.size() > max_json_bytes || json::shape_of(text).depth > json::deepest) return std::nullopt;
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
