// What the commands that scan have in common: targets, options of the scan, progress.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "scanner/report/report_writer.hpp"
#include "stratascan/scanner.hpp"

namespace CLI {
class App;
}

namespace stratascan::cli {

struct ScanOptions {
    Options options;
    std::vector<std::string> targets;
    std::string output;
    std::string colour = "auto";
    bool quiet = false;
    bool no_progress = false;
    bool stats = false;
};

/// Targets, and every option that changes what or how is scanned.
void add_scan_options(CLI::App& command, ScanOptions& options);

[[nodiscard]] report::TableStyle table_style(const ScanOptions& options);

/// A scan with notes, progress and statistics on standard error. Ctrl-C ends it with
/// what is complete.
[[nodiscard]] Result<Report> run_scan(const ScanOptions& options);

}  // namespace stratascan::cli
