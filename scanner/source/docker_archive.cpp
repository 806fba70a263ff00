// Three generations of docker archives share manifest.json, a list of {Config,
// RepoTags, Layers} whose texts are names of archive members:
//
//   before Docker 25   "<hex>.json" and "<id>/layer.tar"; a layer that several
//                      images share is a link to the first one's layer.tar
//   skopeo, podman     "<hex>.json" and "<hex>.tar", links as above for old tools
//   since Docker 25    "blobs/sha256/<hex>" for both, next to an OCI index
//
// Only a name that is a digest can be checked: a config's by its bytes here, a
// layer's when it is read.
#include "scanner/source/docker_archive.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

#include "scanner/layer/layer_result.hpp"
#include "scanner/source/digest.hpp"

namespace stratascan::source {

namespace {

/// The digest in a config's name: "<hex>.json", "sha256:<hex>" or a blob's name;
/// empty where it holds none.
std::string digest_in_name(std::string_view name) {
    if (const auto digest = digest_of_blob_name(name)) return digest->text();
    if (name.ends_with(".json")) name.remove_suffix(5);
    constexpr std::string_view prefix = "sha256:";
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    return is_sha256_hex(name) ? std::string(prefix) + std::string(name) : std::string();
}

LayerRef layer_of_name(const BlobStore& store, const std::string& raw) {
    const std::string name = layer::normalise_path(raw);
    LayerRef ref;
    if (const auto digest = digest_of_blob_name(name)) ref.digest = digest->text();
    ref.key = name;
    if (auto blob = store.find(name)) {
        ref.key = std::move(blob->key);
    } else {
        ref.unavailable = fmt::format("blob is missing from the {}", store.place());
        ref.unavailable_state = LayerState::failed;
    }
    return ref;
}

void load_config(const BlobStore& store, const std::string& raw, Candidate& candidate,
                 Budget& budget) {
    ImageRef& image = candidate.image;
    const std::string name = layer::normalise_path(raw);
    image.config_digest = digest_in_name(name);
    if (name.empty()) {
        add_gap(image.gaps, "manifest.json", "the image names no config");
        return;
    }
    auto bytes = store.document(name);
    if (!bytes) {
        const bool absent = bytes.error().code == ErrorCode::not_found;
        add_gap(image.gaps, name,
                absent ? fmt::format("config is missing from the {}", store.place())
                       : "the config was not read: " + bytes.error().what);
        return;
    }
    if (!budget.charge(bytes->size())) {
        add_gap(image.gaps, name, std::string(budget_reason));
        return;
    }
    image.config = *std::move(bytes);
    const auto claimed = parse_digest(image.config_digest);
    const std::string computed =
        compute_digest(claimed ? claimed->algorithm : "sha256", image.config);
    if (image.config_digest.empty()) {
        image.config_digest = computed;
    } else if (image.config_digest != computed) {
        add_gap(image.gaps, name,
                fmt::format("config {} does not match its digest", image.config_digest));
    }
    apply_config(candidate, image.config, name);
}

}  // namespace

std::vector<Candidate> docker_images(const BlobStore& store, const DockerManifest& manifest,
                                     const Selection& selection, Budget& budget) {
    std::vector<Candidate> candidates;
    for (const DockerImage& listed : manifest.images) {
        Candidate candidate;
        for (const std::string& name : listed.names) add_name(candidate.image, name, budget);
        for (const std::string& name : listed.layers) {
            add_layer(candidate.image, layer_of_name(store, name), budget);
        }
        load_config(store, listed.config, candidate, budget);
        const std::string& asked = selection.reference;
        candidate.selected = asked.empty() || asked == candidate.image.config_digest ||
                             std::ranges::any_of(listed.names, [&](const std::string& name) {
                                 return name_matches(name, asked);
                             });
        candidates.push_back(std::move(candidate));
    }
    if (!candidates.empty()) {
        for (const std::string& problem : manifest.problems) {
            add_gap(candidates.front().image.gaps, "manifest.json", problem);
        }
    }
    return candidates;
}

}  // namespace stratascan::source
