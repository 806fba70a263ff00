// OpenSSH's own form of a private key.
#pragma once

#include <string_view>

#include "scanner/evidence/evidence.hpp"

namespace stratascan::evidence {

/// What the decoded body of an OPENSSH PRIVATE KEY block proves.
[[nodiscard]] Output judge_openssh_key(std::string_view body);

/// An Output with the two fingerprints and the description of a public blob, and
/// the confidence of a published key lowered; level pattern where it doesn't parse.
[[nodiscard]] Output judge_public_blob(std::string_view blob);

}  // namespace stratascan::evidence
