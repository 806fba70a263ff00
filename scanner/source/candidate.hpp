// An image on its way from the documents to the list that a source hands out:
// the ImageRef and what is needed to tell whether it is the one asked for, the
// same as another, or about another. Here is also what indexes and docker's
// manifest.json share: reading a document and checking it, finding a layer's
// blob, joining diff IDs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/source/blob_store.hpp"
#include "scanner/source/image_source.hpp"
#include "scanner/source/oci_json.hpp"
#include "scanner/source/platform.hpp"

namespace stratascan::source {

/// Which images of a target the user asked for.
struct Selection {
    std::optional<Platform> platform;  ///< normalised; none: all
    std::string reference;             ///< a tag, a name or a digest; empty: all
};

struct Candidate {
    ImageRef image;
    std::string claimed_digest;  ///< of the manifest, as its descriptor has it
    std::string refers_to;       ///< digest of the image that this one is about
    Platform offered;            ///< as the descriptor in the index has it
    Platform configured;         ///< as the config has it
    std::size_t root = 0;        ///< ordinal of the top descriptor that it hangs from
    bool selected = false;       ///< by Selection::reference
};

/// What the images of one target may take up in memory, whatever the documents
/// say. A small index that names one big one a thousand times would otherwise
/// cost a thousand times its size.
class Budget {
public:
    Budget() = default;
    explicit Budget(std::uint64_t bytes) noexcept : left_(bytes) {}

    /// False, and nothing taken, when `bytes` are not left.
    [[nodiscard]] bool charge(std::uint64_t bytes) noexcept;

private:
    std::uint64_t left_ = std::uint64_t{96} << 20;
};

/// The reason of a gap when the budget is used up.
inline constexpr std::string_view budget_reason =
    "the documents of this target need more memory than is granted to them";

/// A document and its true digest.
struct Document {
    std::string bytes;
    std::string digest;
};

/// Reads the blob that `descriptor` points at and checks its digest and size.
/// What does not hold is a gap of `gaps`, and the bytes are used all the same.
/// An Error when there is nothing to use; its text names no outside bytes.
[[nodiscard]] Result<Document> load_document(const BlobStore& store, std::string_view what,
                                             const Descriptor& descriptor, Budget& budget,
                                             std::vector<Gap>& gaps);

/// The layer that `descriptor` points at, with the reason where it has no bytes.
[[nodiscard]] LayerRef make_layer(const BlobStore& store, const Descriptor& descriptor);

/// Appends a layer unless the budget is used up, which is a gap.
void add_layer(ImageRef& image, LayerRef layer, Budget& budget);

/// The longest name of an image that is kept.
inline constexpr std::size_t longest_name_bytes = 1024;

/// Adds a name in its place in the order, once. Names that no tool would write
/// are noted and left out.
void add_name(ImageRef& image, const std::string& name, Budget& budget);

/// Takes the platform and the layers' diff IDs from the bytes of a config.
void apply_config(Candidate& candidate, std::string_view config, const std::string& place);

/// Adds a gap, once.
void add_gap(std::vector<Gap>& gaps, std::string path, std::string reason);

/// Whether an image of this name or digest is the one that `reference` asks for:
/// "latest" and "app:latest" both are "docker.io/library/app:latest".
[[nodiscard]] bool name_matches(std::string_view name, std::string_view reference) noexcept;

}  // namespace stratascan::source
