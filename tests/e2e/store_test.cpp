// The store behind the program: a report from it is the report of a scan, byte for byte;
// no secret is in it; and whatever happens to the file, a scan tells what it found.
#include <array>
#include <random>
#include <set>

#include "tests/e2e/run.hpp"

namespace stratascan::e2e {
namespace {

/// A place for a store of the test's own.
class Place {
public:
    [[nodiscard]] std::string file() const { return (folder_.path() / "store.sqlite").string(); }
    [[nodiscard]] const fs::path& folder() const { return folder_.path(); }

    [[nodiscard]] Ran sql(const std::string& text) const {
        return run({.words = {"sqlite3", file(), text}});
    }

private:
    TemporaryFolder folder_;
};

Built recipe(const std::string& name) {
    Built built = build_recipe(name);
    EXPECT_EQ(built.error, "");
    return built;
}

Ran scan_with(const Built& built, const Place& place, std::vector<std::string> more = {}) {
    std::vector<std::string> options = {"--format", "json", "--store", place.file()};
    options.insert(options.end(), more.begin(), more.end());
    return scan_built(built, options);
}

/// "from store" of --stats; 0 where it is not told.
int layers_from_store(const Ran& ran) {
    const std::size_t at = ran.err.find("from store");
    return at == std::string::npos ? 0 : std::atoi(ran.err.c_str() + at + 10);
}

Ran find_with(const Place& place, std::vector<std::string> what, Command command = {}) {
    what.insert(what.begin(), {"find", "--format", "json", "--store", place.file()});
    return stratascan(what, command);
}

class Stored : public testing::TestWithParam<std::string> {};

TEST_P(Stored, ReportsAreThoseOfAScan) {
    const Built built = build_recipe(GetParam());
    if (!built.skipped.empty()) GTEST_SKIP() << built.skipped;
    ASSERT_EQ(built.error, "");
    const Place place;
    const Ran bare = scan_built(built, {"--format", "json", "--no-store"});
    const Ran cold = scan_with(built, place);
    const Ran warm = scan_with(built, place, {"--jobs", "8"});
    for (const Ran* ran : {&cold, &warm}) {
        EXPECT_EQ(ran->exit, bare.exit);
        EXPECT_EQ(ran->err, bare.err);
        EXPECT_TRUE(ran->out == bare.out) << (ran == &cold ? "cold" : "warm");
    }
    const bool folder = bare.out.find("\"kind\": \"directory\"") != std::string::npos;
    if (folder || bare.exit == 3) return;
    for (const char* format : {"json", "table", "jsonl"}) {
        const Ran scanned = scan_built(built, {"--format", format, "--no-store"});
        const Ran stored = stratascan({"report", "--format", format, "--store", place.file()});
        EXPECT_EQ(stored.exit, scanned.exit);
        EXPECT_TRUE(stored.out == scanned.out) << format;
    }
    EXPECT_EQ(stratascan({"store", "check", "--store", place.file()}).out, "sound\n");
}

INSTANTIATE_TEST_SUITE_P(All, Stored, testing::ValuesIn(recipe_names()), test_name);

std::string base64(std::string_view bytes) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at + 3 <= bytes.size(); at += 3) {
        const auto byte = [&](std::size_t index) {
            return static_cast<unsigned>(static_cast<unsigned char>(bytes[at + index]));
        };
        const unsigned group = byte(0) << 16U | byte(1) << 8U | byte(2);
        for (const unsigned shift : {18U, 12U, 6U, 0U}) text += alphabet[group >> shift & 63U];
    }
    return text;
}

