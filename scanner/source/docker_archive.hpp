// docker's manifest.json: what `docker save` writes beside, or instead of, an
// OCI index.
#pragma once

#include <vector>

#include "scanner/source/candidate.hpp"

namespace stratascan::source {

/// The images that manifest.json lists, in its order.
[[nodiscard]] std::vector<Candidate> docker_images(const BlobStore& store,
                                                   const DockerManifest& manifest,
                                                   const Selection& selection, Budget& budget);

}  // namespace stratascan::source
