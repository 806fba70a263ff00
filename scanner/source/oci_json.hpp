// The documents that say what an image is: an index lists manifests, a manifest
// names a config and its layers, a config carries the platform and the layers'
// diff IDs; docker's manifest.json says the same in its own words. Read here
// from bytes to plain structs; what they name is looked up elsewhere.
//
// OCI (image specification: index, manifest, config) and docker's version 2
// schema 2 differ only in media types and are read alike. What a document is,
// its members decide, not its media type: a document with both "manifests" and
// "layers" means one thing to one tool and another to the next, so it is both.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/source/platform.hpp"
#include "stratascan/error.hpp"

namespace stratascan::source {

/// What points at a blob. Everything in it is a claim.
struct Descriptor {
    std::string media_type;
    std::string artifact_type;
    std::string digest;
    std::int64_t size = -1;  ///< -1: not claimed
    std::map<std::string, std::string> annotations;
    Platform platform;      ///< normalised; empty where not given
    bool has_urls = false;  ///< its bytes may be held elsewhere
    std::vector<std::string> urls;  ///< where, a few at most
    std::string created_by; ///< the build step, of a layer of schema 1
};

/// An index, a manifest, or something that claims to be both.
struct OciDocument {
    bool is_index = false;
    bool is_manifest = false;
    bool is_schema1 = false;  ///< docker's version 2 schema 1
    std::string media_type;
    std::string artifact_type;
    Platform platform;    ///< of schema 1 alone; normalised
    std::string subject;  ///< digest of the manifest that this one is about
    std::optional<Descriptor> config;
    std::vector<Descriptor> layers;
    std::vector<Descriptor> manifests;
    std::map<std::string, std::string> annotations;
    std::vector<std::string> problems;  ///< what breaks the rules, each a gap
};

/// What a config says that the join of layers needs.
struct ConfigFacts {
    Platform platform;  ///< normalised
    std::vector<std::string> diff_ids;
};

/// One image of docker's manifest.json. Names are those of archive members.
struct DockerImage {
    std::string config;
    std::vector<std::string> names;
    std::vector<std::string> layers;
};

struct DockerManifest {
    std::vector<DockerImage> images;
    std::vector<std::string> problems;
};

/// docker's <id>/json from before version 1.10: a layer, and an image as well.
struct LegacyLayer {
    std::string parent;      ///< the layer below; empty: the lowest
    std::string created_by;  ///< the build step
    std::vector<std::string> problems;
};

/// A name, "app:1.2", and the topmost layer's id.
struct LegacyTag {
    std::string name;
    std::string id;
};

struct LegacyTags {
    std::vector<LegacyTag> tags;
    std::vector<std::string> problems;
};

/// Errors: `malformed` or `over_limit` when it is no JSON object. Any object is
/// a document; the flags say of what kind.
[[nodiscard]] Result<OciDocument> parse_oci_document(std::string_view bytes);

[[nodiscard]] Result<ConfigFacts> parse_config(std::string_view bytes);

/// Errors also when no element of the list has the shape of an image.
[[nodiscard]] Result<DockerManifest> parse_docker_manifest(std::string_view bytes);

/// Errors when it is no JSON object.
[[nodiscard]] Result<LegacyLayer> parse_legacy_layer(std::string_view bytes);

/// docker's `repositories`: {"app": {"1.2": id}}.
[[nodiscard]] Result<LegacyTags> parse_legacy_tags(std::string_view bytes);

/// A layer of a file system, by its media type; an empty one says nothing and
/// counts as a layer.
[[nodiscard]] bool is_layer_media_type(std::string_view media_type) noexcept;

/// The config of an image that a runtime could start; an empty one counts.
[[nodiscard]] bool is_image_config_media_type(std::string_view media_type) noexcept;

/// Layers that may not be handed on with the image (Windows base layers).
[[nodiscard]] bool is_foreign_media_type(std::string_view media_type) noexcept;

}  // namespace stratascan::source
