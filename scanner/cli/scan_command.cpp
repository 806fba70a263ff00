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
    bool secrets_only = false;
    bool programs_only = false;
    bool password_from_input = false;
};

/// The first line of standard input.
bool read_password(std::string& password) {
    constexpr std::size_t most = 64 << 10;
    for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) {
        if (password.size() == most) return false;
        password += static_cast<char>(c);
    }
    if (password.ends_with('\r')) password.pop_back();
    return !password.empty();
}

int scan(ScanArguments& arguments) {
    arguments.options.secrets = !arguments.programs_only;
    arguments.options.programs = !arguments.secrets_only;
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

void add_registry_options(CLI::App& command, ScanArguments& arguments) {
    Options::Registries& options = arguments.options.registries;
    auto* const group = command.add_option_group("registries", "How registries are spoken to");
    group->add_option("--authfile", options.auth_file,
                      "Credentials, as docker login or podman login write them (default: theirs)");
    group->add_option("--registry-user", options.user, "User for every registry");
    group->add_flag("--registry-password-stdin", arguments.password_from_input,
                    "Read that user's password from standard input")
        ->needs("--registry-user");
    group->add_option("--insecure-registry", options.insecure,
                      "HOST[:PORT] that may have any certificate, or plain HTTP")
        ->allow_extra_args(false);
    group->add_option("--certs", options.certificates,
                      "Folder of *.crt (authorities), *.cert and *.key (one's own), in place of\n"
                      "those in certs.d/HOST/");
    group->add_option("--registry-timeout", options.stall_seconds,
                      "Seconds without a byte after which a connection is given up")
        ->check(CLI::Range(1, 3600))
        ->capture_default_str();
    group->add_option("--registry-tries", options.tries, "Tries of a request that fails")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
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
    command.add_flag("--secrets-only", arguments.secrets_only, "Look for secrets only");
    command.add_flag("--programs-only", arguments.programs_only, "Look for programs only")
        ->excludes("--secrets-only");
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
    add_registry_options(command, arguments);
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

}  // namespace

void add_scan_command(CLI::App& app, int& code) {
    auto arguments = std::make_shared<ScanArguments>();
    CLI::App* const command =
        app.add_subcommand("scan", "Scan images, layers or folders and report");
    add_options(*command, *arguments);
    command->callback([arguments, &code] { code = scan(*arguments); });
}

}  // namespace stratascan::cli
