// A store that is locked, damaged, or shared: what `store check` says of it and repairs,
// and that nothing is lost that was reported as done.
#include <random>

#include "tests/e2e/faults.hpp"
#include "tests/e2e/servers.hpp"

namespace stratascan::e2e {
namespace {

Ran check(const Place& place, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"store", "check", "--store", place.file()});
    return stratascan(more);
}

void write(const Place& place, const std::string& bytes) {
    for (const char* beside : {"-wal", "-shm"}) fs::remove(place.file() + beside);
    std::ofstream(place.file(), std::ios::binary | std::ios::trunc) << bytes;
    fs::permissions(place.file(), fs::perms::owner_read | fs::perms::owner_write);
}

/// A store of three recipes with everything in the one file; made once.
void fill(const Place& place) {
    static std::string made;
    if (!made.empty()) return write(place, made);
    for (const char* const name : {"blob-shared", "docker-archive-25", "whiteout-deletes"}) {
        ASSERT_EQ(scan_with(recipe(name), place).exit, 1);
    }
    ASSERT_EQ(place.sql("pragma wal_checkpoint(truncate)").exit, 0);
    made = read_file(place.file());
}

/// After a repair: sound, scans are what they were, and once made the store says so.
void expect_mended(const Place& place, const std::string& what) {
    const Ran mended = check(place, {"--repair"});
    EXPECT_EQ(mended.exit, 0) << what << '\n' << mended.out << mended.err;
    EXPECT_TRUE(mended.out.ends_with("sound\n")) << what << '\n' << mended.out;
    EXPECT_EQ(check(place).out, "sound\n") << what;
    const Built built = recipe("blob-shared");
    const Ran again = scan_faulty(built, {}, {"--store", place.file()});
    EXPECT_EQ(again.out, scan_faulty(built, {}).out) << what;
    EXPECT_EQ(again.err, "") << what;
    fs::remove(place.file() + ".damaged");
}

// Another process holds the store for itself: after a while the scan goes on without.
TEST(StoreTrouble, ALockedStoreCostsNoFinding) {
    const Built built = recipe("blob-shared");
    const Ran bare = scan_faulty(built, {});
    const Place place;
    fill(place);
    Command holder;
    holder.words = {"sh", "-c", "(echo 'pragma locking_mode=exclusive; begin exclusive; select 1;'; "
                                "sleep 25) | sqlite3 " + place.file() + " & echo $! ; wait"};
    Running held(holder);
    usleep(500'000);
    const Ran ran = scan_faulty(built, {}, {"--store", place.file()});
    EXPECT_EQ(ran.exit, bare.exit) << ran.err;
    EXPECT_EQ(ran.out, bare.out);
    EXPECT_TRUE(has(ran.err, "another process")) << ran.err;
    ::kill(held.id(), SIGKILL);
}

// Every page of every kind, overwritten: told, and mended as far as there is something.
TEST(StoreTrouble, EachPageMayBeOverwritten) {
    const Place place;
    fill(place);
    const std::string sound = read_file(place.file());
    constexpr std::size_t page = 4096;
    const std::size_t pages = sound.size() / page;
    ASSERT_GT(pages, 30U);
    int told = 0;
    // The first of all, and one in nine of the others: roots, leaves, indexes, overflow.
    for (std::size_t at = 0; at < pages; at += at == 0 ? 1 : 9) {
        std::string damaged = sound;
        std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(at * page), page, '\xa5');
        write(place, damaged);
        const Ran said = check(place);
        if (said.exit == 0) continue;  // a free page
        ++told;
        EXPECT_NE(said.out + said.err, "") << at;
        expect_mended(place, "page " + std::to_string(at + 1));
    }
    EXPECT_GT(told, 4);
}

TEST(StoreTrouble, AHeaderThatIsGoneIsMadeAgain) {
    const Place place;
    fill(place);
    const Ran known = stratascan({"report", "--format", "json", "--store", place.file()});
    std::string damaged = read_file(place.file());
    std::fill_n(damaged.begin(), 100, '\0');
    write(place, damaged);
    EXPECT_EQ(check(place).exit, 3) << "it can't even be opened";
    const Ran mended = check(place, {"--repair"});
    EXPECT_EQ(mended.exit, 0) << mended.out << mended.err;
    EXPECT_TRUE(fs::exists(place.file() + ".damaged"));
    EXPECT_EQ(stratascan({"report", "--format", "json", "--store", place.file()}).out, known.out)
        << "nothing but the header was lost";
    fs::remove(place.file() + ".damaged");
}

TEST(StoreTrouble, ATruncatedFileKeepsItsBeginning) {
    const Place place;
    fill(place);
    const std::string sound = read_file(place.file());
    for (const int part : {3, 2}) {
        write(place, sound.substr(0, sound.size() / 4096 / 4 * static_cast<std::size_t>(part) * 4096));
        EXPECT_NE(check(place).exit, 0);
        expect_mended(place, std::to_string(part) + " quarters");
    }
    // An earlier repair's file is somebody's to look at.
    write(place, sound.substr(0, sound.size() / 2));
    std::ofstream(place.file() + ".damaged") << "earlier";
    const Ran refused = check(place, {"--repair"});
    EXPECT_EQ(refused.exit, 3);
    EXPECT_EQ(read_file(place.file() + ".damaged"), "earlier");
}

