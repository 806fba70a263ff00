// Digests of whole blobs and nothing else of them: of layers whose results are known already, a
// digest in a file being only a claim.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "scanner/source/blob.hpp"
#include "stratascan/error.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan::layer {

struct BlobToHash {
    std::size_t number = 0;                    ///< what take() is told
    std::string algorithm;                     ///< "sha256" or "sha512"
    Result<std::unique_ptr<source::BlobReader>> blob;
};

/// Hashes blobs until `next` has none. Two of them at a time where that is faster, so a blob may
/// be done before one that came earlier. `take` gets "sha256:…". Both are called by the thread
/// that calls this; several threads may share them.
void hash_blobs(const std::function<std::optional<BlobToHash>()>& next,
                const std::function<void(std::size_t number, const Result<std::string>&)>& take,
                Progress* progress);

}  // namespace stratascan::layer
