// What the commands that scan targets and report have in common: their options, and the
// scan with its progress.
#pragma once

#include <string>
#include <vector>

#include "scanner/cli/form.hpp"
#include "scanner/cli/scan_options.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan::cli {

struct ScanRun {
    Options options;
    std::vector<std::string> targets;
    Form form;
    ScanChoices choices;
    bool no_store = false;
    bool quiet = false;
    bool no_progress = false;
    bool stats = false;
    bool password_from_input = false;
};

/// Targets, forms of output, and every option that changes what or how is scanned.
/// `may_choose`: it may be limited to secrets or programs.
void add_scan_run(CLI::App& command, ScanRun& run, const std::vector<std::string>& formats,
                  bool may_choose);

/// Reads the password that is to come from standard input, once; what asks a registry before
/// run_scan() calls it first.
[[nodiscard]] Result<void> take_password(ScanRun& run);

/// A scan with notes, progress and statistics on standard error. Ctrl-C ends it with
/// what is complete.
[[nodiscard]] Result<Report> run_scan(ScanRun& run);

}  // namespace stratascan::cli
