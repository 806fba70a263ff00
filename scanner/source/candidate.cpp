#include "scanner/source/candidate.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "scanner/source/digest.hpp"
#include "scanner/source/json_repeats.hpp"
#include "scanner/source/schema1.hpp"

namespace stratascan::source {

namespace {

void mark_unavailable(LayerRef& layer, std::string reason, LayerState state) {
    layer.unavailable = std::move(reason);
    layer.unavailable_state = state;
}

std::uint64_t weight(const LayerRef& layer) noexcept {
    std::uint64_t bytes = sizeof(LayerRef) + layer.key.size() + layer.digest.size() +
                          layer.media_type.size() + layer.unavailable.size() +
                          layer.created_by.size() + layer.name.size();
    for (const auto& [key, value] : layer.annotations) bytes += 128 + key.size() + value.size();
    return bytes;
}

std::string missing(const BlobStore& store, std::string_view what) {
    return fmt::format("{} is missing from the {}", what, store.place());
}

}  // namespace

bool Budget::charge(std::uint64_t bytes) noexcept {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
}

void add_gap(std::vector<Gap>& gaps, std::string path, std::string reason) {
    const bool known = std::ranges::any_of(
        gaps, [&](const Gap& gap) { return gap.path == path && gap.reason == reason; });
    if (!known) gaps.push_back(Gap{std::move(path), std::move(reason), 0});
}

Result<Document> load_document(const BlobStore& store, std::string_view what,
                               const Descriptor& descriptor, Budget& budget,
                               std::vector<Gap>& gaps) {
    const auto digest = parse_digest(descriptor.digest);
    if (!digest) {
        return fail(digest.error().code,
                    fmt::format("the {}'s digest cannot be used: {}", what, digest.error().what));
    }
    const std::string name = digest->blob_name();
    auto bytes = what == "manifest" ? store.manifest(name) : store.document(name);
    if (!bytes && bytes.error().code == ErrorCode::not_found) {
        return fail(ErrorCode::not_found, missing(store, what), name);
    }
    if (!bytes) {
        return fail(bytes.error().code,
                    fmt::format("the {} was not read: {}", what, bytes.error().what), name);
    }
    if (!budget.charge(bytes->size())) {
        return fail(ErrorCode::over_limit, std::string(budget_reason), name);
    }
    Document document{*std::move(bytes), {}};
    document.digest = compute_digest(digest->algorithm, document.bytes);
    if (document.digest != digest->text()) {
        if (const auto payload = schema1_payload(document.bytes)) {
            document.digest = compute_digest(digest->algorithm, *payload);
        }
    }
    if (document.digest != digest->text()) {
        add_gap(gaps, name,
                fmt::format("{} {} does not match its digest", what, digest->text()));
    }
    if (descriptor.size >= 0 &&
        static_cast<std::uint64_t>(descriptor.size) != document.bytes.size()) {
        add_gap(gaps, name,
                fmt::format("{} {} has {} bytes where its descriptor says {}", what,
                            digest->text(), document.bytes.size(), descriptor.size));
    }
    return document;
}

LayerRef make_layer(const BlobStore& store, const Descriptor& descriptor) {
    LayerRef layer;
    layer.media_type = descriptor.media_type;
    layer.size = descriptor.size;
    layer.annotations = descriptor.annotations;
    const auto digest = parse_digest(descriptor.digest);
    if (!digest) {
        const bool unknown = digest.error().code == ErrorCode::unsupported;
        mark_unavailable(layer, digest.error().what,
                         unknown ? LayerState::unsupported : LayerState::failed);
        return layer;
    }
    layer.digest = digest->text();
    layer.key = digest->blob_name();
    const bool foreign =
        descriptor.has_urls || is_foreign_media_type(descriptor.media_type);
    if (auto blob = foreign ? store.find_foreign(layer.key, descriptor.urls) : store.find(layer.key)) {
        layer.key = std::move(blob->key);
        if (layer.media_type.ends_with("+encrypted")) {
            mark_unavailable(layer, "encrypted layer", LayerState::encrypted);
        }
        return layer;
    }
    if (foreign) {
        mark_unavailable(layer, "foreign layer, its bytes are held elsewhere",
                         LayerState::unsupported);
    } else {
        mark_unavailable(layer, missing(store, "blob"), LayerState::failed);
    }
    return layer;
}

void add_layer(ImageRef& image, LayerRef layer, Budget& budget) {
    if (!budget.charge(weight(layer))) {
        add_gap(image.gaps, "", std::string(budget_reason));
        return;
    }
    image.layers.push_back(std::move(layer));
}

void add_name(ImageRef& image, const std::string& name, Budget& budget) {
    if (name.empty()) return;
    if (name.size() > longest_name_bytes) {
        const std::string note = fmt::format("a name of more than {} bytes was left out",
                                             longest_name_bytes);
        if (std::ranges::find(image.notes, note) == image.notes.end()) {
            image.notes.push_back(note);
        }
        return;
    }
    const auto place = std::ranges::lower_bound(image.names, name);
    if (place != image.names.end() && *place == name) return;
    if (!budget.charge(sizeof(std::string) + name.size())) {
        add_gap(image.gaps, "", std::string(budget_reason));
        return;
    }
    image.names.insert(place, name);
}

void apply_config(Candidate& candidate, std::string_view config, const std::string& place) {
    const auto facts = parse_config(config);
    if (!facts) {
        add_gap(candidate.image.gaps, place, "the config was not read: " + facts.error().what);
        return;
    }
    candidate.configured = facts->platform;
    if (repeated_name(config)) {
        add_gap(candidate.image.gaps, place,
                "ambiguous JSON: a member of the config stands twice in one object");
    }
    std::vector<LayerRef>& layers = candidate.image.layers;
    if (facts->diff_ids.size() != layers.size()) {
        if (!facts->diff_ids.empty()) {
            add_gap(candidate.image.gaps, place,
                    fmt::format("ambiguous image: the config lists {} layers, the manifest {}",
                                facts->diff_ids.size(), layers.size()));
        }
        return;
    }
    for (std::size_t at = 0; at < layers.size(); ++at) layers[at].diff_id = facts->diff_ids[at];
}

bool name_matches(std::string_view name, std::string_view reference) noexcept {
    if (name == reference) return true;
    if (reference.empty() || !name.ends_with(reference)) return false;
    const char before = name[name.size() - reference.size() - 1];
    return before == '/' || before == ':';
}

}  // namespace stratascan::source
