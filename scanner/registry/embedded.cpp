#include "scanner/registry/embedded.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "scanner/evidence/codec.hpp"
#include "scanner/source/digest.hpp"
#include "scanner/source/json_document.hpp"

namespace stratascan::registry {

namespace {

using nlohmann::json;

constexpr std::size_t most_descriptors = 10'000;  // of one list

/// Nothing where the descriptor has no content, or another than it says.
std::optional<std::string> content_of(const json& descriptor) {
    const std::string text = source::text_member(descriptor, "data");
    const auto digest = source::parse_digest(source::text_member(descriptor, "digest"));
    if (text.empty() || !digest) return std::nullopt;
    auto bytes = evidence::decode_base64(text);
    if (!bytes || source::count_member(descriptor, "size") != std::ssize(*bytes)) {
        return std::nullopt;
    }
    if (source::compute_digest(digest->algorithm, *bytes) != digest->text()) return std::nullopt;
    return bytes;
}

}  // namespace

void EmbeddedBlobs::note(std::string_view manifest) {
    if (manifest.find("\"data\"") == std::string_view::npos) return;
    const auto parsed = source::parse_json(manifest);
    if (!parsed || !parsed->is_object()) return;
    const auto take = [this](const json& descriptor) {
        if (auto bytes = content_of(descriptor)) {
            keep(source::text_member(descriptor, "digest"), *std::move(bytes));
        }
    };
    if (const json* const config = source::object_member(*parsed, "config")) take(*config);
    for (const char* member : {"layers", "manifests"}) {
        const json* const list = source::list_member(*parsed, member);
        for (std::size_t i = 0; list != nullptr && i < std::min(list->size(), most_descriptors);
             ++i) {
            take((*list)[i]);
        }
    }
}

std::optional<std::string> EmbeddedBlobs::find(const std::string& digest) const {
    const std::scoped_lock lock(mutex_);
    const auto found = blobs_.find(digest);
    return found == blobs_.end() ? std::nullopt : std::optional(found->second);
}

// They are moved into the map, which the check does not see behind try_emplace().
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void EmbeddedBlobs::keep(const std::string& digest, std::string bytes) {
    const std::scoped_lock lock(mutex_);
    if (bytes.size() > room_) return;
    used_ += bytes.size();
    if (!blobs_.try_emplace(digest, std::move(bytes)).second) {
        used_ -= blobs_.at(digest).size();  // the same bytes
        return;
    }
    order_.push_back(digest);
    while (used_ > room_) {
        used_ -= blobs_.at(order_.front()).size();
        blobs_.erase(order_.front());
        order_.pop_front();
    }
}

}  // namespace stratascan::registry
