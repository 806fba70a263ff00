// What an image had that the store knows: for a gate on what is new since.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "scanner/policy/policy.hpp"
#include "stratascan/error.hpp"

namespace stratascan::cli {

struct Since {
    std::set<std::string> identities;  ///< as policy::identity_of() makes them
    std::vector<std::string> warnings; ///< what is not quite comparable, a line each
};

/// `image` is a digest, "repository:tag", "repository@digest" or a file as it was named when
/// it was scanned. Secrets, programs and what its layers' files, its config and what was attached
/// to it tell a policy's checks come from the store at `store` (empty: the default place), as it
/// was kept there (image/kept_config.hpp, image/kept_attachments.hpp). `verifies`: somebody said
/// whose signatures count. Which of them held is not in the store, so one that was there and is
/// not verified now is news. An Error where the store does not know the image, or knows several
/// of that name for one platform.
[[nodiscard]] Result<Since> read_since(const std::string& store, const std::string& image,
                                       const std::vector<policy::Policy>& policies, bool verifies,
                                       std::int64_t now);

}  // namespace stratascan::cli
