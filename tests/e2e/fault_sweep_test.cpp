// Sweeps on a machine that fails: a disk that is full while the store is written, memory
// that runs out, clocks that jump. What the store has is true, an end says what it is, and
// the next sweep goes on to what an undisturbed one comes to.
#include <cmath>
#include <random>

#include "tests/e2e/faults.hpp"
#include "tests/e2e/sweeping.hpp"

namespace stratascan::e2e {
namespace {

class SweepFaults : public Sweep {
protected:
    void SetUp() override {
        SKIP_WITHOUT_FAULTS();
        registry_.emplace();
        fill(registry_->address(), {"--repositories", "4", "--tags", "12", "--bytes", "30000"});
        calm_ = sweep(registry_->address(), {}, file("calm"));
        ASSERT_EQ(calm_.exit, 1) << calm_.err;
        whole_ = exported(file("calm"));
    }

    [[nodiscard]] std::string file(const std::string& name) const {
        return (folder() / (name + ".sqlite")).string();
    }
    [[nodiscard]] std::vector<std::string> command_line(const std::string& place) const {
        std::vector<std::string> line = words(registry_->address(), {}, place);
        return line;
    }
    Ran faulty(const Faults& faults, const std::string& place) const {
        Command command = with(faults, with_key(this->command()));
        command.timeout_ms = 60'000;
        return stratascan(command_line(place), command);
    }
    [[nodiscard]] int layers_in(const std::string& place) const {
        if (!fs::exists(place)) return 0;
        const Ran ran = run({.words = {"sqlite3", place,
                                       "select count(*) from layer_scan where reusable"}});
        return ran.exit == 0 ? std::stoi('0' + ran.out) : 0;
    }
    /// Sound, with nothing in it that is not so, and gone on with to the end; layers that are
    /// there are not fetched again.
    void expect_goes_on(const std::string& place, const std::string& at) const {
        int had = 0;
        if (fs::exists(place) && fs::file_size(place) > 0) {
            EXPECT_EQ(stratascan({"store", "check", "--store", place}, command()).out, "sound\n")
                << at;
            had = layers_in(place);
        }
        const Ran rest = sweep(registry_->address(), {}, place);
        EXPECT_EQ(rest.exit, 1) << at << rest.err;
        EXPECT_EQ(summary(rest).at("layers_fetched").get<int>() + had,
                  summary(calm_).at("layers_fetched").get<int>())
            << at;
        EXPECT_TRUE(summary(rest).at("complete").get<bool>()) << at << rest.out;
        EXPECT_TRUE(exported(place) == whole_) << at << ": another store than undisturbed";
    }
    /// Either it says that it could not, or its summary says what it lacks, or it is whole.
    void expect_honest(const Ran& ran, const std::string& at) const {
        EXPECT_FALSE(ran.timed_out) << at;
        EXPECT_EQ(ran.signal, 0) << at << ran.err;
        if (ran.exit == 3) {
            EXPECT_NE(ran.err, "") << at;
            return;
        }
        const json told = summary(ran);
        ASSERT_TRUE(told.is_object()) << at << ran.exit << ran.err;
        if (told.at("complete").get<bool>()) {
            EXPECT_EQ(ran.exit, calm_.exit) << at;
            EXPECT_EQ(told.at("repositories"), summary(calm_).at("repositories")) << at;
        } else {
            EXPECT_EQ(ran.exit, 2) << at << ran.out;
        }
    }

