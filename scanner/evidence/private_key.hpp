// What is told of a private key that was parsed, whatever it was written in.
#pragma once

#include "scanner/evidence/evidence.hpp"
#include "scanner/evidence/public_part.hpp"

namespace stratascan::evidence {

/// Type, size, public fingerprints, and whether its numbers agree: verified then, and well
/// formed otherwise. A published key is a known example.
[[nodiscard]] Output output_of_key(EVP_PKEY& key);

}  // namespace stratascan::evidence
