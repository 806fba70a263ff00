// What stands beside an image and is about it: signatures, bills of materials,
// provenance, VEX. Known from
//   - BuildKit: an index entry annotated vnd.docker.reference.type=attestation-manifest
//     and vnd.docker.reference.digest, layers application/vnd.in-toto+json annotated
//     in-toto.io/predicate-type;
//   - OCI 1.1 referrers: a manifest with `subject` and `artifactType`;
//   - cosign tags: "sha256-<hex>.sig", ".att", ".sbom", and the referrers' fallback tag
//     "sha256-<hex>".
// That something is attached says nothing of its validity; see policy/signature.hpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "scanner/source/image_source.hpp"

namespace stratascan::image {

/// One layer of an attached manifest.
struct AttachedBlob {
    std::string digest;
    std::string media_type;
    std::string predicate_type;  ///< of an in-toto statement, as annotated or as it says itself
    std::map<std::string, std::string> annotations;
    std::string bytes;  ///< empty: too large, or a stream that has passed
    /// Its envelope is not at hand any more (kept_attachments.hpp), so whether and by whom it is
    /// signed can't be told.
    bool unproven = false;
    /// The id of the builder in a statement of provenance as it may be told; empty: as it
    /// is.
    std::string told_builder{};
};

struct Attachment {
    std::string subject;        ///< digest of the image's manifest
    std::string digest;         ///< of the attached manifest
    std::string artifact_type;  ///< or the config's media type
    std::string tag;            ///< by which it was found, where it was by one
    std::vector<AttachedBlob> blobs;
};

/// The id of the builder that a statement of provenance names; "" where it names none.
[[nodiscard]] std::string builder_of(const nlohmann::json& statement);
/// The same of a blob, in the open or in an envelope.
[[nodiscard]] std::string builder_in(const AttachedBlob& blob);

inline constexpr std::size_t attached_blob_limit = std::size_t{2} << 20;
inline constexpr std::size_t attached_bytes_limit = std::size_t{16} << 20;

/// All attachments among a target's images. `open` gives a layer's bytes, or nullptr
/// where they have passed; blobs up to the limits are read, and kept only when they are
/// what their digest claims.
[[nodiscard]] std::vector<Attachment> find_attachments(
    const std::vector<source::ImageRef>& images,
    const std::function<std::unique_ptr<source::BlobReader>(const source::LayerRef&)>& open);

}  // namespace stratascan::image
