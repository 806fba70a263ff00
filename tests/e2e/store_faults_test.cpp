// Whatever happens to a store, a scan tells what it found: kills at any moment, other
// processes, damage, places that can't be used.
#include <random>

#include "tests/e2e/store.hpp"

namespace stratascan::e2e {
namespace {

// A scan is killed at any moment: the store opens, is sound, and has the layers that were
// done; the next scan finds what an undisturbed one finds.
TEST(StoreFaults, AKilledScanLosesTheLayersInWorkAtMost) {
    std::vector<std::string> targets;
    for (const char* name : {"blob-shared", "dense-with-hits", "same-layer-twice",
                             "archive-of-many-members", "many-small-files", "git-packed",
                             "opaque-deletes"}) {
        const Built built = recipe(name);
        for (const std::string word : built.expect.at("arguments")) {
            targets.push_back((built.folder / word).string());
        }
    }
    const auto words = [&targets](const std::vector<std::string>& options) {
        std::vector<std::string> all = {"scan", "--format", "json"};
        all.insert(all.end(), options.begin(), options.end());
        all.insert(all.end(), targets.begin(), targets.end());
        return all;
    };
    const Ran whole = stratascan(words({"--no-store"}));
    ASSERT_EQ(whole.exit, 1) << whole.err;
    std::mt19937 random(20);
    int killed = 0;
    int partly = 0;
    for (int round = 0; round < 15; ++round) {
        const Place place;
        Command command;
        command.words = words({"--store", place.file()});
        command.words.insert(command.words.begin(), program());
        {
            Running running(command);
            usleep(static_cast<useconds_t>(20'000 + random() % 300'000));
            ::kill(running.id(), SIGKILL);
            killed += running.finish().signal == SIGKILL ? 1 : 0;
        }
        if (fs::exists(place.file())) {
            const Ran check = stratascan({"store", "check", "--store", place.file()});
            EXPECT_EQ(check.out, "sound\n") << check.err;
        }
        const Ran again = stratascan(words({"--store", place.file(), "--stats"}));
        partly += layers_from_store(again) > 0 ? 1 : 0;
        EXPECT_EQ(again.exit, whole.exit);
        EXPECT_TRUE(again.out == whole.out) << "round " << round;
        const Ran stored = stratascan({"report", "--format", "json", "--store", place.file()});
        EXPECT_EQ(report_of(stored).at("targets").size(),
                  report_of(whole).at("targets").size());
    }
    EXPECT_GT(killed, 5) << "most scans were faster than their death";
    EXPECT_GT(partly, 0) << "no scan had kept a layer before it died";
}

TEST(StoreFaults, TwoScansShareOne) {
    const Built first = recipe("blob-shared");
    const Built second = recipe("many-small-files");
    const Place place;
    for (int round = 0; round < 5; ++round) {
        const auto command = [&](const Built& built) {
            Command made;
            made.directory = built.folder;
            made.words = {program(), "scan", "--format", "json", "--store", place.file()};
            for (const std::string word : built.expect.at("arguments")) made.words.push_back(word);
            return made;
        };
        Running one(command(first));
        Running two(command(second));
        Running three(command(first));
        for (Running* running : {&one, &two, &three}) {
            const Ran ran = running->finish();
            EXPECT_EQ(ran.exit, 1);
            EXPECT_EQ(ran.err, "");
        }
    }
    EXPECT_EQ(stratascan({"store", "check", "--store", place.file()}).out, "sound\n");
    EXPECT_EQ(layers_from_store(scan_with(first, place, {"--stats"})), 3);
    EXPECT_EQ(layers_from_store(scan_with(second, place, {"--stats"})), 1);
}

// Whatever the file is, the report and the exit code are those without a store, and
// standard error says why it was not used.
TEST(StoreFaults, ADamagedFileNeverCostsAFinding) {
    const Built built = recipe("blob-shared");
    const Ran bare = scan_built(built, {"--format", "json", "--no-store"});
    const Place place;
    ASSERT_EQ(scan_with(built, place).exit, 1);
    ASSERT_EQ(place.sql("pragma wal_checkpoint(truncate)").exit, 0);
    const std::string sound = read_file(place.file());
    ASSERT_GT(sound.size(), 10'000U);
    std::vector<std::string> files = {"", "not a database at all", std::string(8192, '\0')};
    for (const std::size_t size : {100U, 4096U, 5000U, 40'000U}) {
        files.push_back(sound.substr(0, size));
    }
    std::mt19937 random(7);
    for (int i = 0; i < 25; ++i) {
        std::string flipped = sound;
        for (int n = 0; n < (i % 5 == 0 ? 400 : 5); ++n) {
            flipped[random() % flipped.size()] ^= static_cast<char>(1U << random() % 8);
        }
        files.push_back(std::move(flipped));
    }
    int noted = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
        for (const char* beside : {"-wal", "-shm"}) fs::remove(place.file() + beside);
        std::ofstream(place.file(), std::ios::binary | std::ios::trunc) << files[i];
        const Ran ran = scan_with(built, place);
        EXPECT_EQ(ran.exit, bare.exit) << i << ' ' << ran.err;
        EXPECT_TRUE(ran.out == bare.out) << i;
        noted += ran.err.find("store") != std::string::npos ? 1 : 0;
        for (const std::vector<std::string>& words :
             {std::vector<std::string>{"store", "check"}, {"store", "info"}, {"store", "export"},
              {"report"}, {"find", "--path", "*"}}) {
            std::vector<std::string> all = words;
            all.insert(all.end(), {"--store", place.file()});
            const Ran asked = stratascan(all);
            EXPECT_GE(asked.exit, 0) << i << ' ' << words.back() << " signal " << asked.signal;
            EXPECT_LE(asked.exit, 3);
        }
    }
    EXPECT_GT(noted, 5);
}

TEST(StoreFaults, APlaceThatCanNotBeUsedIsSaid) {
    const Built built = recipe("blob-shared");
    const Ran bare = scan_built(built, {"--format", "json", "--no-store"});
    const Place place;
    fs::create_directory(place.folder() / "open");
    fs::permissions(place.folder() / "open", fs::perms::all);
    for (const std::string& path :
         {std::string("/proc/no/store"), place.folder().string(),
          (place.folder() / "open/store.sqlite").string()}) {
        const Ran ran = scan_built(built, {"--format", "json", "--store", path});
        EXPECT_EQ(ran.exit, bare.exit);
        EXPECT_TRUE(ran.out == bare.out);
        EXPECT_NE(ran.err.find("without a store"), std::string::npos) << ran.err;
        EXPECT_EQ(scan_built(built, {"--format", "json", "--quiet", "--store", path}).err, "");
    }
    EXPECT_EQ(scan_built(built, {"--no-store", "--store", place.file()}).exit, 3);
}

}  // namespace
}  // namespace stratascan::e2e
