// What is known of an image once its config and manifest were read and scanned, and
// before its layers are: all that a report says of it, and no secret in the clear. With
// the layers' results it makes the image's report (join.hpp), now or, from the store,
// much later; the documents themselves are not needed again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scanner/source/image_source.hpp"
#include "stratascan/report.hpp"

namespace stratascan::image {

/// What the manifest claims of a layer.
struct LayerFacts {
    std::string digest;  ///< empty where the format carries none
    std::string media_type;
    std::int64_t size = -1;  ///< -1: not claimed
    std::string created_by;  ///< the build step
    std::string name;        ///< of a stray
    std::string unavailable;
    LayerState unavailable_state = LayerState::failed;
};

struct ImageFacts {
    ImageInfo info;
    std::string media_type, artifact_type;  ///< of the manifest
    std::string subject;                    ///< its digest; empty: none that is one
    std::vector<LayerFacts> layers;  ///< lowest first
    std::vector<Finding> findings;   ///< in the documents; sorted
    std::vector<Gap> gaps;
    std::vector<std::string> notes;
    std::uint64_t metadata_bytes = 0;  ///< of config and manifest
    std::vector<std::string> program_folders;  ///< of PATH, see programs.hpp
};

/// `found` are the findings in metadata_texts(), with source and path set. What they
/// found is taken out of every text that is kept.
[[nodiscard]] ImageFacts describe(const source::ImageRef& image, std::vector<Finding> found);

/// Adds a gap that is not there yet.
void add_gap(std::vector<Gap>& gaps, Gap gap);

/// A build step is repeated in every finding of its layer; a here-document of a
/// megabyte in ten thousand findings would be ten gigabytes.
inline constexpr std::size_t step_bytes_limit = 4096;

/// Cut between characters, with an ellipsis.
[[nodiscard]] std::string shortened(std::string text, std::size_t limit);

}  // namespace stratascan::image
