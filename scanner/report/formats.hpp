// The formats of a report by their names, for every command that writes one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scanner/policy/verdict.hpp"
#include "scanner/report/report_writer.hpp"
#include "stratascan/report.hpp"

namespace stratascan::report {

struct WriteOptions {
    TableStyle style{};
    /// Seconds since 1970 for the one format that asks for a time (gitlab). All else
    /// depends on the report alone.
    std::int64_t time = 0;
    /// The verdict over this report, which then stands in it: REQUIRES that its targets
    /// point into the report.
    const policy::GateReport* gate = nullptr;
};

/// In the order in which help texts list them.
[[nodiscard]] const std::vector<std::string>& format_names();

/// REQUIRES: `format` is one of format_names().
[[nodiscard]] std::string write(const Report& report, std::string_view format,
                                const WriteOptions& options);

/// One JSON object a line: layers, findings, programs, checks, then a summary a target.
[[nodiscard]] std::string write_jsonl(const Report& report,
                                      const policy::GateReport* gate = nullptr);
/// SARIF 2.1.0 (OASIS), one run a target.
[[nodiscard]] std::string write_sarif(const Report& report,
                                      const policy::GateReport* gate = nullptr);
/// GitLab's secret detection report, version 15; with a gate that of container scanning.
[[nodiscard]] std::string write_gitlab(const Report& report, std::int64_t time,
                                       const policy::GateReport* gate = nullptr);
/// JUnit XML as Jenkins and GitLab read it: a suite a target, a case a layer; with
/// a gate also a suite a policy, a case a check.
[[nodiscard]] std::string write_junit(const Report& report,
                                      const policy::GateReport* gate = nullptr);
/// CycloneDX 1.6 in JSON: the programs.
[[nodiscard]] std::string write_cyclonedx(const Report& report,
                                          const policy::GateReport* gate = nullptr);
/// RFC 4180, a header, then a row for each finding and program, of a gate
/// also for each check and what it rests on, with columns of their own at the end.
[[nodiscard]] std::string write_csv(const Report& report,
                                    const policy::GateReport* gate = nullptr);
/// One file for a browser, without network access.
[[nodiscard]] std::string write_html(const Report& report,
                                     const policy::GateReport* gate = nullptr);
/// For a comment in a pull request: at most as long as GitHub takes one.
[[nodiscard]] std::string write_markdown(const Report& report,
                                         const policy::GateReport* gate = nullptr);

}  // namespace stratascan::report
