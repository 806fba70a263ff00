#include "scanner/image/document.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace stratascan::image {

namespace {

using nlohmann::json;

struct Shape {
    int depth = 0;           ///< deepest nesting
    std::size_t values = 1;  ///< at least as many as there are
};

/// Counts brackets and separators outside of strings. Up to the first mistake
/// in the text this sees strings where the parser sees them, and behind a
/// mistake the parser does not go.
Shape shape_of(std::string_view bytes) {
    Shape shape;
    int depth = 0;
    bool in_string = false;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const char c = bytes[at];
        if (in_string) {
            if (c == '\\') ++at;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            shape.depth = std::max(shape.depth, ++depth);
            ++shape.values;
        } else if (c == ']' || c == '}') {
            --depth;
        } else if (c == ',' || c == ':') {
            ++shape.values;
        }
    }
    return shape;
}

/// Watches the parser for keys that an object has twice.
class KeyWatch {
public:
    bool operator()(json::parse_event_t event, const json& parsed) {
        if (event == json::parse_event_t::object_start) {
            keys_.emplace_back();
        } else if (event == json::parse_event_t::object_end && !keys_.empty()) {
            keys_.pop_back();
        } else if (event == json::parse_event_t::key && !keys_.empty()) {
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
    const Shape shape = shape_of(bytes);
    if (shape.depth > document_depth_limit) {
        return fail(ErrorCode::over_limit, "nested deeper than 64 levels");
    }
    if (shape.values > document_values_limit) {
        return fail(ErrorCode::over_limit, "more than 400000 values");
    }
    KeyWatch watch;
    Document document;
    document.root = json::parse(
        bytes.begin(), bytes.end(),
        [&watch](int, json::parse_event_t event, json& parsed) { return watch(event, parsed); },
        false);
    if (document.root.is_discarded()) return fail(ErrorCode::malformed, "not valid JSON");
    document.repeated_keys = watch.repeated();
    return document;
}

const json* member(const json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}

std::string_view string_member(const json& object, const char* key) {
    const json* found = member(object, key);
    if (found == nullptr || !found->is_string()) return {};
    return found->get_ref<const std::string&>();
}

}  // namespace stratascan::image
