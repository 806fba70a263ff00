// Whether a Forge app's manifest lets it run on Atlassian (Introduction to Runs on
// Atlassian, "Eligibility requirements"): no egress permissions, no remotes, no Connect
// modules. An image has none of this; the manifest is given beside it.
//
// YAML by libyaml's document API, which keeps aliases as references: nothing expands.
#pragma once

#include <functional>
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

/// A text without the secrets in it.
using Cleaned = std::function<std::string(std::string_view)>;

/// An Error where it is no YAML mapping. What is told of its texts goes through `cleaned` first:
/// of a text that was cut, half of a secret would be left.
[[nodiscard]] Result<ManifestVerdict> judge_manifest(std::string_view yaml,
                                                     const std::string& name,
                                                     const Cleaned& cleaned);
[[nodiscard]] Result<ManifestVerdict> load_manifest(const std::string& path,
                                                    const Cleaned& cleaned);

}  // namespace stratascan::policy
