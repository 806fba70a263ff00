// All images of a target: the union of what its documents list, each image once,
// in a fixed order, and of these what the user asked for.
#pragma once

#include <vector>

#include "scanner/source/candidate.hpp"

namespace stratascan::source {

/// Reads index.json and manifest.json of `store`, whichever there are. An Error
/// when neither could be understood, or when `selection` leaves nothing; the
/// error then says what there is.
[[nodiscard]] Result<std::vector<ImageRef>> resolve_images(const BlobStore& store,
                                                           const Selection& selection);

}  // namespace stratascan::source