TEST(StoreTrouble, AMissingLogIsAnOlderStore) {
    const Place place;
    fill(place);
    // The log is there as long as somebody has the store open.
    Command holder;
    holder.words = {"sh", "-c", "(echo 'select count(*) from blob;'; sleep 20) | sqlite3 " +
                                    place.file()};
    Running held(holder);
    usleep(300'000);
    ASSERT_EQ(scan_with(recipe("many-small-files"), place).exit, 1);
    ASSERT_GT(fs::file_size(place.file() + "-wal"), 0U);
    const std::string file = read_file(place.file());
    ::kill(held.id(), SIGKILL);
    const Place other;
    write(other, file);
    EXPECT_EQ(check(other).out, "sound\n");
    EXPECT_EQ(scan_with(recipe("many-small-files"), other).exit, 1);
}

// What the file says, and not how: rows that somebody or something took away.
TEST(StoreTrouble, RowsThatAreGoneAreToldAndMended) {
    const std::vector<std::string> losses = {
        "delete from layer_part where rowid is null or layer_scan = (select min(id) from layer_scan)",
        "update layer_part set bytes = x'00' where layer_scan = (select max(id) from layer_scan)",
        "delete from finding where secret = (select min(id) from secret)",
        "delete from secret", "delete from blob", "delete from manifest where id = 1",
        "delete from path where id = 1", "delete from image_layer where position = 0",
        "update image_scan set facts = x'00' where id = 1",
        "update tag_history set seen_until = 1",
        "delete from image_scan where id = 1", "delete from registry", "delete from ruleset"};
    int told = 0;
    for (std::string loss : losses) {
        if (has(loss, "layer_part where rowid")) {
            loss = "delete from layer_part where layer_scan = (select min(id) from layer_scan)";
        }
        const Place place;
        fill(place);
        ASSERT_EQ(place.sql("pragma foreign_keys = off; " + loss).exit, 0) << loss;
        const Ran said = check(place);
        told += said.exit == 1 ? 1 : 0;
        expect_mended(place, loss + '\n' + said.out);
    }
    EXPECT_GE(told, 11);
}

// Dropped layers are fetched again: what says that an image is complete goes with them.
TEST(StoreTrouble, AnImageThatLostALayerIsNotCompleteAnyMore) {
    const Place place;
    fill(place);
    ASSERT_EQ(place.sql("pragma foreign_keys = off; delete from layer_part").exit, 0);
    EXPECT_EQ(check(place).exit, 1);
    EXPECT_EQ(check(place, {"--repair"}).exit, 0);
    EXPECT_EQ(place.sql("select count(*) from image_scan where complete = 1").out, "0\n");
    const Ran report = stratascan({"report", "--format", "json", "--store", place.file()});
    EXPECT_NE(report.exit, 0) << "nothing of what it says is whole";
}

class SharedStore : public RegistryTest {};

// Scans, a sweep and the upkeep at once, on one store.
TEST_F(SharedStore, AllAtOnce) {
    const DockerRegistry registry;
    push(layout(recipe("gzip-single-member")), registry.address(), "team/app:1");
    push("oci:" + (recipe("whiteout-deletes").folder / "image").string(), registry.address(),
         "team/other:1");
    const Place place;
    const auto start = [&](std::vector<std::string> words) {
        Command made = command();
        words.insert(words.begin(), program());
        words.insert(words.end(), {"--store", place.file()});
        made.words = words;
        return made;
    };
    const std::string first = targets_of(recipe("blob-shared")).front();
    const std::string second = targets_of(recipe("docker-archive-25")).front();
    for (int round = 0; round < 3; ++round) {
        Running sweep(start({"sweep", registry.address(), "--format", "json"}));
        Running one(start({"scan", "--format", "json", first}));
        Running two(start({"scan", "--format", "json", second}));
        Running gc(start({"store", "gc", "--keep-hours", "0"}));
        Running again(start({"scan", "--format", "json", first}));
        const Ran swept = sweep.finish();
        EXPECT_EQ(swept.exit, 1) << swept.err;
        for (Running* running : {&one, &two, &again}) EXPECT_EQ(running->finish().exit, 1);
        // Before anybody has made the store there is nothing to collect.
        const Ran collected = gc.finish();
        EXPECT_TRUE(collected.exit == 0 || round == 0) << collected.err;
        EXPECT_EQ(check(place).out, "sound\n");
    }
    const Ran report = stratascan({"report", "--format", "json", "--store", place.file()});
    for (const std::string& part : {std::string("team/app"), std::string("team/other"), first, second}) {
        EXPECT_TRUE(has(report.out, part)) << part;
    }
}

}  // namespace
}  // namespace stratascan::e2e
