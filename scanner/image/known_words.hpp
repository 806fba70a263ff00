// Takes what was found in an image's layers out of its build steps. No rule may know the
// password in `RUN setup ann 5ecret`, but when a layer's file has it where one does, the step
// would show it in every finding of its layer.
//
// Layers' results hold no secret in the clear, so each word of a step is named as a secret
// is, and the names are compared.
#pragma once

#include <vector>

#include "scanner/identity/secret_key.hpp"
#include "scanner/image/facts.hpp"
#include "scanner/layer/layer_result.hpp"

namespace stratascan::image {

/// Words stand between white space, quotes and `= ; | & < > ( )`; and between these and
/// `: @ / ,`. A secret that is none of such words stays. `layers` may hold null pointers.
void hide_known_words(ImageFacts& facts, const std::vector<const layer::LayerResult*>& layers,
                      const identity::SecretKey& key);

}  // namespace stratascan::image
