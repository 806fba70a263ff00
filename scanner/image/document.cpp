#include "scanner/image/document.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "scanner/json/json_shape.hpp"

namespace stratascan::image {

namespace {

/// Watches the parser for keys that an object has twice.
class KeyWatch {
public:
    bool operator()(nlohmann::json::parse_event_t event, const nlohmann::json& parsed) {
        if (event == nlohmann::json::parse_event_t::object_start) {
            keys_.emplace_back();
        } else if (event == nlohmann::json::parse_event_t::object_end && !keys_.empty()) {
            keys_.pop_back();
        } else if (event == nlohmann::json::parse_event_t::key && !keys_.empty()) {
            if (!keys_.back().insert(parsed.get<std::string>()).second) repeated_ = true;
        }
        return true;
    }
    [[nodiscard]] bool repeated() const noexcept { return repeated_; }

private:
    std::vector<std::set<std::string>> keys_;
    bool repeated_ = false;
};

}  // namespace

Result<Document> parse_document(std::string_view bytes) {
    if (bytes.size() > document_bytes_limit) {
        return fail(ErrorCode::over_limit, "larger than 4 MiB");
    }
    const json::Shape shape = json::shape_of(bytes);
    if (shape.depth > json::deepest) {
        return fail(ErrorCode::over_limit, "nested deeper than 64 levels");
    }
    if (shape.values > document_values_limit) {
        return fail(ErrorCode::over_limit, "more than 400000 values");
    }
    KeyWatch watch;
    Document document;
    document.root = nlohmann::json::parse(
        bytes.begin(), bytes.end(),
        [&watch](int, nlohmann::json::parse_event_t event, nlohmann::json& parsed) { return watch(event, parsed); },
        false);
    if (document.root.is_discarded()) return fail(ErrorCode::malformed, "not valid JSON");
    document.repeated_keys = watch.repeated();
    return document;
}

const nlohmann::json* member(const nlohmann::json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}

const nlohmann::json* inside(const nlohmann::json& object,
                             std::initializer_list<const char*> keys) {
    const nlohmann::json* at = &object;
    for (const char* const key : keys) {
        at = member(*at, key);
        if (at == nullptr) return nullptr;
    }
    return at;
}

std::string_view string_member(const nlohmann::json& object, const char* key) {
    const nlohmann::json* found = member(object, key);
    if (found == nullptr || !found->is_string()) return {};
    return found->get_ref<const std::string&>();
}

}  // namespace stratascan::image
