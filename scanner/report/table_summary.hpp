// The table's summaries: what was found, what was looked through, and what was
// not and why.
#pragma once

#include "scanner/report/text.hpp"
#include "stratascan/report.hpp"

namespace stratascan::report {

[[nodiscard]] Tone tone_of(Severity severity) noexcept;

/// Counts, coverage, notes and gaps of one target.
void write_target_summary(Canvas& canvas, const TargetReport& target);

/// The last lines: totals where there are several targets, and what the scan as
/// a whole means, in one line.
void write_report_summary(Canvas& canvas, const Report& report);

}  // namespace stratascan::report
