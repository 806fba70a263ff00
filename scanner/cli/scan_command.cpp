#include <CLI/CLI.hpp>
#include <ctime>
#include <memory>
#include <string>

#include "scanner/cli/command.hpp"
#include "scanner/cli/scan_options.hpp"
#include "scanner/policy/suppress_report.hpp"
#include "scanner/report/report_writer.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan::cli {

namespace {

struct ScanArguments {
    ScanOptions scan;
    std::string format = "table";
    std::string suppressions;
    bool secrets_only = false;
    bool programs_only = false;
};

std::string written(const Report& report, const ScanArguments& arguments) {
    if (arguments.format == "json") return report::write_json(report);
    if (arguments.format == "jsonl") return report::write_jsonl(report);
    return report::write_table(report, table_style(arguments.scan));
}

int scan(ScanArguments& arguments) {
    arguments.scan.options.secrets = !arguments.programs_only;
    arguments.scan.options.programs = !arguments.secrets_only;
    auto suppressions = policy::load_suppressions(arguments.suppressions, std::time(nullptr));
    if (!suppressions) return complain(suppressions.error().message());
    auto report = run_scan(arguments.scan);
    if (!report) return complain(report.error().message());
    const auto warnings = policy::suppress(*report, *suppressions);
    if (!arguments.scan.quiet) {
        for (const std::string& warning : warnings) complain(warning);
    }
    if (!write_output(arguments.scan.output, written(*report, arguments))) return exit_failed;
    return exit_code(*report);
}

void add_options(CLI::App& command, ScanArguments& arguments) {
    add_scan_options(command, arguments.scan);
    command.add_option("--suppressions", arguments.suppressions,
                       "What is let pass for a while (default: .stratascan.toml, if it is here)");
    command.add_option("-f,--format", arguments.format, "table, json or jsonl")
        ->check(CLI::IsMember({"table", "json", "jsonl"}))
        ->capture_default_str();
    command.add_flag("--secrets-only", arguments.secrets_only, "Look for secrets only");
    command.add_flag("--programs-only", arguments.programs_only, "Look for programs only")
        ->excludes("--secrets-only");
    command.add_flag("--show-secrets", arguments.scan.options.show_secrets,
                     "Put secrets into the report in the clear");
}

}  // namespace

void add_scan_command(CLI::App& app, int& code) {
    auto arguments = std::make_shared<ScanArguments>();
    CLI::App* const command =
        app.add_subcommand("scan", "Scan images, layers or folders and report");
    add_options(*command, *arguments);
    command->callback([arguments, &code] { code = scan(*arguments); });
}

}  // namespace stratascan::cli
