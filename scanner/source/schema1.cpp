#include "scanner/source/schema1.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "scanner/evidence/codec.hpp"
#include "scanner/source/json_document.hpp"

namespace stratascan::source {

std::optional<std::string> schema1_payload(std::string_view bytes) {
    const auto parsed = parse_json(bytes);
    if (!parsed || !parsed->is_object()) return std::nullopt;
    const auto* const signatures = list_member(*parsed, "signatures");
    if (signatures == nullptr || signatures->empty()) return std::nullopt;
    const auto head = evidence::decode_base64(text_member(signatures->front(), "protected"));
    if (!head) return std::nullopt;
    const auto values = parse_json(*head);
    if (!values || !values->is_object()) return std::nullopt;
    const std::int64_t length = count_member(*values, "formatLength");
    const auto tail = evidence::decode_base64(text_member(*values, "formatTail"));
    if (length < 0 || static_cast<std::uint64_t>(length) > bytes.size() || !tail) {
        return std::nullopt;
    }
    return std::string(bytes.substr(0, static_cast<std::size_t>(length))) + *tail;
}

void read_schema1(std::string_view bytes, OciDocument& document) {
    const auto parsed = parse_json(bytes);
    if (!parsed || !parsed->is_object()) return;
    const auto* const layers = list_member(*parsed, "fsLayers");
    const auto* const history = list_member(*parsed, "history");
    if (layers == nullptr) return;
    const std::size_t count = std::min(layers->size(), max_list_items);
    if (count < layers->size()) {
        document.problems.push_back(
            fmt::format("more than {} layers; the rest was not read", max_list_items));
    }
    Platform platform{"", text_member(*parsed, "architecture"), ""};
    for (std::size_t at = count; at-- > 0;) {
        Descriptor layer;
        layer.digest = text_member((*layers)[at], "blobSum");
        if (history != nullptr && at < history->size()) {
            const std::string text = text_member((*history)[at], "v1Compatibility");
            if (auto step = parse_legacy_layer(text)) layer.created_by = std::move(step->created_by);
            const auto entry = parse_json(text);
            if (entry && entry->is_object() && platform.os.empty()) {
                platform.os = text_member(*entry, "os");
            }
        }
        document.layers.push_back(std::move(layer));
    }
    if (platform.os.empty()) platform.os = "linux";
    document.platform = normalise_platform(std::move(platform));
}

}  // namespace stratascan::source