    std::optional<DockerRegistry> registry_;
    Ran calm_;
    std::multiset<std::string> whole_;
};

TEST_F(SweepFaults, AFullDiskEndsItAndLosesNothing) {
    int ended = 0;
    int kept = 0;
    int number = 0;
    for (const char* const room : {"0", "4000", "900000", "1900000", "2200000", "2500000", "2800000"}) {
        const std::string place = file("full" + std::to_string(++number));
        const Ran ran = faulty({{"FAULT_WRITE", "full" + std::to_string(number) + ".sqlite:" +
                                                    std::string(room)}},
                               place);
        EXPECT_EQ(ran.signal, 0) << room;
        if (ran.exit == 3) {
            ++ended;
            EXPECT_TRUE(has(ran.err, "full") || has(ran.err, "No space")) << room << ran.err;
            EXPECT_EQ(ran.out, "") << "no summary that looks like an end: " << ran.out;
        } else {
            EXPECT_EQ(ran.exit, calm_.exit) << room << ran.err;
        }
        kept += layers_in(place) > 0 ? 1 : 0;
        expect_goes_on(place, room);
    }
    EXPECT_GE(ended, 4) << "hardly one had too little room";
    EXPECT_GE(kept, 2) << "hardly one kept a layer";
}

TEST_F(SweepFaults, MemoryThatRunsOutIsSaidAndLosesNothing) {
    const std::string count = folder() / "count";
    ASSERT_EQ(faulty({{"FAULT_ALLOC_COUNT", count}}, file("counted")).exit, 1);
    const long all = std::stol('0' + read_file(count));
    ASSERT_GT(all, 10'000);
    std::mt19937 random(static_cast<unsigned>(all));
    int ended = 0;
    for (int round = 0; round < 24; ++round) {
        // Starting takes the first third; the sweep is what comes then. One fails, or all from
        // there on.
        const auto sweeping = static_cast<unsigned long>(all - all / 3);
        const long number = round < 6 ? std::lround(std::pow(static_cast<double>(all), round / 6.0))
                                      : all / 3 + static_cast<long>(random() % sweeping);
        const std::string at = std::to_string(number) + (round % 3 == 0 ? ":0" : ":1");
        const std::string place = file("memory" + std::to_string(round));
        const Ran ran = faulty({{"FAULT_ALLOC", at}}, place);
        expect_honest(ran, at);
        ended += ran.exit == 3 ? 1 : 0;
        expect_goes_on(place, at);
    }
    EXPECT_GE(ended, 8);
}

TEST_F(SweepFaults, ClocksThatJumpChangeNothing) {
    const std::string days = std::to_string(5 * 86'400);
    int number = 0;
    for (const Faults& faults :
         {Faults{{"FAULT_CLOCK", days}}, Faults{{"FAULT_CLOCK", "-" + days}, {"FAULT_MONOTONIC", "7"}}}) {
        const std::string place = file("clock" + std::to_string(++number));
        const Ran ran = faulty(faults, place);
        EXPECT_EQ(ran.exit, calm_.exit) << ran.err;
        EXPECT_EQ(summary(ran).at("repositories"), summary(calm_).at("repositories"));
        EXPECT_GE(summary(ran).at("milliseconds").get<std::int64_t>(), 0);
        EXPECT_EQ(stratascan({"store", "check", "--store", place}, command()).out, "sound\n");
        EXPECT_TRUE(exported(place) == whole_);
    }
}

// Rounds follow each other by the steady clock, whatever the time of day does; and what a
// tag's history says goes forwards.
TEST_F(SweepFaults, WatchingGoesOnWhileTheClockJumps) {
    const DockerRegistry registry;
    push(layout(recipe("uncompressed-layer")), registry.address(), "app:1");
    Command watching = with({{"FAULT_CLOCK", std::to_string(5 * 86'400)}}, with_key(command()));
    watching.words = words(registry.address(), {"--watch", "1s"});
    watching.words.insert(watching.words.begin(), program());
    Running running(watching);
    const auto entries = [&] {
        const Ran ran = run({.words = {"sqlite3", store(), "select count(*) from tag_history"}});
        return ran.exit == 0 ? std::stoi('0' + ran.out) : 0;
    };
    const auto wait_for = [&](int many) {
        for (int tries = 0; tries < 1500; ++tries) {
            if (entries() >= many) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return false;
    };
    EXPECT_TRUE(wait_for(1));
    for (int round = 1; round <= 3; ++round) {
        push(layout(recipe(round % 2 == 1 ? "gzip-single-member" : "uncompressed-layer")),
             registry.address(), "app:1");
        EXPECT_TRUE(wait_for(1 + round)) << round;
    }
    running.interrupt();
    const Ran ran = running.finish();
    EXPECT_EQ(ran.signal, 0);
    EXPECT_TRUE(ran.exit == 1 || ran.exit == 2) << ran.exit << ran.err;
    EXPECT_EQ(ask({"store", "check"}).out, "sound\n");
    EXPECT_EQ(run({.words = {"sqlite3", store(),
                             "select count(*) from tag_history where seen_until < seen_from or "
                             "closed_at < seen_until"}}).out,
              "0\n");
    EXPECT_EQ(run({.words = {"sqlite3", store(),
                             "select count(*) from tag_history where closed_at is null"}}).out,
              "1\n");
}

}  // namespace
}  // namespace stratascan::e2e
