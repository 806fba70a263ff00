#include <CLI/CLI.hpp>
#include <ctime>
#include <memory>
#include <string>

#include "scanner/cli/command.hpp"
#include "scanner/cli/scan_run.hpp"
#include "scanner/cli/told_words.hpp"
#include "scanner/policy/suppress_report.hpp"
#include "scanner/report/formats.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan::cli {

namespace {

struct ScanArguments {
    ScanRun run;
    std::string suppressions;
};

Result<policy::SuppressionFile> read_suppressions(const ScanArguments& arguments) {
    if (!policy::has_suppressions(arguments.suppressions)) return policy::SuppressionFile{};
    auto sandbox = Sandbox::create(arguments.run.options.sandbox);
    if (!sandbox) return std::unexpected(sandbox.error());
    auto file = read_inside(**sandbox, [&] {
        return policy::load_suppressions(arguments.suppressions, std::time(nullptr));
    });
    if (file) ToldWords(**sandbox).clean(policy::told_texts(*file));
    return file;
}

int scan(ScanArguments& arguments) {
    auto suppressions = read_suppressions(arguments);
    if (!suppressions) return complain_of(suppressions.error());
    ScanRun& run = arguments.run;
    auto report = run_scan(run);
    if (!report) return complain_of(report.error());
    const auto warnings = policy::suppress(*report, *suppressions);
    if (!run.quiet) {
        for (const std::string& warning : warnings) complain(warning);
    }
    if (!write_output(run.form.output, written(*report, run.form))) return exit_failed;
    return exit_code(*report);
}

}  // namespace

void add_scan_command(CLI::App& app, int& code) {
    auto arguments = std::make_shared<ScanArguments>();
    CLI::App* const command =
        app.add_subcommand("scan", "Scan images, layers or folders and report");
    add_scan_run(*command, arguments->run, report::format_names(), true);
    command->add_option("--suppressions", arguments->suppressions,
                        "What is let pass for a while (default: .stratascan.toml, if it is here)");
    command->add_flag("--show-secrets", arguments->run.options.show_secrets,
                      "Put secrets into the report in the clear");
    command->callback([arguments, &code] { code = scan(*arguments); });
}

}  // namespace stratascan::cli
