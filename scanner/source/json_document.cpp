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

Result<void> check_shape(std::string_view bytes) {
    if (bytes.size() > max_document_bytes) {
        return fail(ErrorCode::over_limit,
                    fmt::format("a JSON document of more than {} bytes", max_document_bytes));
    }
    if (json::shape_of(bytes).depth > json::deepest) {
        return fail(ErrorCode::over_limit,
                    fmt::format("JSON nested deeper than {} levels", json::deepest));
    }
    return {};
}

/// Hands out the texts of one list of the outermost object.
class TextsOfList final : public nlohmann::json_sax<nlohmann::json> {
public:
    TextsOfList(std::string_view member, const std::function<bool(std::string&&)>& take)
        : member_(member), take_(take) {}

    [[nodiscard]] bool had_object() const noexcept { return had_object_; }

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool string(string_t& text) override {
        return !in_list_ || depth_ != 2 || take_(std::move(text));
    }
    bool start_object(std::size_t) override {
        if (depth_++ == 0) had_object_ = true;
        return true;
    }
    bool key(string_t& name) override {
        if (depth_ == 1) is_member_ = name == member_;
        return true;
    }
    bool end_object() override {
        --depth_;
        return true;
    }
    bool start_array(std::size_t) override {
        if (depth_++ == 1) in_list_ = had_object_ && is_member_;
        return true;
    }
    bool end_array() override {
        if (--depth_ == 1) in_list_ = false;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
        return false;
    }

private:
    std::string_view member_;
    const std::function<bool(std::string&&)>& take_;
    std::size_t depth_ = 0;
    bool had_object_ = false, is_member_ = false, in_list_ = false;
};

const nlohmann::json* member(const nlohmann::json& object, const char* name) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

}  // namespace

Result<nlohmann::json> parse_json(std::string_view bytes) {
    if (auto checked = check_shape(bytes); !checked) return std::unexpected(checked.error());
    nlohmann::json document = parse_quietly(bytes);
    if (document.is_discarded()) document = parse_quietly(ascii_only(bytes));
    if (document.is_discarded()) return fail(ErrorCode::malformed, "not valid JSON");
    return document;
}

Result<void> each_text(std::string_view bytes, std::string_view member,
                       const std::function<bool(std::string&&)>& take) {
    if (auto checked = check_shape(bytes); !checked) return checked;
    std::string plain;
    if (!nlohmann::json::accept(bytes.begin(), bytes.end())) {
        plain = ascii_only(bytes);
        bytes = plain;
        if (!nlohmann::json::accept(bytes.begin(), bytes.end())) {
            return fail(ErrorCode::malformed, "not valid JSON");
        }
    }
    TextsOfList texts(member, take);
    (void)nlohmann::json::sax_parse(bytes.begin(), bytes.end(), &texts);
    if (!texts.had_object()) return fail(ErrorCode::malformed, "not a JSON object");
    return {};
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
