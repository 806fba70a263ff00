// A command of the program: what it is called, what it takes, what it does.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace stratascan::cli {

/// Exit codes, the same for every command.
enum ExitCode : int {
    exit_clean = 0,       ///< complete, and nothing found
    exit_findings = 1,    ///< something was found
    exit_incomplete = 2,  ///< nothing was found, but not everything was read
    exit_failed = 3,      ///< it could not run
};

/// Each adds its subcommand to `app`. The action runs after parsing and leaves
/// its exit code in `code`.
void add_scan_command(CLI::App& app, int& code);
void add_sweep_command(CLI::App& app, int& code);
void add_gate_command(CLI::App& app, int& code);
void add_suppress_command(CLI::App& app, int& code);
void add_policies_command(CLI::App& app, int& code);
void add_rules_command(CLI::App& app, int& code);
void add_find_command(CLI::App& app, int& code);
void add_report_command(CLI::App& app, int& code);
void add_store_command(CLI::App& app, int& code);

/// "stratascan: message" on standard error; gives exit_failed.
int complain(std::string_view message);

/// Columns of the terminal, by COLUMNS where standard output is none; 100 where
/// nobody says.
[[nodiscard]] unsigned terminal_width();
[[nodiscard]] bool writes_to_terminal();

/// Writes `text` to `path`, or to standard output when it is empty or "-".
/// False, with a complaint, when it can't be written in full.
[[nodiscard]] bool write_output(const std::string& path, std::string_view text);

}  // namespace stratascan::cli
