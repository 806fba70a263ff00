#include "scanner/cli/scan_run.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "scanner/cli/command.hpp"
#include "scanner/cli/progress_line.hpp"
#include "scanner/cli/rules_command.hpp"
#include "scanner/cli/stop_signals.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/store/place.hpp"

namespace stratascan::cli {

Result<void> take_password(ScanRun& run) {
    if (!run.password_from_input) return {};
    if (!read_password(run.options.registries.password)) {
        return fail(ErrorCode::invalid_argument, "standard input has no password");
    }
    run.password_from_input = false;
    return {};
}

Result<Report> run_scan(ScanRun& run) {
    Options& options = run.options;
    options.secrets = !run.choices.programs_only;
    options.programs = !run.choices.secrets_only;
    if (auto taken = take_password(run); !taken) return std::unexpected(taken.error());
    if (run.no_store) {
        options.store_path.clear();
    } else if (options.store_path.empty()) {
        options.store_path = store::default_place();
    }
    const StopSignals signals;
    auto scanner = Scanner::create(options);
    if (!scanner) return std::unexpected(scanner.error());
    const std::size_t told = (*scanner)->notes().size();
    if (!run.quiet) tell_notes((*scanner)->notes());
    Result<Report> report;
    {
        std::optional<ProgressLine> line;
        if (!run.quiet && !run.no_progress && ::isatty(STDERR_FILENO) == 1) line.emplace();
        report = (*scanner)->scan(run.targets, line ? &*line : nullptr, signals.token());
    }
    if (!run.quiet) tell_notes((*scanner)->store_notes());
    if (report && !run.quiet) {
        const std::vector<std::string>& notes = (*scanner)->notes();
        tell_notes({notes.begin() + static_cast<std::ptrdiff_t>(told), notes.end()});
    }
    if (report) {
        for (const TargetReport& target : report->targets) {
            if (target.image.kind != "unread") continue;
            const std::string& reason = target.gaps.front().reason;
            complain(reason.find(target.target) != std::string::npos
                         ? reason
                         : target.target + ": " + reason);
        }
    }
    if (report && run.stats) {
        const std::string text = report::write_stats((*scanner)->stats());
        static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
    }
    return report;
}

void add_scan_run(CLI::App& command, ScanRun& run, const std::vector<std::string>& formats,
                  bool may_choose) {
    command.add_option("target", run.targets,
                       "An OCI layout folder, an OCI or docker archive, a layer tarball, a root\n"
                       "file system folder, or - for an archive on standard input. A scheme\n"
                       "(oci:, oci-archive:, docker-archive:, layer:, dir:) forces one. An image of a\n"
                       "registry is named host/repository:tag or registry:NAME, one of the container\n"
                       "engine docker-daemon:NAME.")
        ->required();
    add_form(command, run.form, formats);
    add_scan_options(command, run.options, may_choose ? &run.choices : nullptr);
    auto* const place = command.add_option(
        "--store", run.options.store_path,
        "Keep results here, and do not scan layers again whose result is here (default:\n"
        "$XDG_DATA_HOME/stratascan/store.sqlite)");
    command.add_flag("--no-store", run.no_store, "Neither read nor write a store")
        ->excludes(place);
    command.add_flag("-q,--quiet", run.quiet, "Nothing on standard error but errors");
    command.add_flag("--no-progress", run.no_progress, "No progress line");
    command.add_flag("--stats", run.stats, "Print throughput and memory to standard error");
    add_registry_options(command, run.options.registries, run.password_from_input);
}

}  // namespace stratascan::cli
