// An OCI image layout that is a folder.
#pragma once

#include <memory>
#include <string>

#include "scanner/source/candidate.hpp"
#include "scanner/source/image_source.hpp"

namespace stratascan::source {

/// Whether the folder is a layout: it has the oci-layout file, or an index.json
/// that is an index.
[[nodiscard]] bool is_oci_layout(const std::string& folder);

[[nodiscard]] Result<std::unique_ptr<ImageSource>> open_oci_layout(const std::string& folder,
                                                                   Selection selection);

}  // namespace stratascan::source
