#include "scanner/cli/scan_options.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <optional>

#include "scanner/cli/command.hpp"
#include "scanner/cli/progress_line.hpp"
#include "scanner/cli/rules_command.hpp"
#include "scanner/cli/stop_signals.hpp"

namespace stratascan::cli {

report::TableStyle table_style(const ScanOptions& options) {
    const bool terminal = options.output.empty() && ::isatty(STDOUT_FILENO) == 1;
    report::TableStyle style;
    style.colour = options.colour == "always" ||
                   (options.colour == "auto" && terminal && std::getenv("NO_COLOR") == nullptr);
    style.width = terminal_width();
    return style;
}

Result<Report> run_scan(const ScanOptions& options) {
    const StopSignals signals;
    auto scanner = Scanner::create(options.options);
    if (!scanner) return std::unexpected(scanner.error());
    if (!options.quiet) tell_notes((*scanner)->notes());
    Result<Report> report;
    {
        std::optional<ProgressLine> line;
        if (!options.quiet && !options.no_progress && ::isatty(STDERR_FILENO) == 1) line.emplace();
        report = (*scanner)->scan(options.targets, line ? &*line : nullptr, signals.token());
    }
    if (report && options.stats) {
        const std::string text = report::write_stats((*scanner)->stats());
        std::fwrite(text.data(), 1, text.size(), stderr);
    }
    return report;
}

void add_scan_options(CLI::App& command, ScanOptions& arguments) {
    Options& options = arguments.options;
    command.add_option("target", arguments.targets,
                       "An OCI layout folder, an OCI or docker archive, a layer tarball, a root\n"
                       "file system folder, or - for an archive on standard input. A scheme\n"
                       "(oci:, oci-archive:, docker-archive:, layer:, dir:) forces one.")
        ->required();
    command.add_option("-o,--output", arguments.output, "Write the report to this file");
    command.add_option("-j,--jobs", options.jobs, "Threads that scan (default: all processors)")
        ->check(CLI::Range(1, 1024));
    command.add_option("--memory", options.memory_bytes,
                       "Ceiling of resident memory, at least 256MiB (default: 512MiB)")
        ->transform(CLI::AsSizeValue(false));
    command.add_option("--platform", options.platform,
                       "Only this platform of an index, as os/arch[/variant] (default: all)");
    command.add_option("--rules", options.rule_files,
                       "More rules: a TOML file, or a folder of them, in the form of patterns/\n"
                       "or of gitleaks")
        ->allow_extra_args(false);
    command.add_option("--key-file", options.key_file,
                       "Key of the HMAC that names secrets (default: one made on first use)");
    command.add_option("--color", arguments.colour, "auto, always or never")
        ->check(CLI::IsMember({"auto", "always", "never"}))
        ->capture_default_str();
    command.add_flag("-q,--quiet", arguments.quiet, "Nothing on standard error but errors");
    command.add_flag("--no-progress", arguments.no_progress, "No progress line");
    command.add_flag("--stats", arguments.stats, "Print throughput and memory to standard error");
    auto* const limits = command.add_option_group("limits", "Limits; reaching one is reported");
    limits->add_option("--max-layer-bytes", options.limits.output_bytes,
                       "Of a layer, uncompressed (default: 1TiB)")
        ->transform(CLI::AsSizeValue(false));
    limits->add_option("--max-ratio", options.limits.ratio,
                       "Of a layer's compression, judged past 16 GiB; of its containers', past 1 GiB")
        ->capture_default_str();
    limits->add_option("--max-members", options.limits.members, "Of a layer")
        ->capture_default_str();
    limits->add_option("--max-depth", options.limits.depth,
                       "Of containers in containers that are looked into")
        ->check(CLI::Range(0, 16))
        ->capture_default_str();
    limits->add_option("--max-findings", options.limits.findings_a_file, "In one file")
        ->capture_default_str();
}

}  // namespace stratascan::cli
