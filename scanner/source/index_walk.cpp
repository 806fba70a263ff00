// An index lists manifests and further indexes: one for each platform of an
// image, one for each tag of a layout, and what was attached to them. The same
// manifest may hang from several tags, and a hostile index may hang from itself,
// so each digest is followed once; a second way to it only adds its names.
//
// What is attached (BuildKit's provenance and SBOM, signatures) has the shape of
// an image. It is told by its layers, never by its label alone: an index entry
// labelled "attestation-manifest" whose layers are file systems would be run by
// a runtime like any other, so it is scanned like any other.
#include "scanner/source/index_walk.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "scanner/source/digest.hpp"

namespace stratascan::source {

namespace {

constexpr int max_index_depth = 8;
constexpr std::size_t max_candidates = 10'000;
constexpr std::string_view empty_media_type = "application/vnd.oci.empty.v1+json";

using Annotations = std::map<std::string, std::string>;

std::string annotation(const Annotations& annotations, const char* key) {
    const auto found = annotations.find(key);
    return found == annotations.end() ? std::string() : found->second;
}

bool claims_to_be_manifest(std::string_view media_type) noexcept {
    return media_type.empty() || media_type.find("manifest") != std::string_view::npos ||
           media_type.find("image.index") != std::string_view::npos;
}

bool is_in_toto(std::string_view media_type) noexcept {
    return media_type.find("in-toto") != std::string_view::npos;
}

/// "image", "attestation" or "artifact".
std::string kind_of(const OciDocument& manifest, bool labelled_attestation) {
    const bool file_systems = std::ranges::any_of(
        manifest.layers, [](const Descriptor& l) { return is_layer_media_type(l.media_type); });
    if (file_systems) return "image";
    const std::string config = manifest.config ? manifest.config->media_type : "";
    const bool in_toto =
        is_in_toto(manifest.artifact_type) || is_in_toto(config) ||
        std::ranges::any_of(manifest.layers,
                            [](const Descriptor& l) { return is_in_toto(l.media_type); });
    if (labelled_attestation || in_toto) return "attestation";
    const bool plain = manifest.layers.empty() && manifest.artifact_type.empty() &&
                       is_image_config_media_type(config);
    return plain ? "image" : "artifact";
}

/// Adds what an outer document says to what an inner one says; the inner one
/// keeps its word, and the outer's is kept under another key so that no bytes
/// are lost.
void inherit(Annotations& inner, const Annotations& outer) {
    for (const auto& [key, value] : outer) {
        const auto [place, added] = inner.emplace(key, value);
        if (!added && place->second != value) inner.emplace("index:" + key, value);
    }
}

std::uint64_t weight(const Annotations& annotations) noexcept {
    std::uint64_t bytes = 0;
    for (const auto& [key, value] : annotations) bytes += 128 + key.size() + value.size();
    return bytes;
}

/// Every image below an index carries the index's annotations, so they are only
/// handed down while they are of an honest size.
constexpr std::uint64_t max_inherited_bytes = std::uint64_t{64} << 10;
constexpr std::string_view oversized_reason = "the index's annotations are too large to be kept";

/// False, and nothing handed down, when they are larger.
bool hand_down(Annotations& inner, const Annotations& index) {
    if (weight(inner) + weight(index) > max_inherited_bytes) return index.empty();
    inherit(inner, index);
    return true;
}

class IndexWalk {
public:
    IndexWalk(const BlobStore& store, const Selection& selection, Budget& budget)
        : store_(store), selection_(selection), budget_(budget) {}

    std::vector<Candidate> run(const OciDocument& index) {
        Way way;
        way.selected = selection_.reference.empty();
        const bool oversized = !hand_down(way.annotations, index.annotations);
        for (const Descriptor& descriptor : index.manifests) {
            visit(descriptor, way);
            ++way.root;
        }
        if (oversized && !candidates_.empty()) {
            add_gap(candidates_.front().image.gaps, "index.json", std::string(oversized_reason));
        }
        return std::move(candidates_);
    }

private:
    using Ordinals = std::vector<std::size_t>;

