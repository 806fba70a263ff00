// From exec to exit, as a shell sees the program: `start_bench PROGRAM NAME=TARGET...`.
//
// Each target is scanned many times by a new process; the median is printed as
// `NAME VALUE ms`. Over a layer of a few bytes this is the time to the first
// byte scanned and a little more: loading, rules, database, the engine's own
// test, the report. The page cache is warm, the process is cold.
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/figures.hpp"
#include "scanner/layer/clock.hpp"

extern char** environ;

namespace {

using namespace stratascan;

constexpr int runs = 30;
constexpr int warm_up = 3;

// REQUIRES: `arguments` ends with a null pointer.
double run_once(const std::vector<char*>& arguments) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    const std::uint64_t start = layer::now_ns();
    pid_t child = 0;
    const int failed = ::posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(),
                                     environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) bench::give_up(fmt::format("{} cannot be run", arguments[0]));
    int status = 0;
    ::waitpid(child, &status, 0);
    const double time = static_cast<double>(layer::now_ns() - start) / 1e6;
    // 0 and 1 are a clean image and one with findings.
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
        bench::give_up(fmt::format("{} failed on {}", arguments[0], arguments[2]));
    }
    return time;
}

void measure(const std::string& program, const std::string& key, const std::string& name,
             const std::string& target) {
    std::vector<std::string> texts{program, "scan", target, "--key-file", key, "--quiet", "--no-store"};
    std::vector<char*> arguments;
    for (std::string& text : texts) arguments.push_back(text.data());
    arguments.push_back(nullptr);
    std::vector<double> times;
    for (int i = 0; i < warm_up + runs; ++i) {
        const double time = run_once(arguments);
        if (i >= warm_up) times.push_back(time);
    }
    bench::print_figure(name, bench::median(times), "ms");
}

}  // namespace

int main(int count, char** values) {
    if (count < 3) bench::give_up("usage: start_bench PROGRAM NAME=TARGET...");
    const bench::KeyFile key;
    for (int i = 2; i < count; ++i) {
        const std::string_view value = values[i];
        const std::size_t equals = value.find('=');
        if (equals == value.npos) bench::give_up("a target is written NAME=PATH");
        measure(values[1], key.path(), std::string(value.substr(0, equals)),
                std::string(value.substr(equals + 1)));
    }
    return 0;
}
