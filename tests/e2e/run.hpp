// Runs the built program as its users do and hands back what it did: exit code,
// both outputs, the most memory it ever held. The program is the whole surface
// under test here; nothing of the library is linked.
//
// Where things are comes from the environment, with defaults from the build:
//   STRATASCAN_PROGRAM   the program
//   STRATASCAN_SOURCE    the repository, for fixtures/
//   STRATASCAN_FIXTURES  where built test images are kept between runs
//   STRATASCAN_PYTHON    the Python that builds them
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#ifndef STRATASCAN_PROGRAM
#define STRATASCAN_PROGRAM "build/release/stratascan"
#endif
#ifndef STRATASCAN_SOURCE
#define STRATASCAN_SOURCE "."
#endif

namespace stratascan::e2e {

using nlohmann::json;
namespace fs = std::filesystem;

inline std::string setting(const char* name, std::string otherwise) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? std::string(value) : std::move(otherwise);
}

inline std::string program() {
    return fs::absolute(setting("STRATASCAN_PROGRAM", STRATASCAN_PROGRAM));
}
inline fs::path source() {
    return fs::absolute(setting("STRATASCAN_SOURCE", STRATASCAN_SOURCE));
}
inline std::string python() { return setting("STRATASCAN_PYTHON", "python3"); }

/// A folder that lives as long as the object does.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (fs::temp_directory_path() / "stratascan-e2e-XXXXXX").string();
        if (mkdtemp(name.data()) != nullptr) path_ = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] const fs::path& path() const noexcept { return path_; }

private:
    fs::path path_;
};

/// The home that the program sees: its key and caches go there, not to those of
/// whoever runs the tests. One a process, so that secrets keep their ids.
inline const fs::path& home() {
    static const TemporaryFolder folder;
    return folder.path();
}

/// What a program built with sanitizers ends with where they report a fault. Their
/// own choice is 1, which would pass for "secrets found".
constexpr int sanitizer_exit = 99;

inline void ask_for_sanitizer_exit() {
    for (const char* name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
        std::string options = setting(name, "");
        options += (options.empty() ? "exitcode=" : ":exitcode=") + std::to_string(sanitizer_exit);
        setenv(name, (options + ":print_stacktrace=1").c_str(), 1);
    }
}

struct Command {
    std::vector<std::string> words;  ///< the program first
    fs::path directory = ".";
    std::string input_file = {};             ///< given as standard input; empty: /dev/null
    std::vector<std::string> producer = {};  ///< a command whose output is standard input
    std::map<std::string, std::string> environment = {};
    int timeout_ms = 300'000;
};

struct Ran {
    int exit = -1;  ///< -1: ended by a signal, or never ran
    int signal = 0;
    bool timed_out = false;
    std::string out;
    std::string err;
    std::uint64_t peak_rss = 0;  ///< in bytes
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

/// What `--memory` is where nothing is said, and whether a peak can be held against it: sanitizers
/// take memory of their own.
inline constexpr std::uint64_t default_ceiling = std::uint64_t{512} << 20;
inline constexpr bool memory_is_measured = !is_sanitized;

inline std::string read_all(int fd) {
    std::string text;
    char buffer[65536];
    lseek(fd, 0, SEEK_SET);
    for (ssize_t got = 0; (got = read(fd, buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(got));
    }
    return text;
}

inline std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    // A process may end between the opening and the reading of its files in /proc, and an
    // iterator would throw.
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return std::move(bytes).str();
}

/// Starts `words` with these descriptors; the process id, or -1.
inline pid_t start(const std::vector<std::string>& words, const Command& how, int in, int out,
                   int err) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child != 0) return child;
    // A test that runs in the background may have inherited that Ctrl-C is ignored.
    ::signal(SIGINT, SIG_DFL);
    dup2(in, 0);
    dup2(out, 1);
    dup2(err, 2);
    if (chdir(how.directory.c_str()) != 0) _exit(126);
    for (const char* name : {"HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
                             "XDG_STATE_HOME"}) {
        setenv(name, home().c_str(), 1);
    }
    ask_for_sanitizer_exit();
    for (const auto& [name, value] : how.environment) setenv(name.c_str(), value.c_str(), 1);
    execvp(arguments[0], arguments.data());
    _exit(127);
}

/// A command that runs; ends with the object. Its outputs go to memory, so that
/// no pipe can fill up and stop it.
class Running {
public:
    explicit Running(const Command& command) : timeout_ms_(command.timeout_ms) {
        home();  // made by the parent, or each child would make its own
        out_ = memfd_create("out", MFD_CLOEXEC);
        err_ = memfd_create("err", MFD_CLOEXEC);
        const std::string file = command.input_file.empty() ? "/dev/null" : command.input_file;
        int in = open((command.directory / file).c_str(), O_RDONLY | O_CLOEXEC);
        if (!command.producer.empty()) {
            close(in);
            int ends[2] = {-1, -1};
            if (pipe2(ends, O_CLOEXEC) != 0) return;
            const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
            producer_ = start(command.producer, command, nowhere, ends[1], nowhere);
            close(ends[1]);
            close(nowhere);
            in = ends[0];
        }
        child_ = start(command.words, command, in, out_, err_);
        close(in);
    }

