// The sandbox round the threads that scan, seen from outside the program; and that it
// changes nothing of what is reported.
#include <chrono>
#include <iterator>
#include <thread>

#include "tests/e2e/run.hpp"

namespace stratascan::e2e {
namespace {

/// The value of a line "NAME:\tVALUE" of a file of /proc.
std::string line_of(const fs::path& file, const std::string& name) {
    std::istringstream lines(read_file(file));
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(name)) continue;
        const std::size_t value = line.find_first_not_of(":\t ", name.size());
        return value == line.npos ? "" : line.substr(value);
    }
    return "";
}

/// A scan that runs until it is stopped; `before` starts the program.
Running endless_scan(std::vector<std::string> options, std::vector<std::string> before = {},
                     const fs::path& file = program()) {
    Command command;
    command.producer = {python(), source() / "fixtures/streams.py", "endless"};
    command.words = std::move(before);
    command.words.insert(command.words.end(), {file, "scan", "--no-store", "--format", "json"});
    command.words.insert(command.words.end(), options.begin(), options.end());
    command.words.emplace_back("-");
    return Running(command);
}

struct Threads {
    std::size_t all = 0, confined = 0, without_privileges = 0;
    bool main_confined = false;
};

Threads threads_of(pid_t id) {
    Threads threads;
    const fs::path tasks = "/proc/" + std::to_string(id) + "/task";
    std::error_code failed;
    for (const auto& task : fs::directory_iterator(tasks, failed)) {
        const fs::path status = task.path() / "status";
        const bool confined = line_of(status, "Seccomp") == "2";
        ++threads.all;
        threads.confined += confined ? 1 : 0;
        threads.without_privileges += confined && line_of(status, "NoNewPrivs") == "1" ? 1 : 0;
        if (task.path().filename() == std::to_string(id)) threads.main_confined = confined;
    }
    return threads;
}