/// Every byte of the store, and every packed part of it unpacked.
std::string all_bytes(const Place& place) {
    std::string all;
    for (const auto& file : fs::directory_iterator(place.folder())) {
        if (file.is_regular_file()) all += read_file(file);
    }
    const fs::path parts = place.folder() / "parts";
    fs::create_directory(parts);
    const std::string to = "'" + parts.string() + "/' || ";
    EXPECT_EQ(place.sql("select writefile(" + to +
                        "layer_scan || '-' || kind || '-' || first || '.zst', bytes) "
                        "from layer_part; select writefile(" + to +
                        "'f' || id || '.zst', facts) from image_scan; select writefile(" + to +
                        "'m' || id || '.zst', raw) from manifest where raw is not null").exit,
              0);
    const Ran unpacked = run({.words = {"sh", "-c", "cat " + parts.string() + "/*.zst | zstd -dc"}});
    EXPECT_EQ(unpacked.exit, 0) << unpacked.err;
    return all + unpacked.out;
}

class StoreSecrecy : public testing::TestWithParam<std::string> {};

TEST_P(StoreSecrecy, NoPlantedSecretIsInTheStore) {
    const Built built = build_recipe(GetParam());
    if (!built.skipped.empty()) GTEST_SKIP() << built.skipped;
    ASSERT_EQ(built.error, "");
    const Place place;
    ASSERT_GE(scan_with(built, place).exit, 0);
    if (!fs::exists(place.file())) GTEST_SKIP() << "nothing to keep";
    const std::string bytes = all_bytes(place);
    EXPECT_GT(bytes.size(), 1000U);
    std::size_t tried = 0;
    for (const std::string secret : built.expect.at("planted")) {
        std::vector<std::string> forms{secret};
        for (std::size_t skipped = 0; skipped < 3 && skipped < secret.size(); ++skipped) {
            forms.push_back(base64(std::string_view(secret).substr(skipped)));
        }
        for (const std::string& form : forms) {
            if (form.size() < 12) continue;
            ASSERT_EQ(bytes.find(form), std::string::npos);
        }
        if (++tried > 300) break;
    }
}

INSTANTIATE_TEST_SUITE_P(All, StoreSecrecy, testing::ValuesIn(recipe_names()), test_name);

TEST(Store, LayersThatAreKnownAreNotScannedAgain) {
    const Built built = recipe("blob-shared");
    const Place place;
    EXPECT_EQ(layers_from_store(scan_with(built, place, {"--stats"})), 0);
    EXPECT_EQ(layers_from_store(scan_with(built, place, {"--stats"})), 3);
    EXPECT_EQ(layers_from_store(scan_built(built, {"--format", "json", "--no-store", "--stats"})),
              0);
}

TEST(Store, WhatChangesResultsIsScannedAgain) {
    const Built built = recipe("blob-shared");
    const Place place;
    ASSERT_EQ(scan_with(built, place).exit, 1);
    const fs::path rules = place.folder() / "more.toml";
    std::ofstream(rules) << "[[rule]]\nid = \"more\"\ntitle = \"More\"\nseverity = \"low\"\n"
                            "confidence = \"low\"\npattern = '''more_(?P<secret>[0-9]{20})'''\n";
    const std::vector<std::vector<std::string>> changes = {
        {"--max-depth", "1"},       {"--max-findings", "7"}, {"--max-members", "1000"},
        {"--max-ratio", "100"},     {"--secrets-only"},      {"--programs-only"},
        {"--max-layer-bytes", "1GiB"}, {"--rules", rules.string()}};
    for (std::vector<std::string> change : changes) {
        change.push_back("--stats");
        const Ran first = scan_with(built, place, change);
        EXPECT_GE(first.exit, 0);
        EXPECT_EQ(layers_from_store(first), 0) << change[0];
        EXPECT_EQ(layers_from_store(scan_with(built, place, change)), 3) << change[0];
    }
    EXPECT_EQ(layers_from_store(scan_with(built, place, {"--stats", "--memory", "1GiB"})), 3)
        << "what memory did not limit does not depend on it";
    EXPECT_EQ(layers_from_store(scan_with(built, place, {"--stats", "--jobs", "1"})), 3);
}

