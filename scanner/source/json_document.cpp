#include "scanner/source/json_document.hpp"

#include <fmt/core.h>

#include <limits>

#include "scanner/json/json_shape.hpp"
#include "scanner/source/blob_store.hpp"

namespace stratascan::source {

namespace {

nlohmann::json parse_quietly(std::string_view bytes) {
    return nlohmann::json::parse(bytes.begin(), bytes.end(), nullptr, /*allow_exceptions=*/false);
}

/// Every byte outside ASCII becomes '?'. Coarse, but only documents that are
/// not UTF-8 come here, and what is read of them is ASCII.
std::string ascii_only(std::string_view bytes) {
    std::string text(bytes);
    for (char& c : text) {
        if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
    return text;
}

const nlohmann::json* member(const nlohmann::json& object, const char* name) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

}  // namespace

Result<nlohmann::json> parse_json(std::string_view bytes) {
    if (bytes.size() > max_document_bytes) {
        return fail(ErrorCode::over_limit,
                    fmt::format("a JSON document of more than {} bytes", max_document_bytes));
    }
    if (json::shape_of(bytes).depth > json::deepest) {
        return fail(ErrorCode::over_limit,
                    fmt::format("JSON nested deeper than {} levels", json::deepest));
    }
    nlohmann::json document = parse_quietly(bytes);
    if (document.is_discarded()) document = parse_quietly(ascii_only(bytes));
    if (document.is_discarded()) return fail(ErrorCode::malformed, "not valid JSON");
    return document;
}

std::string text_member(const nlohmann::json& object, const char* name) {
    const nlohmann::json* const value = member(object, name);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

std::int64_t count_member(const nlohmann::json& object, const char* name) {
    const nlohmann::json* const value = member(object, name);
    if (value == nullptr || !value->is_number_unsigned()) return -1;
    const auto count = value->get<std::uint64_t>();
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    return count > static_cast<std::uint64_t>(most) ? -1 : static_cast<std::int64_t>(count);
}

const nlohmann::json* list_member(const nlohmann::json& object, const char* name) {
    const nlohmann::json* const value = member(object, name);
    return value != nullptr && value->is_array() ? value : nullptr;
}

const nlohmann::json* object_member(const nlohmann::json& object, const char* name) {
    const nlohmann::json* const value = member(object, name);
    return value != nullptr && value->is_object() ? value : nullptr;
}

std::map<std::string, std::string> map_member(const nlohmann::json& object, const char* name) {
    std::map<std::string, std::string> map;
    const nlohmann::json* const value = object_member(object, name);
    if (value == nullptr) return map;
    for (const auto& [key, text] : value->items()) {
        if (text.is_string()) map.emplace(key, text.get<std::string>());
    }
    return map;
}

}  // namespace stratascan::source
