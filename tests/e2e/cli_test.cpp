// The command line that users and their scripts rely on: exit codes, options,
// what goes to which output, and how a scan ends that is stopped.
#include "tests/e2e/run.hpp"

namespace stratascan::e2e {
namespace {

Built recipe(const std::string& name) {
    Built built = build_recipe(name);
    EXPECT_EQ(built.error, "");
    return built;
}

TEST(CommandLine, BadArgumentsCannotRun) {
    EXPECT_EQ(stratascan({}).exit, 3) << "no command";
    EXPECT_EQ(stratascan({"no-such-command"}).exit, 3);
    EXPECT_EQ(stratascan({"scan"}).exit, 3) << "no target";
    EXPECT_EQ(stratascan({"scan", "--no-such-option", "."}).exit, 3);
    EXPECT_EQ(stratascan({"scan", "--format", "no-such-format", "."}).exit, 3);
    EXPECT_EQ(stratascan({"scan", "--jobs", "many", "."}).exit, 3);
    EXPECT_EQ(stratascan({"scan", "--memory", "much", "."}).exit, 3);
    EXPECT_EQ(stratascan({"scan", "--platform", "///", "."}).exit, 3);
}

TEST(CommandLine, ErrorsSayWhatWasWrongOnStandardError) {
    const Ran ran = stratascan({"scan", "--no-such-option", "."});
    EXPECT_EQ(ran.out, "");
    EXPECT_NE(ran.err.find("no-such-option"), std::string::npos) << ran.err;
}

TEST(CommandLine, TargetThatIsNotThereCannotRun) {
    for (const char* target : {"/no/such/target", "oci:/no/such/layout", "dir:/no/such/folder",
                               "layer:/no/such/file", "docker-archive:/no/such.tar"}) {
        const Ran ran = stratascan({"scan", target});
        EXPECT_EQ(ran.exit, 3) << target;
        EXPECT_NE(ran.err.find("no/such"), std::string::npos) << ran.err;
    }
}

// One wrong target costs itself alone, and it is in every form of the report.
TEST(CommandLine, TargetsThatCannotBeReadStandBesideTheOthers) {
    const std::string clean = "oci:" + (recipe("empty-layer").folder / "image").string();
    const std::string found = "oci:" + (recipe("removed-with-build-step").folder / "image").string();
    const Ran ran = stratascan({"scan", "/no/such/target", clean, "oci:/no/such/layout", "--format",
                                "json", "--no-store", "--quiet"});
    EXPECT_EQ(ran.exit, 2) << ran.err;
    EXPECT_NE(ran.err.find("/no/such/target"), std::string::npos) << ran.err;
    const json targets = report_of(ran).at("targets");
    ASSERT_EQ(targets.size(), 3U);
    EXPECT_TRUE(targets.at(1).at("coverage").at("complete").get<bool>());
    for (const int at : {0, 2}) {
        const json& unread = targets.at(static_cast<std::size_t>(at));
        EXPECT_EQ(unread.at("image").at("kind"), "unread");
        EXPECT_FALSE(unread.at("coverage").at("complete").get<bool>());
        EXPECT_NE(unread.at("gaps").at(0).at("reason").dump().find("no/such"), std::string::npos);
    }
    EXPECT_EQ(stratascan({"scan", found, "/no/such/target", "--no-store"}).exit, 1)
        << "what was found counts more";
    const Ran none = stratascan({"scan", "/no/such/target", "/no/such/other", "--no-store"});
    EXPECT_EQ(none.exit, 3) << "nothing was scanned";
    EXPECT_NE(none.err.find("/no/such/target"), std::string::npos) << none.err;
    EXPECT_NE(none.err.find("/no/such/other"), std::string::npos) << none.err;
    for (const char* format : {"table", "jsonl", "sarif", "gitlab", "junit", "markdown", "html"}) {
        const Ran other = stratascan({"scan", clean, "/no/such/target", "--format", format,
                                      "--no-store"});
        EXPECT_EQ(other.exit, 2) << format;
        EXPECT_NE(other.out.find("no/such/target"), std::string::npos) << format << other.out;
        EXPECT_NE(other.out.find("no such file"), std::string::npos) << format << other.out;
    }
}

TEST(CommandLine, FileThatIsNoImageIsNeverAPass) {
    const fs::path file = home() / "noise";
    std::ofstream(file) << "this is neither an image nor a layer\n";
    const Ran ran = stratascan({"scan", file.string()});
    EXPECT_TRUE(ran.exit == 2 || ran.exit == 3) << ran.exit;
}

TEST(CommandLine, EmptyStandardInputIsNeverAPass) {
    const Ran ran = stratascan({"scan", "-"});
    EXPECT_TRUE(ran.exit == 2 || ran.exit == 3) << ran.exit;
}

TEST(CommandLine, HelpAndVersion) {
    const Ran help = stratascan({"--help"});
    EXPECT_EQ(help.exit, 0);
    EXPECT_NE(help.out.find("scan"), std::string::npos);
    const Ran scan_help = stratascan({"scan", "--help"});
    EXPECT_EQ(scan_help.exit, 0);
    for (const char* option : {"--format", "--output", "--jobs", "--platform", "--quiet",
                               "--no-progress", "--show-secrets", "--memory", "--stats",
                               "--rules", "--key-file"}) {
        EXPECT_NE(scan_help.out.find(option), std::string::npos) << option;
    }
    const Ran version = stratascan({"--version"});
    EXPECT_EQ(version.exit, 0);
    EXPECT_NE(version.out.find('.'), std::string::npos) << version.out;
}

TEST(CommandLine, CleanImageIsZeroAndQuiet) {
    const Built built = recipe("empty-layer");
    const Ran ran = scan_built(built, {"--format", "json", "--quiet"});
    EXPECT_EQ(ran.exit, 0);
    EXPECT_EQ(ran.err, "");
}

TEST(CommandLine, NoProgressWhereThereIsNoTerminal) {
    const Ran ran = scan_built(recipe("many-small-files"), {"--format", "json"});
    EXPECT_EQ(ran.exit, 1);
    EXPECT_EQ(ran.err.find('\r'), std::string::npos);
    EXPECT_EQ(ran.err.find('\x1b'), std::string::npos);
}

TEST(CommandLine, NoColourWhereThereIsNoTerminal) {
    const Ran ran = scan_built(recipe("names-with-control-characters"), {"--format", "table"});
    EXPECT_EQ(ran.exit, 1);
    EXPECT_EQ(ran.out.find('\x1b'), std::string::npos);
    EXPECT_EQ(ran.out.find('\r'), std::string::npos);
}

TEST(CommandLine, OutputGoesToAFile) {
    const Built built = recipe("gzip-single-member");
    const fs::path file = home() / "report.json";
    const Ran shown = scan_built(built, {"--format", "json"});
    const Ran written = scan_built(built, {"--format", "json", "--output", file.string()});
    EXPECT_EQ(written.exit, 1);
    EXPECT_EQ(written.out, "");
    EXPECT_EQ(read_file(file), shown.out);
    const Ran refused = scan_built(built, {"--format", "json", "--output", "/no/such/folder/r"});
    EXPECT_EQ(refused.exit, 3);
}

TEST(CommandLine, JsonLinesAreObjectsThatNameTheirKind) {
    const Ran ran = scan_built(recipe("gzip-many-members"), {"--format", "jsonl"});
    std::istringstream lines(ran.out);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        EXPECT_TRUE(json::parse(line, nullptr, false).is_object()) << line;
    }
    EXPECT_GE(count, 5U) << "three findings, a layer, a summary";
}

TEST(CommandLine, StatsGoToStandardError) {
    const Ran ran = scan_built(recipe("gzip-single-member"), {"--format", "json", "--stats"});
    EXPECT_TRUE(report_of(ran).is_object());
    EXPECT_NE(ran.err, "");
}

TEST(CommandLine, OneBadTargetIsNamedAndNeverAPass) {
    const Built built = recipe("empty-layer");
    Command command;
    command.directory = built.folder;
    const Ran ran = stratascan({"scan", "--format", "json", "image", "/no/such/target"}, command);
    EXPECT_TRUE(ran.exit == 2 || ran.exit == 3) << ran.exit;
    EXPECT_NE((ran.out + ran.err).find("/no/such/target"), std::string::npos);
}

TEST(CommandLine, KeyIsMadeForItsOwnerAlone) {
    const TemporaryFolder fresh;
    const Built built = recipe("gzip-single-member");
    Command command;
    command.directory = built.folder;
    for (const char* name : {"HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
                             "XDG_STATE_HOME"}) {
        command.environment[name] = fresh.path();
    }
    EXPECT_EQ(stratascan({"scan", "--format", "json", "image"}, command).exit, 1);
    std::size_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(fresh.path())) {
        if (!entry.is_regular_file()) continue;
        ++files;
        EXPECT_EQ(entry.status().permissions() & fs::perms::all,
                  fs::perms::owner_read | fs::perms::owner_write)
            << entry.path();
    }
    EXPECT_GE(files, 1U) << "no key was made";
}

