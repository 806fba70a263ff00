// Layers' results joined into an image's: which build step made each layer,
// what is still visible in the final file system, what a later layer deleted or
// overwrote and which one. Rules of the image specification ("Layer", Applying
// changesets): a layer's entries replace those of the same path below; a
// whiteout `.wh.name` hides the lower `name` and everything under it, never an
// entry of its own layer; `.wh..wh..opq` hides all that lower layers hold in its
// directory; a non-directory over a directory hides what was under it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/image/facts.hpp"
#include "scanner/layer/layer_result.hpp"
#include "scanner/source/image_source.hpp"
#include "stratascan/report.hpp"

namespace stratascan::image {

/// One text of the config or manifest that is scanned as if it were a file.
struct MetadataText {
    Source source = Source::config;
    std::string path;  ///< "config.Env[2]", "history[4].created_by", "annotations[\"key\"]"
    std::string text;  ///< "NAME=value" for an environment variable or a label
    int layer_index = -1;  ///< for a history entry: the layer that it made, -1 for an empty one
};

/// Every text of an image's config and manifest, so that all their bytes are
/// covered: environment, labels, entrypoint, command, healthcheck, history
/// (created_by, comment, author), annotations, descriptor `data`, and the whole
/// of what remains as one text. Malformed JSON is given as one raw text, with a
/// gap. Texts of documents beside the two come last, without those that are
/// there already. Bounded by the documents' sizes.
[[nodiscard]] std::vector<MetadataText> metadata_texts(const source::ImageRef& image,
                                                       std::vector<Gap>& gaps);

/// `created_by` of each layer: history entries without `empty_layer`, in order.
/// Entries that are missing are "", and a count that does not fit adds a note.
[[nodiscard]] std::vector<std::string> build_steps(const source::ImageRef& image,
                                                   std::vector<std::string>& notes);

/// A finding or a program of a layer that is not visible in an image. `index` counts
/// the findings, or the programs, of the layer's result.
struct Hidden {
    int layer = 0;
    std::uint32_t index = 0;
    bool program = false;
    Visibility how = Visibility::visible;
    int by = -1;  ///< index of the layer that did it
    auto operator<=>(const Hidden&) const = default;
};

/// The image's report, of what describe() tells of it. Adds to `hidden`, unless it is
/// null, what is not visible. The rest is as below.
[[nodiscard]] TargetReport join(const std::string& target, const ImageFacts& image,
                                const std::vector<const layer::LayerResult*>& layers,
                                bool cancelled, std::vector<Hidden>* hidden = nullptr);

/// Takes findings away where secrets were not sought, and notes what was not.
void note_what_was_sought(TargetReport& report, bool secrets, bool programs);

/// The image's report. `layers[i]` is the result of image.layers[i], or nullptr
/// where there is none (unavailable, or stopped). `metadata` are the findings in
/// metadata_texts(), with source and path set. Findings come sorted by layer
/// (metadata first), path, offset and rule; a digest that differs from the claim
/// makes its layer `failed` and marks its findings.
[[nodiscard]] TargetReport join(const std::string& target, const source::ImageRef& image,
                                const std::vector<const layer::LayerResult*>& layers,
                                std::vector<Finding> metadata, bool cancelled);

}  // namespace stratascan::image