    /// How the walk came to where it is.
    struct Way {
        std::vector<std::string> names;
        Annotations annotations;
        bool selected = false;
        std::size_t root = 0;
        int depth = 0;
    };

    Ordinals visit(const Descriptor& descriptor, const Way& above);
    Ordinals follow(const Descriptor& descriptor, const Way& way);
    Ordinals revisit(Ordinals& ordinals, const Way& way);
    Ordinals walk_nested(const OciDocument& index, Candidate base, const Way& way);
    std::size_t add_manifest(Candidate candidate, OciDocument& manifest);
    void add_config(Candidate& candidate, const Descriptor& config);
    std::size_t add_schema1(Candidate candidate, const OciDocument& manifest,
                            const std::string& place);
    std::size_t add_opaque(Candidate candidate, const Descriptor& descriptor, std::string reason);
    std::size_t add(Candidate candidate);
    std::size_t add_with_gap(Candidate candidate, std::string place, std::string reason);

    [[nodiscard]] Way named(const Descriptor& descriptor, const Way& above) const;
    [[nodiscard]] Candidate make_candidate(const Descriptor& descriptor, const Way& way);

    const BlobStore& store_;
    const Selection& selection_;
    Budget& budget_;
    std::vector<Candidate> candidates_;
    std::map<std::string, Ordinals> visited_;
    std::set<std::string> open_;  ///< indexes that the walk is inside of
};

/// The way on to what the descriptor names, still without its annotations: where that was before,
/// only names count, and an index may name one thing as often as it has room.
IndexWalk::Way IndexWalk::named(const Descriptor& descriptor, const Way& above) const {
    Way way{above.names, {}, above.selected, above.root, above.depth};
    for (const char* const key :
         {"org.opencontainers.image.ref.name", "io.containerd.image.name"}) {
        std::string name = annotation(descriptor.annotations, key);
        if (!name.empty()) way.names.push_back(std::move(name));
    }
    const std::string& asked = selection_.reference;
    if (!way.selected) {
        way.selected = descriptor.digest == asked ||
                       std::ranges::any_of(way.names, [&](const std::string& name) {
                           return name_matches(name, asked);
                       });
    }
    // Beyond what add_name() takes; each descriptor below has a copy.
    for (std::string& name : way.names) {
        if (name.size() > longest_name_bytes) name.resize(longest_name_bytes + 1);
    }
    return way;
}

Candidate IndexWalk::make_candidate(const Descriptor& descriptor, const Way& way) {
    Candidate candidate;
    candidate.claimed_digest = descriptor.digest;
    candidate.offered = descriptor.platform;
    candidate.root = way.root;
    candidate.selected = way.selected;
    candidate.refers_to = annotation(descriptor.annotations, "vnd.docker.reference.digest");
    for (const std::string& name : way.names) add_name(candidate.image, name, budget_);
    if (budget_.charge(weight(way.annotations))) {
        candidate.image.annotations = way.annotations;
    } else {
        add_gap(candidate.image.gaps, "index.json", std::string(budget_reason));
    }
    return candidate;
}

std::size_t IndexWalk::add(Candidate candidate) {
    candidates_.push_back(std::move(candidate));
    return candidates_.size() - 1;
}

std::size_t IndexWalk::add_with_gap(Candidate candidate, std::string place, std::string reason) {
    add_gap(candidate.image.gaps, std::move(place), std::move(reason));
    return add(std::move(candidate));
}

IndexWalk::Ordinals IndexWalk::visit(const Descriptor& descriptor, const Way& above) {
    if (candidates_.size() >= max_candidates) {
        add_gap(candidates_.back().image.gaps, "index.json",
                fmt::format("more than {} manifests; the rest was not read", max_candidates));
        return {};
    }
    Way way = named(descriptor, above);
    const auto seen = visited_.find(descriptor.digest);
    if (seen != visited_.end()) return revisit(seen->second, way);
    way.annotations = descriptor.annotations;
    inherit(way.annotations, above.annotations);
    if (open_.contains(descriptor.digest)) {
        Candidate loop = make_candidate(descriptor, way);
        return {add_with_gap(std::move(loop), "index.json", "an index that leads to itself")};
    }
    open_.insert(descriptor.digest);
    Ordinals ordinals = follow(descriptor, way);
    open_.erase(descriptor.digest);
    if (budget_.charge(sizeof(std::size_t) * (ordinals.size() + 16))) {
        visited_[descriptor.digest] = ordinals;
    }
    return ordinals;
}

IndexWalk::Ordinals IndexWalk::revisit(Ordinals& ordinals, const Way& way) {
    if (!budget_.charge(sizeof(std::size_t) * (ordinals.size() + 1))) {
        for (const std::size_t ordinal : ordinals) {
            add_gap(candidates_[ordinal].image.gaps, "", std::string(budget_reason));
        }
        ordinals.clear();  // told once
        return {};
    }
    for (const std::size_t ordinal : ordinals) {
        Candidate& candidate = candidates_[ordinal];
        candidate.selected = candidate.selected || way.selected;
        for (const std::string& name : way.names) add_name(candidate.image, name, budget_);
    }
    return ordinals;
}

IndexWalk::Ordinals IndexWalk::follow(const Descriptor& descriptor, const Way& way) {
    Candidate candidate = make_candidate(descriptor, way);
    auto loaded =
        load_document(store_, "manifest", descriptor, budget_, candidate.image.gaps);
    if (!loaded) {
        if (loaded.error().code == ErrorCode::over_limit) {
            return {add_opaque(std::move(candidate), descriptor, loaded.error().what)};
        }
        return {add_with_gap(std::move(candidate), loaded.error().where, loaded.error().what)};
    }
    candidate.image.digest = loaded->digest;
    auto document = parse_oci_document(loaded->bytes);
    if (!document) {
        return {add_opaque(std::move(candidate), descriptor,
                           "the manifest was not read: " + document.error().what)};
    }
    const std::string place = parse_digest(descriptor.digest)->blob_name();
    for (std::string& problem : document->problems) {
        add_gap(candidate.image.gaps, place, std::move(problem));
    }
    if (document->is_schema1) {
        candidate.image.manifest = std::move(loaded->bytes);
        return {add_schema1(std::move(candidate), *document, place)};
    }
    if (!document->is_manifest && !document->is_index) {
        return {add_opaque(std::move(candidate), descriptor,
                           "it is neither a manifest nor an index")};
    }
    Ordinals ordinals;
    if (document->is_index) ordinals = walk_nested(*document, candidate, way);
    if (document->is_manifest) {
        candidate.image.manifest = std::move(loaded->bytes);
        ordinals.push_back(add_manifest(std::move(candidate), *document));
    }
    return ordinals;
}

IndexWalk::Ordinals IndexWalk::walk_nested(const OciDocument& index, Candidate base,
                                           const Way& way) {
    if (way.depth + 1 >= max_index_depth) {
        return {add_with_gap(std::move(base), "index.json",
                             fmt::format("indexes nested deeper than {}", max_index_depth))};
    }
    Way inner = way;
    ++inner.depth;
    if (weight(inner.annotations) > max_inherited_bytes) inner.annotations.clear();
    if (!hand_down(inner.annotations, index.annotations)) {
        add_gap(base.image.gaps, "index.json", std::string(oversized_reason));
    }
    Ordinals ordinals;
    for (const Descriptor& descriptor : index.manifests) {
        const Ordinals found = visit(descriptor, inner);
        ordinals.insert(ordinals.end(), found.begin(), found.end());
    }
    std::ranges::sort(ordinals);
    const auto repeated = std::ranges::unique(ordinals);
    ordinals.erase(repeated.begin(), repeated.end());
    for (const std::size_t ordinal : ordinals) {
        if (!budget_.charge(base.image.digest.size() + sizeof(std::string))) break;
        candidates_[ordinal].image.listed_by.push_back(base.image.digest);
    }

    // What is wrong with the index itself must not vanish with it.
    if (!base.image.gaps.empty()) {
        if (ordinals.empty()) return {add(std::move(base))};
        for (Gap& gap : base.image.gaps) {
            add_gap(candidates_[ordinals.front()].image.gaps, gap.path, gap.reason);
        }
    }
    return ordinals;
}

std::size_t IndexWalk::add_manifest(Candidate candidate, OciDocument& manifest) {
    ImageRef& image = candidate.image;
    const bool labelled = annotation(image.annotations, "vnd.docker.reference.type") ==
                          "attestation-manifest";
    image.kind = kind_of(manifest, labelled);
    if (labelled && image.kind == "image") {
        image.notes.emplace_back("labelled as an attestation, but its layers are file systems");
    }
    if (!manifest.subject.empty()) candidate.refers_to = manifest.subject;
    for (const Descriptor& descriptor : manifest.layers) {
        LayerRef layer = make_layer(store_, descriptor);
        const bool placeholder =
            descriptor.media_type == empty_media_type && !layer.unavailable.empty();
        if (!placeholder) add_layer(image, std::move(layer), budget_);
    }
    if (manifest.config) {
        add_config(candidate, *manifest.config);
    } else if (image.kind == "image") {
        add_gap(image.gaps, "config", "the manifest names no config");
    }
    return add(std::move(candidate));
}

/// What later became the config stands in the manifest's history, layer by layer.
std::size_t IndexWalk::add_schema1(Candidate candidate, const OciDocument& manifest,
                                   const std::string& place) {
    if (manifest.layers.empty()) {
        return add_with_gap(std::move(candidate), place, "a manifest of schema 1 without layers");
    }
    candidate.configured = manifest.platform;
    for (const Descriptor& descriptor : manifest.layers) {
        LayerRef layer = make_layer(store_, descriptor);
        layer.created_by = descriptor.created_by;
        add_layer(candidate.image, std::move(layer), budget_);
    }
    return add(std::move(candidate));
}

void IndexWalk::add_config(Candidate& candidate, const Descriptor& config) {
    ImageRef& image = candidate.image;
    image.config_digest = parse_digest(config.digest) ? config.digest : "";
    auto loaded = load_document(store_, "config", config, budget_, image.gaps);
    if (loaded) {
        image.config = std::move(loaded->bytes);
        if (is_image_config_media_type(config.media_type)) {
            apply_config(candidate, image.config, parse_digest(config.digest)->blob_name());
        }
        return;
    }
    if (config.media_type == empty_media_type) return;
    // An artifact's config may be of any form and size: then its bytes are
    // scanned like a layer's.
    LayerRef bytes = make_layer(store_, config);
    if (image.kind != "image" && bytes.unavailable.empty()) {
        add_layer(image, std::move(bytes), budget_);
        return;
    }
    add_gap(image.gaps, loaded.error().where.empty() ? "config" : loaded.error().where,
            loaded.error().what);
}

/// A blob that an index lists and that is no manifest: listed with itself as its
/// one layer, so that its bytes are scanned.
std::size_t IndexWalk::add_opaque(Candidate candidate, const Descriptor& descriptor,
                                  std::string reason) {
    ImageRef& image = candidate.image;
    image.kind = "artifact";
    LayerRef layer = make_layer(store_, descriptor);
    if (claims_to_be_manifest(descriptor.media_type)) {
        add_gap(image.gaps, layer.key.empty() ? "index.json" : layer.key, std::move(reason));
    }
    add_layer(image, std::move(layer), budget_);
    return add(std::move(candidate));
}

}  // namespace

std::vector<Candidate> walk_index(const BlobStore& store, const OciDocument& index,
                                  const Selection& selection, Budget& budget) {
    return IndexWalk(store, selection, budget).run(index);
}

}  // namespace stratascan::source
