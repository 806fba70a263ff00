// A report in one of the formats that people and programs read. One file a
// format; every format is a pure function of the Report, so the same input gives
// the same bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stratascan/error.hpp"
#include "stratascan/report.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan::report {

/// How the table looks; the other formats ignore it.
struct TableStyle {
    bool colour = false;
    unsigned width = 100;  ///< columns of the terminal; at least 40 are used
};

[[nodiscard]] std::string write_json(const Report& report);
[[nodiscard]] std::string write_table(const Report& report, const TableStyle& style);
[[nodiscard]] std::string write_stats(const Stats& stats);

/// A JSON string literal of `bytes` with quotes. Bytes that are not UTF-8 become
/// U+FFFD; returns whether that was so in `lossy`.
[[nodiscard]] std::string json_string(std::string_view bytes, bool* lossy = nullptr);

/// For a terminal: control characters, escape sequences and bidirectional marks
/// are shown as \xNN or \u{NNNN}, never sent.
[[nodiscard]] std::string printable(std::string_view bytes);

}  // namespace stratascan::report
