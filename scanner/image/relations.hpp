// What the findings of an image say of each other: which certificate a key belongs to,
// which variables of the configuration are halves of one credential, and which
// identifiers must not be told, because the same text is a secret elsewhere.
#pragma once

#include <vector>

#include "scanner/layer/layer_result.hpp"
#include "stratascan/report.hpp"

namespace stratascan::image {

/// Gives each private key the certificate of the image that has its public half. Of
/// several the one that ends last; of those the first in the image.
void match_certificates(std::vector<Finding>& findings,
                        const std::vector<const layer::LayerResult*>& layers);

/// Takes away identifiers that are secrets elsewhere in the image.
void drop_secret_identifiers(std::vector<Finding>& findings);

}  // namespace stratascan::image
