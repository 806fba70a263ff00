// The part of SARIF that a gate adds: a rule and results for each check that fails or
// keeps the gate from passing.
#pragma once

#include "scanner/policy/verdict.hpp"
#include "scanner/report/json_writer.hpp"

namespace stratascan::report {

/// A check of a policy that has results in a run.
struct SarifCheck {
    const policy::PolicyVerdict* verdict = nullptr;
    const policy::CheckResult* result = nullptr;
};

/// In the order of policies and checks. None where `verdict` is nullptr.
[[nodiscard]] std::vector<SarifCheck> sarif_checks(const policy::TargetVerdict* verdict);

/// reportingDescriptor (SARIF 3.49) of a check: "forge/user-root".
void write_check_rule(JsonWriter& json, const SarifCheck& check);

/// result (3.27): one for all that fails the check, and one, marked as suppressed (3.35),
/// for what each suppression, the base, the baseline or the policy sets aside. A check that
/// could not be decided and must be is of kind "open".
void write_check_results(JsonWriter& json, const SarifCheck& check, std::size_t rule_index,
                         const TargetReport& target, const policy::GateReport& gate);

/// Member "gate" of a run's properties: every verdict and what each check answered.
void write_gate_property(JsonWriter& json, const policy::TargetVerdict& verdict);

/// A physical location by its URI and, where `line` is not 0, its line (3.29).
void write_physical_location(JsonWriter& json, std::string_view uri, std::uint64_t line);

/// GitHub's scale: over 9 is critical, over 7 high, over 4 medium.
[[nodiscard]] const char* security_severity(Severity severity);

/// A member that is an object with a "text".
void text_object(JsonWriter& json, std::string_view name, std::string_view text);

}  // namespace stratascan::report
