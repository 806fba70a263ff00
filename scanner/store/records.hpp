// What is given to a store and read from it, as plain data.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scanner/image/join.hpp"
#include "scanner/layer/layer_result.hpp"

namespace stratascan::store {

using Time = std::int64_t;

enum class RepositoryId : std::int64_t {};
enum class LayerId : std::int64_t {};

/// What results depend on besides the bytes.
struct Ruleset {
    std::string hash;      ///< rules, engine and every option that changes a layer's result
    std::string hmac_key;  ///< public id of the key that names secrets
    std::string engine;    ///< the program's version
    std::string rules;     ///< as reports name it
    bool secrets = true;
    bool programs = true;
};

struct StoredLayer {
    LayerId id{};
    layer::LayerResult result;
};

struct RepositoryName {
    std::string registry;  ///< "registry.example:5000"; empty: this machine's files
    std::string name;      ///< "team/app"; the whole path of a file
    std::string target;    ///< as reports name it
};

struct ManifestLayer {
    std::string digest;
    std::string media_type;
    std::int64_t bytes = -1;
};

struct ManifestChild {
    std::string digest;
    std::string platform;
};

struct ManifestRecord {
    std::string digest;
    std::string kind = "image";  ///< "index", or a kind of ImageInfo
    std::string media_type, artifact_type, config_digest, platform, created, subject;
    std::int64_t bytes = 0;
    /// Kept where there is one. REQUIRES that nothing was found in it.
    std::string raw;
    std::vector<ManifestLayer> layers;
    std::vector<ManifestChild> children;
};

struct ImageRecord {
    ManifestRecord manifest;
    int position = 0;  ///< tells the images of one file apart that have one manifest
    Ruleset ruleset;
    image::ImageFacts facts;
    /// As long as facts.layers; nothing where a layer was not read.
    std::vector<std::optional<LayerId>> layers;
    std::vector<image::Hidden> hidden;
    bool complete = false;
    std::string config;    ///< image::kept_config(); empty: none
    std::string attached;  ///< image::kept_attachments(); empty: nobody looked
};

enum class Look : std::uint8_t { whole, glance };

enum class LookState : std::uint8_t {
    whole,    ///< all that the repository lists was seen
    partial,  ///< something was not, as the reason says
    failed,   ///< it could not be listed
};

struct RepositoryRecord {
    RepositoryName name;
    std::string state;  ///< "running", "whole", "partial", "failed"
    std::string reason;
    Time first_seen = 0, last_seen = 0;
    bool gone = false;  ///< from its registry
};

/// Of what a repository holds now.
struct RepositoryTotals {
    std::int64_t images = 0;       ///< scanned manifests of kind "image"
    std::int64_t accessories = 0;  ///< signatures, attestations, artifacts
    std::int64_t incomplete = 0;   ///< of both: not everything was read
    std::int64_t layers = 0;       ///< each once
    std::int64_t programs = 0;
    /// By severity, as the enumeration counts them. A secret at two places of a layer counts twice.
    std::array<std::int64_t, 5> findings{};
};

struct ImageFilter {
    /// Of the manifest, the repository or the target, or "repository:tag"; empty: all.
    std::string image;
    bool with_gone = false;
};

struct StoredImage {
    std::string target;
    Ruleset ruleset;
    image::ImageFacts facts;
    std::vector<std::shared_ptr<const layer::LayerResult>> layers;  ///< null: not read
    std::size_t damaged = 0;  ///< results that can't be read back
    /// image::kept_config(); empty: there is none, or the image was last recorded by a store
    /// of version 2 or 1.
    std::string config;
    /// image::kept_attachments(), of the last look that asked for it; empty: none did.
    std::string attached;
};

/// Rows of each table, and bytes of the file.
struct Figures {
    int version = 0;
    std::uint64_t file_bytes = 0;
    std::vector<std::pair<std::string, std::int64_t>> rows;
    std::vector<std::string> keys;  ///< public ids
    std::vector<Ruleset> rulesets;
    std::vector<std::int64_t> layers_of_ruleset;
};

struct Dropped {
    std::int64_t image_scans = 0, layers = 0, secrets = 0, paths = 0, blobs = 0, manifests = 0;
};

}  // namespace stratascan::store
