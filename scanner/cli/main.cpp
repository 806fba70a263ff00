#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "scanner/cli/command.hpp"
#include "scanner/report/report_writer.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan::cli {

int complain(std::string_view message) {
    const std::string text = report::printable(message);
    std::fprintf(stderr, "stratascan: %s\n", text.c_str());
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
    const bool to_standard = path.empty() || path == "-";
    std::FILE* const file = to_standard ? stdout : std::fopen(path.c_str(), "wbe");
    const bool written = file != nullptr &&
                         std::fwrite(text.data(), 1, text.size(), file) == text.size() &&
                         std::fflush(file) == 0;
    const int why = errno;
    if (file != nullptr && !to_standard) std::fclose(file);
    if (!written) {
        complain((to_standard ? "standard output" : path) + ": the report can't be written: " +
                 std::strerror(why));
    }
    return written;
}

namespace {

// Secrets are in memory while a scan runs: no file of it is left by a crash, and no other
// process of the user looks into it. Sanitizers need what is taken here.
void keep_memory_private() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

}  // namespace

}  // namespace stratascan::cli

int main(int argc, char** argv) {
    using namespace stratascan;
    // A reader that goes away is an error of write(), not a death.
    std::signal(SIGPIPE, SIG_IGN);
    cli::keep_memory_private();
    CLI::App app("Finds secrets and programs in container images, layer by layer.", "stratascan");
    app.set_version_flag("--version", std::string("stratascan ") + version());
    app.require_subcommand(1);
    app.footer("Exit codes: 0 complete and clean, 1 findings, 2 nothing found but not everything\n"
               "was read, 3 it could not run.");
    int code = cli::exit_failed;
    cli::add_scan_command(app, code);
    cli::add_sweep_command(app, code);
    cli::add_find_command(app, code);
    cli::add_report_command(app, code);
    cli::add_store_command(app, code);
    cli::add_gate_command(app, code);
    cli::add_suppress_command(app, code);
    cli::add_policies_command(app, code);
    cli::add_rules_command(app, code);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
        return app.exit(help);
    } catch (const CLI::CallForVersion& asked) {
        return app.exit(asked);
    } catch (const CLI::ParseError& error) {
        return cli::complain(std::string(error.what()) + " (see stratascan --help)");
    } catch (const std::exception& error) {
        return cli::complain(error.what());
    }
    return code;
}