/// Looks until `seen` says so, for ten seconds at most.
template <typename Seen>
bool wait_for(const Seen& seen) {
    for (int tries = 0; tries < 200; ++tries) {
        if (seen()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
}

/// Whether this machine has one: a scan that needs it says so.
bool has_sandbox() {
    return stratascan({"scan", "--no-store", "--sandbox", "on", source() / "tests/hostile"}).exit != 3;
}

TEST(Sandbox, ThreadsThatScanAreInItAndTheMainOneIsNot) {
    if (!has_sandbox()) GTEST_SKIP() << "no sandbox here";
    Running scan = endless_scan({"--jobs", "2"});
    Threads threads;
    EXPECT_TRUE(wait_for([&] {
        threads = threads_of(scan.id());
        return threads.confined >= 2;
    }));
    EXPECT_EQ(threads.without_privileges, threads.confined);
    EXPECT_FALSE(threads.main_confined) << "it writes the report";
    scan.interrupt();
    EXPECT_EQ(scan.finish().exit, 2);
}

TEST(Sandbox, OffMeansOff) {
    Running scan = endless_scan({"--jobs", "2", "--sandbox", "off", "--stats"});
    const fs::path tasks = "/proc/" + std::to_string(scan.id()) + "/task";
    EXPECT_TRUE(wait_for([&] {
        std::error_code failed;
        const auto all = fs::directory_iterator(tasks, failed);
        return std::distance(begin(all), end(all)) >= 3;
    })) << "the threads that scan never came";
    EXPECT_EQ(threads_of(scan.id()).confined, 0U);
    scan.interrupt();
    const Ran ran = scan.finish();
    EXPECT_NE(ran.err.find("sandbox       off: as asked"), std::string::npos) << ran.err;
}

TEST(Sandbox, LeavesNoCore) {
    if (is_sanitized) GTEST_SKIP() << "sanitizers look at the process from outside";
    Running scan = endless_scan({});
    const fs::path limits = "/proc/" + std::to_string(scan.id()) + "/limits";
    std::string core;
    EXPECT_TRUE(wait_for([&] {
        core = line_of(limits, "Max core file size");
        return core.starts_with("0 ");
    })) << core;
    scan.interrupt();
    static_cast<void>(scan.finish());
}

// A core that is piped to a program of the machine's has no limit: what keeps it from being
// made is that the process is not dumpable, and then its files in /proc are root's.
TEST(Sandbox, IsNotDumpable) {
    if (is_sanitized) GTEST_SKIP() << "sanitizers look at the process from outside";
    if (geteuid() != 0) GTEST_SKIP() << "only root can become nobody";
    const TemporaryFolder folder;
    fs::permissions(folder.path(), fs::perms::others_read | fs::perms::others_exec,
                    fs::perm_options::add);
    const fs::path copied = folder.path() / "stratascan";
    fs::copy(program(), copied);
    const std::vector<std::string> nobody = {"setpriv", "--reuid", "65534", "--regid", "65534",
                                             "--clear-groups", "--no-new-privs"};
    Command plain;
    plain.words = nobody;
    plain.words.insert(plain.words.end(), {"sleep", "60"});
    const auto owner = [](const Running& running) {
        struct stat status {};
        const std::string memory = "/proc/" + std::to_string(running.id()) + "/mem";
        return ::stat(memory.c_str(), &status) == 0 ? static_cast<long>(status.st_uid) : -1;
    };
    const auto is_called = [](const Running& running, const std::string& name) {
        return wait_for([&] {
            return read_file("/proc/" + std::to_string(running.id()) + "/comm") == name + "\n";
        });
    };
    {
        Running other(plain);
        EXPECT_TRUE(is_called(other, "sleep"));
        EXPECT_TRUE(wait_for([&] { return owner(other) == 65534; })) << "what is dumpable";
        other.interrupt();
        static_cast<void>(other.finish());
    }
    Running scan = endless_scan({}, nobody, copied);
    EXPECT_TRUE(is_called(scan, "stratascan"));
    EXPECT_TRUE(wait_for([&] { return threads_of(scan.id()).all >= 3; })) << "it never scanned";
    EXPECT_EQ(owner(scan), 0);
    scan.interrupt();
    static_cast<void>(scan.finish());
}

// The mark in /proc/PID/smaps of what is left out of dumps is `dd` (proc(5)).
TEST(Sandbox, SlabsAreLeftOutOfDumps) {
    Running scan = endless_scan({});
    const fs::path maps = "/proc/" + std::to_string(scan.id()) + "/smaps";
    std::size_t kilobytes = 0;
    EXPECT_TRUE(wait_for([&] {
        kilobytes = 0;
        std::size_t size = 0;
        std::istringstream lines(read_file(maps));
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("Size:")) size = std::stoul(line.substr(5));
            if (line.starts_with("VmFlags:") && line.find(" dd") != line.npos) kilobytes += size;
        }
        return kilobytes >= 2048;
    })) << kilobytes;
    scan.interrupt();
    static_cast<void>(scan.finish());
}

TEST(Sandbox, ChangesNoReport) {
    for (const char* const name : {"nested-two-and-three-fold", "private-keys", "config-everywhere",
                                   "packages-of-rpm-sqlite", "zstd-chunked", "git-packed"}) {
        const Built built = build_recipe(name);
        if (!built.skipped.empty()) continue;
        ASSERT_EQ(built.error, "") << name;
        const std::vector<std::string> common = {"--no-store", "--format", "json", "--sandbox"};
        const auto with = [&](const char* mode) {
            std::vector<std::string> options = common;
            options.emplace_back(mode);
            return scan_built(built, options);
        };
        const Ran off = with("off");
        const Ran on = with("auto");
        EXPECT_EQ(on.exit, off.exit) << name << on.err;
        EXPECT_EQ(on.out, off.out) << name;
    }
}

TEST(Sandbox, StoreIsKeptFromInside) {
    const Built built = build_recipe("gzip-many-members");
    ASSERT_EQ(built.error, "");
    const TemporaryFolder folder;
    const std::string store = folder.path() / "store.sqlite";
    const Ran first = scan_built(built, {"--store", store, "--format", "json", "--stats"});
    const Ran again = scan_built(built, {"--store", store, "--format", "json", "--stats"});
    EXPECT_EQ(first.exit, 1) << first.err;
    EXPECT_EQ(again.out, first.out);
    EXPECT_NE(again.err.find("from store"), std::string::npos) << again.err;
}

TEST(Sandbox, AnUnknownModeIsRefused) {
    EXPECT_EQ(stratascan({"scan", "--sandbox", "perhaps", "x"}).exit, 3);
}

}  // namespace
}  // namespace stratascan::e2e
