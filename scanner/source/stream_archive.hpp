// Targets whose bytes pass once: standard input, a named pipe, a compressed
// archive on disk.
#pragma once

#include <memory>
#include <string>

#include "scanner/source/candidate.hpp"
#include "scanner/source/decoded_stream.hpp"
#include "scanner/source/file_blob.hpp"
#include "scanner/source/image_source.hpp"

namespace stratascan::source {

/// What a stream is taken for.
enum class StreamForm {
    by_content,      ///< told from its start
    archive,         ///< an image archive
    oci_archive,     ///< one that must have an index.json
    docker_archive,  ///< one that must have a manifest.json, or be older than that
    layer,
};

/// `name` is the key of the one layer if it turns out to be one. Nothing is read
/// before stream() is called. `limits` are those of the compression round an
/// archive; a layer is handed on as it came.
[[nodiscard]] std::unique_ptr<ImageSource> open_stream(std::unique_ptr<BlobReader> bytes,
                                                       std::string name, StreamForm form,
                                                       Selection selection,
                                                       const StreamLimits& limits = {});

/// The same of what a file descriptor gives.
[[nodiscard]] std::unique_ptr<ImageSource> open_stream(UniqueFd fd, std::string name,
                                                       StreamForm form, Selection selection,
                                                       const StreamLimits& limits = {});

}  // namespace stratascan::source
