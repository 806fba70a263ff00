// The formats of a report by their names, for every command that writes one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scanner/report/report_writer.hpp"
#include "stratascan/report.hpp"

namespace stratascan::report {

struct WriteOptions {
    TableStyle style{};
    /// Seconds since 1970 for the one format that asks for a time (gitlab). All else
    /// depends on the report alone.
    std::int64_t time = 0;
};

/// In the order in which help texts list them.
[[nodiscard]] const std::vector<std::string>& format_names();

/// REQUIRES: `format` is one of format_names().
[[nodiscard]] std::string write(const Report& report, std::string_view format,
                                const WriteOptions& options);

/// SARIF 2.1.0 (OASIS), one run a target.
[[nodiscard]] std::string write_sarif(const Report& report);
/// GitLab's secret detection report, version 15.
[[nodiscard]] std::string write_gitlab(const Report& report, std::int64_t time);
/// JUnit XML as Jenkins and GitLab read it: a suite a target, a case a layer.
[[nodiscard]] std::string write_junit(const Report& report);
/// CycloneDX 1.6 in JSON: the programs.
[[nodiscard]] std::string write_cyclonedx(const Report& report);
/// RFC 4180, a header, then a row for each finding and program.
[[nodiscard]] std::string write_csv(const Report& report);
/// One file for a browser, without network access.
[[nodiscard]] std::string write_html(const Report& report);
/// For a comment in a pull request: at most as long as GitHub takes one.
[[nodiscard]] std::string write_markdown(const Report& report);

}  // namespace stratascan::report