    ~Running() {
        if (child_ > 0) (void)finish();
        close(out_);
        close(err_);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    void interrupt() const { ::kill(child_, SIGINT); }
    [[nodiscard]] pid_t id() const noexcept { return child_; }

    /// Waits for the end, kills what takes longer than its time.
    Ran finish() {
        Ran ran;
        if (child_ <= 0) return ran;
        // glibc 2.36 declares pidfd_open() without C linkage.
        const int handle = static_cast<int>(syscall(SYS_pidfd_open, child_, 0U));
        pollfd ended{handle, POLLIN, 0};
        if (poll(&ended, 1, timeout_ms_) == 0) {
            ran.timed_out = true;
            ::kill(child_, SIGKILL);
        }
        close(handle);
        int status = 0;
        rusage usage{};
        wait4(child_, &status, 0, &usage);
        if (producer_ > 0) {
            ::kill(producer_, SIGKILL);
            waitpid(producer_, nullptr, 0);
        }
        child_ = producer_ = -1;
        if (WIFEXITED(status)) ran.exit = WEXITSTATUS(status);
        if (WIFSIGNALED(status)) ran.signal = WTERMSIG(status);
        ran.peak_rss = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
        ran.out = read_all(out_);
        ran.err = read_all(err_);
        EXPECT_NE(ran.exit, sanitizer_exit) << "a sanitizer's report:\n" << ran.err;
        return ran;
    }

private:
    int timeout_ms_;
    int out_ = -1, err_ = -1;
    pid_t child_ = -1, producer_ = -1;
};

inline Ran run(const Command& command) { return Running(command).finish(); }

/// Runs the program with these arguments.
inline Ran stratascan(std::vector<std::string> arguments, Command command = {}) {
    arguments.insert(arguments.begin(), program());
    command.words = std::move(arguments);
    return run(command);
}

/// The report on standard output; discarded where it is no JSON.
inline json report_of(const Ran& ran) { return json::parse(ran.out, nullptr, false); }

/// A built test image.
struct Built {
    fs::path folder;
    json expect;
    std::string skipped;  ///< why there is none on this machine
    std::string error;
};

/// Where built images are kept from run to run.
inline fs::path kept_folder() {
    return fs::absolute(setting(
        "STRATASCAN_FIXTURES",
        fs::temp_directory_path() / ("stratascan-fixtures-" + std::to_string(getuid()))));
}

/// When a script that builds images, or a folder of them, was last changed.
inline fs::file_time_type scripts_changed() {
    static const fs::file_time_type changed = [] {
        fs::file_time_type newest = fs::file_time_type::min();
        for (const char* const top : {"fixtures", "tests/hostile"}) {
            newest = std::max(newest, fs::last_write_time(source() / top));
            for (const auto& entry : fs::recursive_directory_iterator(source() / top)) {
                newest = std::max(newest, entry.last_write_time());
            }
        }
        return newest;
    }();
    return changed;
}

/// What one of these scripts answers. Each test is a process and starting Python takes
/// longer than most, so an answer is kept until a script changes. One that fails is not.
inline Ran ask_script(const std::string& script, const std::vector<std::string>& words) {
    std::string name = (source() / script).string();
    for (const std::string& word : words) name += ' ' + word;
    const fs::path kept =
        kept_folder() / "answers" / std::to_string(std::hash<std::string>()(name));
    std::error_code none;
    if (const auto time = fs::last_write_time(kept, none); !none && time > scripts_changed()) {
        return {.exit = 0, .out = read_file(kept), .err = {}};
    }
    std::vector<std::string> command = {python(), source() / script};
    command.insert(command.end(), words.begin(), words.end());
    Ran ran = run({.words = command});
    if (ran.exit != 0) return ran;
    fs::create_directories(kept.parent_path(), none);
    const fs::path written = kept.string() + '.' + std::to_string(getpid());
    std::ofstream(written, std::ios::binary) << ran.out;
    fs::rename(written, kept, none);
    return ran;
}

/// Builds a test image with a script of the repository that keeps what it built, or takes it
/// from an earlier run with the same sources.
inline Built build_with(const std::string& script, const std::string& name) {
    Ran ran = ask_script(script, {"--cached", name, kept_folder()});
    // Somebody may have cleaned up since it was built.
    if (ran.exit == 0 && !fs::exists(ran.out.substr(0, ran.out.find('\n')))) {
        ran = run({.words = {python(), source() / script, "--cached", name, kept_folder()}});
    }
    Built built;
    if (ran.exit == 77) built.skipped = ran.err;
    else if (ran.exit != 0) built.error = script + " " + name + ": " + ran.err;
    if (ran.exit != 0) return built;
    built.folder = ran.out.substr(0, ran.out.find('\n'));
    built.expect = json::parse(read_file(built.folder / "expect.json"), nullptr, false);
    if (built.expect.is_discarded()) built.error = "expect.json is no JSON";
    return built;
}

/// A recipe of fixtures/.
inline Built build_recipe(const std::string& name) {
    return build_with("fixtures/build.py", name);
}

inline std::vector<std::string> names_of(const std::string& script) {
    const Ran ran = ask_script(script, {"--list"});
    std::istringstream lines(ran.out);
    std::vector<std::string> names;
    for (std::string line; std::getline(lines, line);) names.push_back(line);
    return names;
}

inline std::vector<std::string> recipe_names() { return names_of("fixtures/build.py"); }

/// Scans a built image the way its expectation says, with these options as well; or
/// runs another command that takes the same.
inline Ran scan_built(const Built& built, std::vector<std::string> options,
                      const std::string& name = "scan") {
    Command command;
    command.directory = built.folder;
    if (built.expect.at("stdin").is_string()) command.input_file = built.expect.at("stdin");
    command.environment = built.expect.at("environment");
    options.insert(options.begin(), name);
    for (const std::string word : built.expect.at("arguments")) options.push_back(word);
    return stratascan(std::move(options), command);
}

/// A name for a parameterised test: letters and digits only.
inline std::string test_name(const testing::TestParamInfo<std::string>& info) {
    std::string name = info.param;
    for (char& letter : name) {
        if (letter == '-') letter = '_';
    }
    return name;
}

}  // namespace stratascan::e2e
