// Whose a password of an image's environment is: the user stands in a variable of its own.
#pragma once

#include <vector>

#include "scanner/identity/secret_key.hpp"
#include "scanner/image/join.hpp"

namespace stratascan::image {

/// Gives findings in variables that are called a password the user of the variable whose
/// name begins alike (POSTGRES_USER of POSTGRES_PASSWORD), where there is one such name.
/// `texts`: those that the findings are in. A variable that a finding is in names nobody.
void name_users(std::vector<Finding>& findings, const std::vector<MetadataText>& texts,
                const identity::SecretKey& key);

}  // namespace stratascan::image
