// Which layers a scan takes from a store and which it scans, what is kept, and the commands
// that read it.
#include "tests/e2e/store.hpp"

namespace stratascan::e2e {
namespace {

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
    EXPECT_TRUE(all_bytes(place) == before) << "the store was written to";
    EXPECT_EQ(before.find(secret), std::string::npos);
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

TEST(Store, FindSaysWhereThereIsNone) {
    const Ran ran = stratascan({"find", "--store", "/no/such/store", "--rule", "x"});
    EXPECT_EQ(ran.exit, 3);
    EXPECT_NE(ran.err.find("no store"), std::string::npos) << ran.err;
    EXPECT_EQ(stratascan({"report", "--store", "/no/such/store"}).exit, 3);
    EXPECT_EQ(stratascan({"store", "check", "--store", "/no/such/store"}).exit, 3);
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
