// What the formats of a verdict say in the same words.
#pragma once

#include <string>
#include <vector>

#include "scanner/policy/verdict.hpp"

namespace stratascan::report {

/// The target's verdict, or nullptr: no gate, or the gate has none of it.
[[nodiscard]] const policy::TargetVerdict* verdict_of(const policy::GateReport* gate,
                                                      const TargetReport& target);

/// "3.1 · NIST 4.1.2 · CIS 4.1 · BSI A17": the source's section and what it refers to.
[[nodiscard]] std::string references_of(const policy::CheckResult& result,
                                        bool with_section = true);

/// Where an item stands, printable: "app.jar › a.properties:3", "config.User".
[[nodiscard]] std::string place_of(const policy::Item& item);

/// Why an item does not fail the gate: suppressed, of the base, in the baseline, allowed.
/// Empty where nothing sets it aside.
[[nodiscard]] std::string set_aside(const policy::Item& item, const policy::GateReport& gate);

/// One line, printable: "setuid · usr/bin/x · layer 2 · COPY tools / (suppressed until …)".
[[nodiscard]] std::string item_line(const policy::Item& item, const policy::GateReport& gate);

/// What of a check's items formats tell as one result: all that are open, then those that
/// are set aside for the same reason. Items that are told for completeness are left out.
struct ItemGroup {
    std::string aside;   ///< empty: these are open
    std::vector<const policy::Item*> items;
};
[[nodiscard]] std::vector<ItemGroup> groups_of(const policy::CheckResult& result,
                                               const policy::GateReport& gate);

/// "fails"; "told": a failure that does not decide; "set aside": one of which nothing is
/// open; "not known": blocks; or the outcome's own name.
[[nodiscard]] std::string_view weight_of(const policy::CheckResult& result);

/// Every line that decides, printable: "Image runs as root", "Not known: …".
[[nodiscard]] std::vector<std::string> reasons_of(const policy::PolicyVerdict& verdict,
                                                  const TargetReport& report);

/// What an app's manifest calls it, as it stands there; or that it says nothing.
/// Checks with one answer and one reason, which say no more than that.
struct AnswerGroup {
    std::vector<std::string> checks;  ///< ids
    std::string reason;               ///< printable; empty for what passed
};

/// All checks with this answer, in the policy's order. What passed is one group, for each rests
/// on something else; of the others those with the same reason are.
[[nodiscard]] std::vector<AnswerGroup> answered(const policy::PolicyVerdict& verdict,
                                                policy::Outcome outcome);

[[nodiscard]] std::string app_name(const policy::ManifestVerdict& manifest);

/// "is eligible", "is not eligible", "can't be judged".
[[nodiscard]] std::string_view eligibility(const policy::ManifestVerdict& manifest);

}  // namespace stratascan::report
