// Memory that runs out, at any allocation of a scan: the end is a message and an exit code
// that says so, or a report that says what is missing, or the whole report where what failed
// could be done without. Never a signal, a hang, or a report that only looks complete.
#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "tests/e2e/faults.hpp"

namespace stratascan::e2e {
namespace {

class LocaleFaults : public testing::Test {
protected:
    void SetUp() override { SKIP_WITHOUT_FAULTS(); }

    static void expect_honest(const Ran& ran, const Ran& whole, const std::string& at) {
        EXPECT_FALSE(ran.timed_out) << at;
        EXPECT_EQ(ran.signal, 0) << at << ran.err;
        if (ran.exit == 3) {
            EXPECT_NE(ran.err, "") << at;
        } else if (ran.out != whole.out) {
            const json report = report_of(ran);
            ASSERT_TRUE(report.is_object()) << at << " exit " << ran.exit << ran.err;
            bool complete = true;
            for (const json& target : report.at("targets")) {
                complete = complete && target.at("coverage").at("complete").get<bool>();
            }
            EXPECT_FALSE(complete) << at << ": a report that looks whole is not that of a sound machine";
            EXPECT_TRUE(ran.exit == 1 || ran.exit == 2) << at << ' ' << ran.exit;
        } else {
            EXPECT_EQ(ran.exit, whole.exit) << at;
        }
    }
};

class MemoryFaults : public LocaleFaults, public testing::WithParamInterface<const char*> {
protected:
    /// A third of the numbers of allocations in geometric steps, for the start is denser than
    /// the rest, and the others anywhere.
    static std::set<long> numbers(long all, int many, unsigned seed) {
        std::set<long> numbers;
        for (int i = 0; i < many / 3; ++i) {
            numbers.insert(std::lround(std::pow(static_cast<double>(all), 3.0 * i / many)));
        }
        std::mt19937 random(seed);
        while (std::cmp_less(numbers.size(), many)) {
            numbers.insert(1 + static_cast<long>(random() % static_cast<unsigned long>(all)));
        }
        return numbers;
    }

    static long allocations_of(const std::vector<std::string>& words) {
        const TemporaryFolder folder;
        const std::string count = folder.path() / "count";
        const Ran ran = stratascan(words, with({{"FAULT_ALLOC_COUNT", count}}));
        EXPECT_GE(ran.exit, 0) << ran.err;
        return std::stol("0" + read_file(count));
    }
};

TEST_P(MemoryFaults, ALibraryThatEndsTheProcessLooksLikeNoResult) {
    const Built built = recipe(GetParam());
    std::vector<std::string> words = {"scan", "--no-store", "--format", "json", "--jobs", "2"};
    for (const std::string& target : targets_of(built)) words.push_back(target);
    const Ran whole = stratascan(words);
    const long all = allocations_of(words);
    int ended = 0;
    for (const long number : numbers(all, 24, static_cast<unsigned>(all))) {
        const std::string at = std::to_string(number);
        Command command = with({{"FAULT_EXIT", at}});
        command.timeout_ms = 20'000;
        const Ran ran = stratascan(words, command);
        EXPECT_FALSE(ran.timed_out) << at;
        EXPECT_EQ(ran.signal, 0) << at << ran.err;
        if (ran.exit != 3) {  // behind its report, or it made fewer
            EXPECT_EQ(ran.exit, whole.exit) << at << ran.err;
            EXPECT_EQ(ran.out, whole.out) << at;
            continue;
        }
        ++ended;
        EXPECT_EQ(ran.out, "") << at;
        EXPECT_NE(ran.err.find("memory ran out"), std::string::npos) << at << ran.err;
    }
    EXPECT_GE(ended, 18);
}

TEST_P(MemoryFaults, AScanIsHonest) {
    const Built built = recipe(GetParam());
    for (const char* const jobs : {"1", "2"}) {
        std::vector<std::string> words = {"scan", "--no-store", "--format", "json", "--jobs", jobs};
        for (const std::string& target : targets_of(built)) words.push_back(target);
        const Ran whole = stratascan(words);
        const long all = allocations_of(words);
        ASSERT_GT(all, 10'000);
        // One that fails, and all from there on.
        for (const char* const many : {":1", ":0"}) {
            for (const long number : numbers(all, 24, static_cast<unsigned>(all))) {
                const std::string at = std::to_string(number) + many;
                Command command = with({{"FAULT_ALLOC", at}});
                command.timeout_ms = 20'000;
                expect_honest(stratascan(words, command), whole, std::string(jobs) + " jobs, " + at);
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Of, MemoryFaults, testing::Values("blob-shared", "private-keys", "git-packed",
                                         "nested-two-and-three-fold"),
                         [](const auto& of) {
                             std::string name = of.param;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

// Names that are in neither ASCII nor UTF-8 are read through a locale.
TEST_F(LocaleFaults, MemoryThatItDoesNotFindCostsNoName) {
    const TemporaryFolder folder;
    const std::string name = "schl\xfcssel.pem";
    fs::create_directory(folder.path() / "tree");
    const auto made = [&](std::vector<std::string> words) {
        Command command;
        command.directory = folder.path();
        command.words = std::move(words);
        const Ran ran = run(command);
        return ran.exit == 0 ? "" : ran.err + " exit " + std::to_string(ran.exit);
    };
    ASSERT_EQ(made({"openssl", "genpkey", "-algorithm", "ed25519", "-out", "tree/" + name}), "");
    ASSERT_EQ(made({"tar", "--format=pax", "-C", "tree", "-cf", "layer.tar", "."}), "");
    const std::string layer = "layer:" + (folder.path() / "layer.tar").string();
    const std::vector<std::string> words = {"scan", "--no-store", "--format", "json", layer, layer};
    const Ran whole = stratascan(words);
    EXPECT_EQ(whole.exit, 1) << whole.err;
    EXPECT_NE(whole.out.find("ssel.pem"), std::string::npos) << whole.out;
    for (const char* const times : {"1", "1000"}) {
        const Ran ran = stratascan(words, with({{"FAULT_LOCALE", times}}));
        expect_honest(ran, whole, times);
        EXPECT_NE(ran.out, whole.out) << "a locale was made otherwise";
    }
}

class StoreMemoryFaults : public MemoryFaults {};

INSTANTIATE_TEST_SUITE_P(Of, StoreMemoryFaults, testing::Values("blob-shared"));

// A store is sound whatever did not fit into memory, and what it has is true.
TEST_P(StoreMemoryFaults, AStoreIsSound) {
    const Built built = recipe(GetParam());
    const Ran whole = scan_faulty(built, {});
    const Place counted;
    std::vector<std::string> words = {"scan", "--format", "json", "--store", counted.file()};
    for (const std::string& target : targets_of(built)) words.push_back(target);
    const long all = allocations_of(words);
    // The store is made, written and read in the later half.
    for (const long number : numbers(all / 2, 16, 3)) {
        const Place place;
        words[4] = place.file();
        const std::string at = std::to_string(all / 2 + number) + ":1";
        Command command = with({{"FAULT_ALLOC", at}});
        command.timeout_ms = 20'000;
        expect_honest(stratascan(words, command), whole, at);
        if (fs::exists(place.file()) && fs::file_size(place.file()) > 0) {
            EXPECT_EQ(stratascan({"store", "check", "--store", place.file()}).out, "sound\n") << at;
        }
        EXPECT_EQ(scan_faulty(built, {}, {"--store", place.file()}).out, whole.out) << at;
    }
}

}  // namespace
}  // namespace stratascan::e2e
