// From reports to a verdict: may this image be pushed, and if not, why exactly.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scanner/policy/base_image.hpp"
#include "scanner/policy/manifest.hpp"
#include "scanner/policy/policy.hpp"
#include "scanner/policy/subject.hpp"
#include "scanner/policy/suppression.hpp"

namespace stratascan::policy {

/// In the order of what wins over several policies and targets.
enum class Verdict : std::uint8_t { pass, incomplete, fail };

[[nodiscard]] std::string_view to_string(Verdict) noexcept;

struct CheckResult {
    PolicyCheck check;
    Answer answer;
    bool fails = false;   ///< the gate, by this check
    bool blocks = false;  ///< unknown, and the policy does not let that pass
};

struct PolicyVerdict {
    std::string policy;  ///< its id
    Verdict verdict = Verdict::pass;
    std::vector<CheckResult> results;  ///< in the catalogue's order
    /// Why an incomplete scan does not pass, or why the policy lets it; may be empty.
    std::string incomplete, accepted_incomplete;
};

struct TargetVerdict {
    const TargetReport* report = nullptr;
    int base_layers = -1;
    std::vector<PolicyVerdict> policies;
    Verdict verdict = Verdict::pass;
};

struct GateReport {
    const Report* report = nullptr;
    std::vector<Policy> policies;
    std::vector<TargetVerdict> targets;
    std::vector<Suppression> suppressions;
    std::optional<ManifestVerdict> manifest;
    std::vector<std::string> warnings;  ///< of suppressions, base and baseline; one line each
    Verdict verdict = Verdict::pass;
};

/// What the gate was told beside targets and policies.
struct GateSettings {
    std::int64_t now = 0;               ///< seconds since 1970
    std::optional<Severity> fail_on;    ///< over that of each policy
    bool only_own_layers = false;
    std::set<std::string> baseline;     ///< identities that are not new
    std::function<ProvedBase(const TargetReport&)> base;
    std::function<SignatureCheck(const TargetReport&)> signature;
};

/// Judges every report under every policy. `suppressions` come back with what they
/// matched. REQUIRES: the reports have facts.
[[nodiscard]] GateReport judge(const Report& report, std::vector<Policy> policies,
                               SuppressionFile suppressions, const GateSettings& settings);

/// A manifest that is not eligible fails the gate; one in doubt makes it incomplete.
void add_manifest(GateReport& gate, ManifestVerdict manifest);

/// What an item is recognised by from one report to the next: a secret by its rule and
/// identity, a program by its name and path, anything else by its check and key. 32 hex
/// digits.
[[nodiscard]] std::string identity_of(std::string_view check, const Item& item);
[[nodiscard]] std::string secret_identity(std::string_view rule, std::string_view secret_id);
[[nodiscard]] std::string program_identity(std::string_view program, std::string_view path);

}  // namespace stratascan::policy
