#include <malloc.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>

#include "scanner/cli/command.hpp"
#include "scanner/cli/little_memory.hpp"
#include "scanner/cli/output_file.hpp"
#include "scanner/report/report_writer.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan::cli {

int complain(std::string_view message) {
    const std::string text = report::printable(message);
    static_cast<void>(std::fprintf(stderr, "stratascan: %s\n", text.c_str()));
    return exit_failed;
}

unsigned terminal_width() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    if (const char* columns = std::getenv("COLUMNS")) {
        const long width = std::strtol(columns, nullptr, 10);
        if (width > 0 && width < 1000) return static_cast<unsigned>(width);
    }
    return 100;
}

bool writes_to_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

bool write_output(const std::string& path, std::string_view text) {
    auto file = OutputFile::open(path);
    if (file) file->write(text);
    const auto written = file ? file->finish() : Result<void>(std::unexpected(file.error()));
    if (!written) complain(written.error().message());
    return written.has_value();
}

namespace {

// Secrets are in memory while a scan runs: no file of it is left by a crash, and no other
// process of the user looks into it. Sanitizers need what is taken here. libcurl would write
// the keys of its connections to the file that this variable names.
void keep_memory_private() {
    ::unsetenv("SSLKEYLOGFILE");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

// What one thread makes and another lets go of stays in the first one's arena: eight threads that
// found much in turn kept 50 MiB each. Blocks from a mebibyte on go back to the system at once;
// by itself the C library does so only with ever larger ones.
void give_large_blocks_back() {
#ifdef __GLIBC__
    constexpr int mebibyte = 1 << 20;
    ::mallopt(M_MMAP_THRESHOLD, mebibyte);
#endif
}

int run(int argc, char** argv);

}  // namespace

}  // namespace stratascan::cli

int main(int argc, char** argv) {
    using namespace stratascan;
    const int code = [&] {
        try {
            cli::prepare_for_little_memory();
            return cli::run(argc, argv);
        } catch (const std::bad_alloc&) {
            return cli::out_of_memory();
        } catch (const std::exception& error) {
            return cli::complain(error.what());
        }
    }();
    cli::end_with(code);
    return code;
}

namespace stratascan::cli {

namespace {

int run(int argc, char** argv) {
    // A reader that goes away is an error of write(), not a death.
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
    keep_memory_private();
    give_large_blocks_back();
    CLI::App app("Finds secrets and programs in container images, layer by layer.", "stratascan");
    app.set_version_flag("--version", std::string("stratascan ") + version());
    app.require_subcommand(1);
    app.footer("Exit codes: 0 complete and clean, 1 findings, 2 nothing found but not everything\n"
               "was read, 3 it could not run.");
    int code = exit_failed;
    add_scan_command(app, code);
    add_sweep_command(app, code);
    add_find_command(app, code);
    add_report_command(app, code);
    add_store_command(app, code);
    add_gate_command(app, code);
    add_suppress_command(app, code);
    add_policies_command(app, code);
    add_rules_command(app, code);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
        return app.exit(help);
    } catch (const CLI::CallForVersion& asked) {
        return app.exit(asked);
    } catch (const CLI::ParseError& error) {
        return complain(std::string(error.what()) + " (see stratascan --help)");
    }
    return code;
}

}  // namespace

}  // namespace stratascan::cli
