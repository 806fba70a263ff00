// Suppressions on a report without a policy: `scan`.
#pragma once

#include <string>
#include <vector>

#include "scanner/policy/suppression.hpp"
#include "stratascan/report.hpp"

namespace stratascan::policy {

/// Marks what is suppressed; entries that name a check are for the gate alone. Gives
/// warnings, a line each: what has run out, and what matches nothing.
std::vector<std::string> suppress(Report& report, SuppressionFile& file);

}  // namespace stratascan::policy