/// Waits until the program has read something of its input: a pipe is full
/// before it starts, so the producer's progress is the program's.
void wait_for_reading(pid_t process) {
    const fs::path counters = "/proc/" + std::to_string(process) + "/io";
    for (int tries = 0; tries < 3000; ++tries) {
        const std::string text = read_file(counters);
        if (std::strtoull(text.c_str() + std::min(text.size(), std::string("rchar: ").size()),
                          nullptr, 10) > 8'000'000) {
            return;
        }
        usleep(10'000);
    }
    ADD_FAILURE() << "the program reads nothing";
}

TEST(CommandLine, InterruptKeepsWhatIsCompleteAndMarksTheRest) {
    const Built built = recipe("empty-layer");
    Command command;
    command.words = {program(), "scan", "--format", "json", built.folder / "image", "-"};
    command.producer = {python(), source() / "fixtures/streams.py", "endless"};
    command.environment["TMPDIR"] = home();
    command.timeout_ms = 60'000;
    Running running(command);
    wait_for_reading(running.id());
    running.interrupt();
    const Ran ran = running.finish();
    ASSERT_FALSE(ran.timed_out);
    EXPECT_EQ(ran.exit, 2) << ran.err;
    const json report = report_of(ran);
    ASSERT_TRUE(report.is_object()) << ran.out.substr(0, 400);
    bool incomplete = false;
    for (const json& target : report.at("targets")) {
        incomplete = incomplete || !target.at("coverage").at("complete");
    }
    EXPECT_TRUE(incomplete);
}

}  // namespace
}  // namespace stratascan::e2e
