#include "scanner/cli/scan_options.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <string>

namespace stratascan::cli {

bool read_password(std::string& password) {
    constexpr std::size_t most = 64 << 10;
    // Byte by byte and past the C library's buffer, where it would stay.
    password.reserve(most);
    while (true) {
        char c = 0;
        const ssize_t got = ::read(STDIN_FILENO, &c, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 || password.size() == most) return false;
        if (got == 0 || c == '\n') break;
        password += c;
    }
    if (password.ends_with('\r')) password.pop_back();
    return !password.empty();
}

void add_registry_options(CLI::App& command, Options::Registries& options,
                          bool& password_from_input) {
    auto* const group = command.add_option_group("registries", "How registries are spoken to");
    group->add_option("--authfile", options.auth_file,
                      "Credentials, as docker login or podman login write them (default: theirs)");
    group->add_option("--registry-user", options.user,
                      "User for every registry that is named; mirrors are asked without");
    group->add_flag("--registry-password-stdin", password_from_input,
                    "Read that user's password from standard input")
        ->needs("--registry-user");
    group->add_option("--insecure-registry", options.insecure,
                      "HOST[:PORT] that may have any certificate, or plain HTTP")
        ->allow_extra_args(false);
    group->add_option("--certs", options.certificates,
                      "Folder of *.crt (authorities), *.cert and *.key (one's own), in place of\n"
                      "those in certs.d/HOST/");
    group->add_option("--registry-timeout", options.stall_seconds,
                      "Seconds without a byte, or of a layer slower than 4 KiB/s, after which a\n"
                      "connection is given up")
        ->check(CLI::Range(1, 3600))
        ->capture_default_str();
    group->add_option("--registry-tries", options.tries, "Tries of a request that fails")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    group->add_option("--requests-per-second", options.requests_per_second,
                      "To one registry, evenly spread (default: no limit)")
        ->check(CLI::Range(0.01, 1e6));
    group->add_flag("--foreign-layers", options.foreign_layers,
                    "Fetch layers that a manifest says are held elsewhere from there, without\n"
                    "credentials; else they are gaps");
}

void add_scan_options(CLI::App& command, Options& options, ScanChoices* choices) {
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
    if (choices != nullptr) {
        command.add_flag("--secrets-only", choices->secrets_only, "Look for secrets only");
        command.add_flag("--programs-only", choices->programs_only, "Look for programs only")
            ->excludes("--secrets-only");
    }
    command
        .add_option_function<std::string>(
            "--sandbox",
            [&options](const std::string& mode) {
                using Mode = Options::SandboxMode;
                options.sandbox = mode == "on"    ? Mode::required
                                  : mode == "off" ? Mode::off
                                                  : Mode::automatic;
            },
            "Threads that scan give up what they need not of the kernel: auto where there\n"
            "is seccomp, on, or off (default: auto)")
        ->check(CLI::IsMember(std::vector<std::string>{"auto", "on", "off"}));
    auto* const limits = command.add_option_group("limits", "Limits; reaching one is reported");
    limits->add_option("--max-layer-bytes", options.limits.output_bytes,
                       "Of a layer, uncompressed (default: 1TiB)")
        ->transform(CLI::AsSizeValue(false));
    limits->add_option("--max-ratio", options.limits.ratio,
                       "Of a layer's compression, judged past 16 GiB; of its containers', past 1 GiB")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 32))
        ->capture_default_str();
    limits->add_option("--max-members", options.limits.members, "Of a layer")
        ->capture_default_str();
    limits->add_option("--max-depth", options.limits.depth,
                       "Of containers in containers that are looked into")
        ->check(CLI::Range(0, 16))
        ->capture_default_str();
    limits->add_option("--max-findings", options.limits.findings_a_file, "In one file")
        ->capture_default_str();
    limits->add_option("--max-looks", options.limits.looks_a_file,
                       "Candidates in one file that are held against their rules")
        ->capture_default_str();
    limits->add_option("--max-file-time", options.limits.seconds_a_file,
                       "Seconds of a processor for one file: a last resort, for where it ends\n"
                       "depends on the machine")
        ->check(CLI::Range(0.001, 1e9))
        ->capture_default_str();
    limits->add_option("--max-path-bytes", options.limits.path_bytes,
                       "Of a member's path, or a link's target")
        ->check(CLI::Range(64, 1 << 20))
        ->capture_default_str();
    limits->add_option("--max-header-bytes", options.limits.header_bytes,
                       "Of a member's extended headers (default: 1MiB)")
        ->transform(CLI::AsSizeValue(false));
}

}  // namespace stratascan::cli