TEST(Store, ShownSecretsBypassIt) {
    const Built built = recipe("gzip-single-member");
    const Place place;
    const std::string secret = built.expect.at("planted").at(0);
    EXPECT_NE(scan_with(built, place, {"--show-secrets"}).out.find(secret), std::string::npos);
    EXPECT_FALSE(fs::exists(place.file()));
    ASSERT_EQ(scan_with(built, place).exit, 1);
    const std::string before = all_bytes(place);
    const Ran shown = scan_with(built, place, {"--show-secrets", "--stats"});
    EXPECT_NE(shown.out.find(secret), std::string::npos);
    EXPECT_EQ(layers_from_store(shown), 0);
    EXPECT_EQ(all_bytes(place).find(secret), std::string::npos);
}

TEST(Store, AnotherKeyIsNoticed) {
    const Built built = recipe("blob-shared");
    const Place place;
    ASSERT_EQ(scan_with(built, place).exit, 1);
    const fs::path key = place.folder() / "another.key";
    std::ofstream(key) << std::string(32, 'k');
    fs::permissions(key, fs::perms::owner_read | fs::perms::owner_write);
    const Ran other = scan_with(built, place, {"--key-file", key.string(), "--stats"});
    EXPECT_NE(other.err.find("another key"), std::string::npos) << other.err;
    EXPECT_EQ(layers_from_store(other), 0);
    const fs::path secret = place.folder() / "secret";
    std::ofstream(secret) << std::string(30, 'x');
    const Ran asked = find_with(place, {"--secret-file", secret.string()});
    EXPECT_EQ(asked.exit, 2) << "nothing found is not the whole truth";
    EXPECT_NE(asked.out.find("another key"), std::string::npos);
}

TEST(Store, ABlobThatIsNotWhatItsDigestSaysIsNotTakenFromIt) {
    const Built built = recipe("blob-shared");
    const Place place;
    const fs::path copy = place.folder() / "copy";
    fs::copy(built.folder / "image", copy, fs::copy_options::recursive);
    Command command;
    const std::vector<std::string> scan = {"scan", "--format", "json", "--store", place.file(),
                                           copy.string()};
    ASSERT_EQ(stratascan(scan, command).exit, 1);
    const json report = report_of(stratascan(scan, command));
    const std::string digest = report.at("targets").at(0).at("layers").at(0).at("digest");
    const fs::path blob = copy / "blobs/sha256" / digest.substr(7);
    std::fstream file(blob, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(blob) / 2));
    file.put('\x7f');
    file.close();
    const json after = report_of(stratascan(scan, command));
    EXPECT_EQ(after.at("targets").at(0).at("layers").at(0).at("state"), "failed");
    const json bare = report_of(stratascan({"scan", "--format", "json", "--no-store",
                                            copy.string()}));
    EXPECT_EQ(after, bare);
}

TEST(Store, FindsASecretByItsValue) {
    const Built built = recipe("blob-shared");
    const Place place;
    ASSERT_EQ(scan_with(built, place).exit, 1);
    const std::string secret = built.expect.at("planted").at(0);
    const fs::path file = place.folder() / "secret";
    for (const char* end : {"", "\n", "\r\n"}) {
        std::ofstream(file, std::ios::binary) << secret << end;
        for (const bool standard : {false, true}) {
            Command command;
            if (standard) command.input_file = file.string();
            const Ran ran = find_with(
                place, {"--secret-file", standard ? std::string("-") : file.string()}, command);
            ASSERT_EQ(ran.exit, 1) << ran.err;
            EXPECT_EQ(ran.out.find(secret), std::string::npos);
            const json matches = report_of(ran).at("matches");
            EXPECT_GE(matches.size(), 1U);
            EXPECT_TRUE(matches.at(0).at("redacted").is_string());
        }
    }
    std::ofstream(file) << "nothing of the kind";
    EXPECT_EQ(find_with(place, {"--secret-file", file.string()}).exit, 0);
    EXPECT_EQ(find_with(place, {"--secret-file", "/no/such/file"}).exit, 3);
    EXPECT_EQ(find_with(place, {}).exit, 3) << "nothing was asked";
}

