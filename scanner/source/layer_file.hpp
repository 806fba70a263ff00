// The two targets that hold no image: one layer in a file, one file system in a
// folder.
#pragma once

#include <memory>
#include <string>

#include "scanner/source/image_source.hpp"

namespace stratascan::source {

/// A layer tarball, of whatever compression. `bytes` is the file's size; `doubt`, if not empty,
/// says why it may be none, and is told as a gap.
[[nodiscard]] std::unique_ptr<ImageSource> open_layer_file(std::string path, std::uint64_t bytes,
                                                           std::string doubt = {});

/// A root file system that lies unpacked in a folder.
[[nodiscard]] std::unique_ptr<ImageSource> open_directory(std::string path);

}  // namespace stratascan::source
