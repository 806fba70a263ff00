// Statements of in-toto (in-toto/attestation, spec/v1/statement.md) that are attached, in the
// open or in an envelope, and what those of SLSA say of a build.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/image/attachments.hpp"
#include "scanner/image/document.hpp"
#include "scanner/policy/subject.hpp"

namespace stratascan::policy {

/// The statement that a blob holds, or any other JSON document that it is; nothing where it
/// is none or has a key twice.
[[nodiscard]] std::optional<image::Document> document_in(const image::AttachedBlob& blob);

/// Of a blob's predicate type, its media type and the artifact type of what it is part of, the
/// first that has one of `words` in it, or "".
[[nodiscard]] std::string document_kind(const image::Attachment& attached,
                                        const image::AttachedBlob& blob,
                                        std::initializer_list<std::string_view> words);

/// Digests that a statement names as its subjects: "sha256:…".
[[nodiscard]] std::vector<std::string> subjects_of(const image::Document& document);

/// Whether a document speaks of this image: one that names no subjects speaks of what it is
/// attached to.
[[nodiscard]] bool is_about(const image::Document& document, const Subject& subject);

/// What SLSA provenance says of who built and how (slsa.dev/spec/v0.2 and v1.0, provenance;
/// BuildKit, docs/attestations/slsa-definitions.md).
struct BuildClaim {
    std::string version;  ///< "v0.2", "v1"
    std::string builder;  ///< its id, a URI
    std::string told_builder;  ///< the same without the secrets that it may hold
    bool whole = false;   ///< of BuildKit's mode=max: with the definition of the build
};

[[nodiscard]] std::optional<BuildClaim> build_claim(const image::AttachedBlob& blob,
                                                    const Subject& subject);

}  // namespace stratascan::policy