/// Keys as people make them, in a layer each.
class StoredKeys : public testing::Test {
protected:
    void SetUp() override {
        make({"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
              "-out", name("ec.pem")});
        make({"openssl", "pkey", "-in", name("ec.pem"), "-pubout", "-out", name("ec.pub")});
        make({"openssl", "pkey", "-in", name("ec.pem"), "-outform", "DER", "-out",
              name("ec.der")});
        make({"openssl", "req", "-new", "-x509", "-key", name("ec.pem"), "-subj", "/CN=a",
              "-days", "30", "-out", name("ec.crt")});
        make({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", name("id")});
        make({"tar", "-C", place_.folder().string(), "-cf", name("layer.tar"), "ec.pem", "id"});
        scan_ = stratascan({"scan", "--format", "json", "--store", place_.file(),
                            name("layer.tar")});
        ASSERT_EQ(scan_.exit, 1) << scan_.err;
    }
    [[nodiscard]] std::string name(const std::string& file) const {
        return (place_.folder() / file).string();
    }
    void make(const std::vector<std::string>& words) const {
        const Ran ran = run({.words = words});
        ASSERT_EQ(ran.exit, 0) << words[0] << ' ' << ran.err;
    }
    [[nodiscard]] std::set<std::string> paths(const Ran& ran) const {
        std::set<std::string> all;
        const json matches = report_of(ran).at("matches");
        for (const json& match : matches) all.insert(match.at("path"));
        return all;
    }

    Place place_;
    Ran scan_;
};

TEST_F(StoredKeys, AreFoundByWhicheverHalfIsThere) {
    for (const char* file : {"ec.pem", "ec.pub", "ec.der", "ec.crt"}) {
        EXPECT_EQ(paths(find_with(place_, {"--key", name(file)})),
                  std::set<std::string>{"ec.pem"})
            << file;
    }
    for (const char* file : {"id", "id.pub"}) {
        EXPECT_EQ(paths(find_with(place_, {"--key", name(file)})), std::set<std::string>{"id"})
            << file;
    }
    const Ran print = run({.words = {"ssh-keygen", "-lf", name("id.pub")}});
    const std::size_t at = print.out.find("SHA256:");
    const std::string fingerprint = print.out.substr(at, print.out.find(' ', at) - at);
    EXPECT_EQ(paths(find_with(place_, {"--fingerprint", fingerprint})),
              std::set<std::string>{"id"});
    std::ofstream(name("text")) << "this is no key\n";
    EXPECT_EQ(find_with(place_, {"--key", name("text")}).exit, 3);
    make({"openssl", "pkey", "-in", name("ec.pem"), "-aes256", "-passout", "pass:x", "-out",
          name("locked.pem")});
    const Ran locked = find_with(place_, {"--key", name("locked.pem")});
    EXPECT_EQ(locked.exit, 3);
    EXPECT_NE(locked.err.find("public"), std::string::npos) << locked.err;
}

TEST_F(StoredKeys, AreToldInEveryFormat) {
    const std::vector<std::string> ask = {"find", "--store", place_.file(), "--path", "ec.pem",
                                          "--format"};
    for (const char* format : {"table", "json", "csv"}) {
        std::vector<std::string> words = ask;
        words.emplace_back(format);
        const Ran ran = stratascan(words);
        EXPECT_EQ(ran.exit, 1) << ran.err;
        EXPECT_NE(ran.out.find("ec.pem"), std::string::npos) << format;
        EXPECT_NE(ran.out.find("visible"), std::string::npos) << format;
    }
}

TEST(Store, FindSaysWhereThereIsNone) {
    const Ran ran = stratascan({"find", "--store", "/no/such/store", "--rule", "x"});
    EXPECT_EQ(ran.exit, 3);
    EXPECT_NE(ran.err.find("no store"), std::string::npos) << ran.err;
    EXPECT_EQ(stratascan({"report", "--store", "/no/such/store"}).exit, 3);
    EXPECT_EQ(stratascan({"store", "check", "--store", "/no/such/store"}).exit, 3);
}

// A scan is killed at any moment: the store opens, is sound, and has the layers that were
// done; the next scan finds what an undisturbed one finds.
TEST(Store, AKilledScanLosesTheLayersInWorkAtMost) {
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

TEST(Store, TwoScansShareOne) {
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
}

// Whatever the file is, the report and the exit code are those without a store, and
// standard error says why it was not used.
TEST(Store, ADamagedFileNeverCostsAFinding) {
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

TEST(Store, APlaceThatCanNotBeUsedIsSaid) {
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

TEST(Store, ImagesThatAFileHeldAreRemembered) {
    const Place place;
    const auto scan = [&](const std::string& name) {
        const Built built = recipe(name);
        const fs::path target = place.folder() / "target";
        fs::remove_all(target);
        fs::copy(built.folder / "image", target, fs::copy_options::recursive);
        return stratascan({"scan", "--format", "json", "--store", place.file(), target.string()});
    };
    const Ran first = scan("blob-shared");
    ASSERT_EQ(first.exit, 1);
    ASSERT_GE(scan("same-layer-twice").exit, 0);
    const std::string rule =
        report_of(first).at("targets").at(0).at("findings").at(0).at("rule");
    const std::string digest = report_of(first).at("targets").at(0).at("image").at("digest");
    const json matches = report_of(find_with(place, {"--rule", rule, "--image", digest}))
                             .at("matches");
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_TRUE(matches[0].at("gone_at").is_string()) << "the folder holds another image now";
    const Ran gone = stratascan({"report", "--format", "json", "--store", place.file(), "--gone",
                                 "--image", digest});
    EXPECT_EQ(report_of(gone).at("targets").size(), 1U);
    EXPECT_EQ(stratascan({"report", "--store", place.file(), "--image", digest}).exit, 3);
}

TEST(Store, CommandsTellTheirOptions) {
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"find"}, {"report"}, {"store", "info"}, {"store", "check"},
          {"store", "gc"}, {"store", "export"}}) {
        std::vector<std::string> all = words;
        all.emplace_back("--help");
        const Ran ran = stratascan(all);
        EXPECT_EQ(ran.exit, 0);
        EXPECT_NE(ran.out.find("--store"), std::string::npos) << words.back();
        EXPECT_NE(ran.out.find("Exit codes"), std::string::npos) << words.back();
    }
}

TEST(Store, GarbageIsCounted) {
    const Built built = recipe("blob-shared");
    const Place place;
    ASSERT_EQ(scan_with(built, place).exit, 1);
    ASSERT_EQ(place.sql("pragma foreign_keys=off; delete from repo_manifest; "
                        "delete from tag_history").exit, 0);
    const std::vector<std::string> gc = {"store", "gc", "--keep-hours", "0", "--store",
                                         place.file()};
    std::vector<std::string> dry = gc;
    dry.emplace_back("--dry-run");
    EXPECT_NE(stratascan(dry).out.find("would drop: 2 scans of images, 3 layer"),
              std::string::npos)
        << stratascan(dry).out;
    EXPECT_NE(stratascan(gc).out.find("dropped: 2 scans of images, 3 layer"), std::string::npos);
    EXPECT_NE(stratascan(gc).out.find("dropped: 0 scans of images, 0 layer"), std::string::npos);
    EXPECT_EQ(layers_from_store(scan_with(built, place, {"--stats"})), 0);
}

}  // namespace
}  // namespace stratascan::e2e
