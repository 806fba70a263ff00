// A blob's digest and nothing else: what it takes to know that a result which is kept is
// the result of these bytes.
#pragma once

#include <memory>
#include <string>

#include "scanner/source/blob.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan::layer {

/// Reads `blob` to its end; "sha256:…". `algorithm` is "sha256" or "sha512". Errors: of
/// the blob.
[[nodiscard]] Result<std::string> digest_of(Result<std::unique_ptr<source::BlobReader>> blob,
                                            const std::string& algorithm, Progress* progress);

}  // namespace stratascan::layer
