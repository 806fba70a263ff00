// A baseline: an earlier JSON report of ours, of `scan` or of `gate`. What stands in it
// is not new and does not fail a gate. A report of `scan` knows secrets and programs
// only; one of `gate` every item that a check told.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "scanner/policy/verdict.hpp"
#include "stratascan/error.hpp"

namespace stratascan::policy {

/// Identities as identity_of() makes them. What was suppressed, allowed or of the base
/// in the earlier report is left out: it was never accepted for good. What was in that
/// one's own baseline still is.
[[nodiscard]] Result<std::set<std::string>> read_baseline(std::string_view report,
                                                          const std::string& name);

/// The same, of a file of at most 512 MiB.
[[nodiscard]] Result<std::set<std::string>> load_baseline(const std::string& path);

/// Of a gate that was just held: what its checks found and counted, and every secret and
/// program of its reports.
[[nodiscard]] std::set<std::string> identities_in(const GateReport& gate);

}  // namespace stratascan::policy
