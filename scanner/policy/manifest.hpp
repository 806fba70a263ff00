// Whether a Forge app's manifest lets it run on Atlassian (Introduction to Runs on
// Atlassian, "Eligibility requirements"): no egress permissions, no remotes, no Connect
// modules. An image has none of this; the manifest is given beside it.
//
// YAML by libyaml's document API, which keeps aliases as references: nothing expands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stratascan/error.hpp"

namespace stratascan::policy {

struct ManifestVerdict {
    std::string file, app;             ///< app: its id or name; may be empty
    std::vector<std::string> reasons;  ///< why it is not eligible, as `forge eligibility` has them
    std::vector<std::string> details;  ///< each with line: "line 12: permissions.external.fetch…"
    /// Why it can't be judged: merge keys, several documents. Empty where it can.
    std::vector<std::string> doubts;

    [[nodiscard]] bool eligible() const { return reasons.empty() && doubts.empty(); }
};

/// An Error where it is no YAML mapping.
[[nodiscard]] Result<ManifestVerdict> judge_manifest(std::string_view yaml,
                                                     const std::string& name);
[[nodiscard]] Result<ManifestVerdict> load_manifest(const std::string& path);

}  // namespace stratascan::policy
