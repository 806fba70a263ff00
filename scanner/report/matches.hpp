// The answer of `find`, for people, for programs and for spreadsheets. No secret is in
// it: what it was asked with was hashed before.
#pragma once

#include <string>

#include "scanner/report/report_writer.hpp"
#include "scanner/store/query.hpp"

namespace stratascan::report {

[[nodiscard]] std::string write_matches_table(const store::Answer& answer,
                                              const TableStyle& style);
/// `stratascan/find/1`.
[[nodiscard]] std::string write_matches_json(const store::Answer& answer);
/// RFC 4180 with a header line. A text that a spreadsheet would run as a formula gets an
/// apostrophe in front.
[[nodiscard]] std::string write_matches_csv(const store::Answer& answer);

/// "2026-01-31T12:00:00Z"; empty for 0.
[[nodiscard]] std::string timestamp(std::int64_t seconds);

}  // namespace stratascan::report
