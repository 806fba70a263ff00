// What a check looks at: one image with its report and facts, and what the gate was
// told beside it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scanner/image/image_facts.hpp"
#include "scanner/policy/check.hpp"
#include "stratascan/report.hpp"

namespace stratascan::policy {

/// What came of verifying an image's signatures with the keys and authorities given.
struct SignatureCheck {
    bool asked = false;   ///< a key or an authority was given
    bool holds = false;
    std::string detail{};   ///< which signature holds, or why none does
    /// By the digests of attached blobs: how a signature over what they state about this
    /// image holds ("under the key"), or why none does.
    std::map<std::string, std::string> verified{}, refused{};
};

/// What the suppression file was like, for the check of its justifications.
struct SuppressionState {
    bool given = false;
    std::vector<std::string> expired;  ///< "file:line: …"
};

struct Subject {
    const TargetReport& report;
    const image::GateFacts& facts;
    std::int64_t now = 0;  ///< seconds since 1970
    int base_layers = -1;  ///< the lowest so many are the base's; -1: not known
    SignatureCheck signature;
    SuppressionState suppressions;
    /// What the base is called by whoever called the gate, where it is known.
    std::vector<std::string> base_names{};

    /// Layers on top of each other, so that there is a final tree.
    [[nodiscard]] bool has_tree() const {
        const std::string& kind = report.image.kind;
        return kind == "image" || kind == "layer" || kind == "directory";
    }
};

using CheckFunction = Answer (*)(const Subject&, const Settings&);

/// The function that decides a check of the catalogue; nullptr for an undecidable one.
[[nodiscard]] CheckFunction function_of(std::string_view check) noexcept;

}  // namespace stratascan::policy
