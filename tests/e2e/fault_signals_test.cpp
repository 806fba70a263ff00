// Signals at any moment: the scan ends soon and says that it was stopped, or was done
// already; and the store has what it says it has.
#include <random>

#include "tests/e2e/faults.hpp"

namespace stratascan::e2e {
namespace {

std::vector<std::string> scan_of_many(const std::string& store) {
    std::vector<std::string> words = {program(), "scan", "--format", "json"};
    if (store.empty()) words.emplace_back("--no-store");
    else words.insert(words.end(), {"--store", store});
    for (const char* name : {"blob-shared", "git-packed", "opaque-deletes"}) {
        for (const std::string& target : targets_of(recipe(name))) words.push_back(target);
    }
    return words;
}

TEST(SignalFaults, AtAnyMomentTheEndIsMarkedAndTheStoreSound) {
    Command bare;
    bare.words = scan_of_many("");
    const Ran whole = run(bare);
    ASSERT_EQ(whole.exit, 1) << whole.err;
    std::mt19937 random(11);
    int stopped = 0;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        for (int round = 0; round < 8; ++round) {
            const Place place;
            Command command;
            command.words = scan_of_many(place.file());
            command.timeout_ms = 60'000;
            Running running(command);
            usleep(static_cast<useconds_t>(random() % 200'000));
            ::kill(running.id(), signal);
            const Ran ran = running.finish();
            EXPECT_FALSE(ran.timed_out);
            const std::string at = strsignal(signal);
            // Before the program has begun, the signal has it as it has every program.
            if (ran.signal != 0) {
                EXPECT_EQ(ran.signal, signal) << at;
                EXPECT_EQ(ran.out, "") << at;
            } else if (ran.exit == 3) {
                EXPECT_NE(ran.err, "") << at;
            } else if (ran.out != whole.out) {
                ++stopped;
                EXPECT_TRUE(ran.exit == 1 || ran.exit == 2) << at << ran.exit << ran.err;
                const json report = report_of(ran);
                ASSERT_TRUE(report.is_object()) << at << ran.out;
                EXPECT_EQ(report.at("cancelled"), true) << at;
            }
            if (fs::exists(place.file()) && fs::file_size(place.file()) > 0) {
                EXPECT_EQ(stratascan({"store", "check", "--store", place.file()}).out, "sound\n");
            }
            command.words = scan_of_many(place.file());
            EXPECT_TRUE(run(command).out == whole.out) << at;
        }
    }
    EXPECT_GT(stopped, 0) << "every scan was done before its signal";
}

TEST(SignalFaults, WhoeverRunsItByNohupWantsItToGoOn) {
    const Ran ran = run({.words = {"sh", "-c", "trap '' HUP; (sleep 0.05; kill -HUP $$) & exec \"$@\"",
                                   "sh", program(), "scan", "--no-store", "--format", "json",
                                   targets_of(recipe("dense-with-hits")).front()}});
    EXPECT_EQ(ran.exit, 1) << ran.err;
    EXPECT_NE(report_of(ran).value("cancelled", json(false)), true);
}

// SIGPIPE: who reads the report goes away.
TEST(SignalFaults, AReaderThatGoesAwayIsAnErrorAndNoDeath) {
    const TemporaryFolder folder;
    const std::string code = (folder.path() / "code").string();
    const std::string target = targets_of(recipe("dense-with-hits")).front();
    const Place place;
    ASSERT_EQ(scan_with(recipe("dense-with-hits"), place).exit, 1);
    for (const std::string& words :
         {"scan --no-store --format json " + target, "store export --store " + place.file()}) {
        const Ran ran = run({.words = {"sh", "-c", "(" + program() + " " + words + "; echo $? > " +
                                                       code + ") | true"}});
        std::string ended;
        for (int tries = 0; tries < 400 && ended.empty(); ++tries) {
            usleep(25'000);
            ended = read_file(code);
        }
        EXPECT_EQ(ended, "3\n") << words;
        EXPECT_TRUE(has(ran.err, "Broken pipe")) << ran.err;
        fs::remove(code);
    }
}

}  // namespace
}  // namespace stratascan::e2e
