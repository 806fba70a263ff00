// A gate's verdict in the formats that people and programs read. Pure functions of the
// verdict, like the report's.
#pragma once

#include <string>

#include "scanner/policy/verdict.hpp"
#include "scanner/report/json_writer.hpp"
#include "scanner/report/report_writer.hpp"

namespace stratascan::report {

/// First what decides, in the form of `forge eligibility`: a line a target and policy,
/// a line a reason. Then the details of each reason, what was suppressed, and what a
/// pass rests on.
[[nodiscard]] std::string write_gate_table(const policy::GateReport& gate,
                                           const TableStyle& style);

/// `stratascan/report/1` with a "gate" for the whole and for each target, so that it
/// serves as a baseline and wherever a report does.
[[nodiscard]] std::string write_gate_json(const policy::GateReport& gate);

/// The members of a check of the JSON report.
void write_members(JsonWriter& json, const policy::CheckResult& result,
                   const policy::GateReport& gate);

/// The verdict over the gate as a whole, the manifest and warnings, as the beginning of a
/// comment.
[[nodiscard]] std::string write_gate_heading_markdown(const policy::GateReport& gate);

/// What decides over a target, the checks that fail, and what the others answered.
[[nodiscard]] std::string write_gate_markdown(const policy::TargetVerdict& target,
                                              const policy::GateReport& gate);

/// "Image [app:1.2] in [app.tar] is not eligible under forge."
[[nodiscard]] std::string verdict_line(const policy::TargetVerdict& target,
                                       const policy::PolicyVerdict& verdict);

}  // namespace stratascan::report
