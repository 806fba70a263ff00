#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scanner/cli/command.hpp"
#include "scanner/cli/form.hpp"
#include "scanner/cli/progress_line.hpp"
#include "scanner/cli/rules_command.hpp"
#include "scanner/cli/scan_options.hpp"
#include "scanner/cli/stop_signals.hpp"
#include "scanner/report/formats.hpp"
#include "scanner/store/place.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan::cli {

namespace {

struct ScanArguments {
    Options options;
    std::vector<std::string> targets;
    Form form;
    bool no_store = false;
    bool quiet = false;
    bool no_progress = false;
    bool stats = false;
    ScanChoices choices;
    bool password_from_input = false;
};

int scan(ScanArguments& arguments) {
    arguments.options.secrets = !arguments.choices.programs_only;
    arguments.options.programs = !arguments.choices.secrets_only;
    if (arguments.password_from_input && !read_password(arguments.options.registries.password)) {
        return complain("standard input has no password");
    }
    Options& options = arguments.options;
    if (arguments.no_store) options.store_path.clear();
    else if (options.store_path.empty()) options.store_path = store::default_place();
    const StopSignals signals;
    auto scanner = Scanner::create(arguments.options);
    if (!scanner) return complain(scanner.error().message());
    const std::size_t told = (*scanner)->notes().size();
    if (!arguments.quiet) tell_notes((*scanner)->notes());
    Result<Report> report;
    {
        std::optional<ProgressLine> line;
        if (!arguments.quiet && !arguments.no_progress && ::isatty(STDERR_FILENO) == 1) {
            line.emplace();
        }
        report = (*scanner)->scan(arguments.targets, line ? &*line : nullptr, signals.token());
    }
    if (!arguments.quiet) tell_notes((*scanner)->store_notes());
    if (!report) return complain(report.error().message());
    if (!arguments.quiet) {
        const std::vector<std::string>& notes = (*scanner)->notes();
        tell_notes({notes.begin() + static_cast<std::ptrdiff_t>(told), notes.end()});
    }
    if (!write_output(arguments.form.output, written(*report, arguments.form))) return exit_failed;
    if (arguments.stats) {
        const std::string text = report::write_stats((*scanner)->stats());
        std::fwrite(text.data(), 1, text.size(), stderr);
    }
    return exit_code(*report);
}

void add_options(CLI::App& command, ScanArguments& arguments) {
    Options& options = arguments.options;
    command.add_option("target", arguments.targets,
                       "An OCI layout folder, an OCI or docker archive, a layer tarball, a root\n"
                       "file system folder, or - for an archive on standard input. A scheme\n"
                       "(oci:, oci-archive:, docker-archive:, layer:, dir:) forces one. An image of a\n"
                       "registry is named host/repository:tag or registry:NAME, one of the container\n"
                       "engine docker-daemon:NAME.")
        ->required();
    add_form(command, arguments.form, report::format_names());
    add_scan_options(command, options, arguments.choices);
    command.add_flag("--show-secrets", options.show_secrets,
                     "Put secrets into the report in the clear");
    auto* const place = command.add_option(
        "--store", options.store_path,
        "Keep results here, and do not scan layers again whose result is here (default:\n"
        "$XDG_DATA_HOME/stratascan/store.sqlite)");
    command.add_flag("--no-store", arguments.no_store, "Neither read nor write a store")
        ->excludes(place);
    command.add_flag("-q,--quiet", arguments.quiet, "Nothing on standard error but errors");
    command.add_flag("--no-progress", arguments.no_progress, "No progress line");
    command.add_flag("--stats", arguments.stats, "Print throughput and memory to standard error");
    add_registry_options(command, options.registries, arguments.password_from_input);
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
