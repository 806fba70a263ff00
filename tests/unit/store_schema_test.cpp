// Stores of older versions come forward with all that is in them; those of newer ones, and
// files that are no stores or lie where others can write, are refused with a reason.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "scanner/store/dialect.hpp"
#include "scanner/store/parts.hpp"
#include "scanner/store/place.hpp"
#include "scanner/store/schema.hpp"
#include "tests/support/opened_store.hpp"

namespace {

using namespace stratascan;
using namespace stratascan::store;
using test::digest_named;
using test::rules_named;
using test::TempDir;

/// A store as version 1 left it, made with SQL alone: one image, one layer, one finding.
void make_version_1(const std::string& path) {
    auto database = Database::open(path, Database::Mode::create, 1000);
    ASSERT_TRUE(database);
    Database& db = **database;
    db.script("create table schema_version(version integer primary key)");
    db.script(migration(0));
    db.run("insert into schema_version(version) values(1)");
    db.script(
        "insert into hmac_key values(1, 'key-1');"
        "insert into ruleset values(1, 'sha256:rules', 1, '0.0.9', 'sha256:rules', 1, 1, 500);"
        "insert into registry values(1, 'r.example');"
        "insert into repository values(1, 1, 'app', 'app', 600, 700, null);"
        "insert into manifest values(1, 'sha256:m', 'image', '', '', '', 'linux/amd64', '', '', "
        "0, null);"
        "insert into name values(1, 'rule');");
    db.run("insert into blob values(1, ?, 100)", digest_named("old"));
    db.run("insert into path values(1, ?, ?)", Bytes{"etc/old"}, Bytes{"old"});
    db.run("insert into secret(id, hmac_key, hmac) values(1, 1, ?)", Bytes{"12345678"});
    const auto layer = test::layer_of("old", {test::finding_of("rule", "etc/old", "s")});
    db.run("insert into layer_scan values(1, 1, 1, 1, 0, '', 3, 2048, 1, 0, 0, null, 650)");
    EXPECT_TRUE(write_parts(layer, [&db](const Part& part) {
        db.run("insert into layer_part values(1, ?, ?, ?)", static_cast<int>(part.kind),
               part.first, Bytes{part.bytes});
        return true;
    }));
    image::ImageFacts facts;
    facts.layers.push_back({layer.digest, "", 100, "RUN old", "", "", LayerState::failed});
    const std::string packed = write_facts(facts);
    db.run("insert into image_scan values(1, 1, 1, x'00', ?, 1, 650)", Bytes{packed});
    db.script(
        "insert into finding values(1, 0, 1, 1, 1);"
        "insert into image_layer values(1, 0, 1);"
        "insert into manifest_layer values(1, 0, 1, '');"
        "insert into repo_manifest values(1, 1, 1, 0, 1, 600, 700, null);"
        "insert into tag_history values(1, 1, 'v1', 1, 600, 700, null);");
    EXPECT_FALSE(db.failed()) << (db.failed() ? db.failure().message() : "");
}

TEST(StoreSchema, VersionOneComesForwardWithAllThatIsInIt) {
    const TempDir folder;
    const std::string path = folder.path("s.sqlite");
    make_version_1(path);
    auto opened = Store::open(path, false);
    ASSERT_TRUE(opened) << opened.error().message();
    Store& store = **opened;
    EXPECT_EQ(store.figures()->version, schema_version);
    EXPECT_EQ(*store.check(), std::vector<std::string>());
    const auto known = store.layer(digest_named("old"), rules_named("rules"));
    ASSERT_TRUE(known && *known);
    EXPECT_EQ((*known)->result.findings.at(0).finding.path, "etc/old");
    const auto answer = store.find({.path = "etc/*"});
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->matches.size(), 1U);
    EXPECT_EQ(answer->matches[0].tags.at(0).tag, "v1");
    EXPECT_EQ(answer->matches[0].created_by, "RUN old");
    // What version 1 saw and this look does not is gone.
    const auto look = store.begin_repository({"r.example", "app", "app"}, 900);
    ASSERT_TRUE(look);
    ASSERT_TRUE(store.finish_repository(*look, LookState::whole, "", 900));
    EXPECT_EQ(store.find({.path = "etc/*"})->matches.at(0).pullable, Pullable::gone);
}

// What an older program recorded has no config; the same image recorded again brings it.
TEST(StoreSchema, VersionTwoHasNoConfigUntilTheImageIsRecordedAgain) {
    const TempDir folder;
    const std::string path = folder.path("s.sqlite");
    make_version_1(path);
    {
        auto database = Database::open(path, Database::Mode::read_write, 1000);
        ASSERT_TRUE(database);
        (*database)->script(migration(1));
        (*database)->run("insert into schema_version(version) values(2)");
        EXPECT_FALSE((*database)->failed());
    }
    auto opened = Store::open(path, false);
    ASSERT_TRUE(opened) << opened.error().message();
    Store& store = **opened;
    EXPECT_EQ(store.figures()->version, schema_version);
    const auto configs = [&] {
        std::vector<std::string> all;
        EXPECT_TRUE(store.each_image({}, [&](StoredImage&& image) {
            all.push_back(image.config);
            return true;
        }));
        return all;
    };
    EXPECT_EQ(configs(), std::vector<std::string>{""});
    const auto look = store.begin_repository({"r.example", "app", "app"}, 900);
    ImageRecord record;
    record.manifest.digest = "sha256:m";
    record.ruleset = rules_named("rules");
    record.facts.info.kind = "image";
    ASSERT_TRUE(store.record_image(*look, record, 900));
    EXPECT_EQ(configs(), std::vector<std::string>{""});
    record.config = R"({"config":{}})";
    ASSERT_TRUE(store.record_image(*look, record, 901));
    EXPECT_EQ(configs(), std::vector<std::string>{record.config}) << "the same scan, with its config";
    EXPECT_EQ(*store.check(), std::vector<std::string>());
}

// What is attached belongs to an image's place, and a look that did not ask for it leaves it.
TEST(StoreSchema, VersionThreeHasNothingAttachedUntilAGateLooks) {
    const TempDir folder;
    const std::string path = folder.path("s.sqlite");
    make_version_1(path);
    {
        auto database = Database::open(path, Database::Mode::read_write, 1000);
        ASSERT_TRUE(database);
        for (int from = 1; from < 3; ++from) {
            (*database)->script(migration(from));
            (*database)->run("insert into schema_version(version) values(?)", from + 1);
        }
        EXPECT_FALSE((*database)->failed());
    }
    auto opened = Store::open(path, false);
    ASSERT_TRUE(opened) << opened.error().message();
    Store& store = **opened;
    const auto attached = [&] {
        std::vector<std::string> all;
        EXPECT_TRUE(store.each_image({.image = "sha256:m"}, [&](StoredImage&& image) {
            all.push_back(image.attached);
            return true;
        }));
        return all;
    };
    EXPECT_EQ(attached(), std::vector<std::string>{""});
    ImageRecord record;
    record.manifest.digest = "sha256:m";
    record.ruleset = rules_named("rules");
    record.facts.info.kind = "image";
    const auto at = [&](const char* repository, std::string what) {
        record.attached = std::move(what);
        const auto look = store.begin_repository({"r.example", repository, repository}, 900);
        EXPECT_TRUE(store.record_image(*look, record, 900));
    };
    at("app", "signed");
    EXPECT_EQ(attached(), std::vector<std::string>{"signed"});
    at("app", "");
    EXPECT_EQ(attached(), std::vector<std::string>{"signed"}) << "a look that did not ask";
    at("other", "unsigned");
    EXPECT_EQ(attached(), (std::vector<std::string>{"signed", "unsigned"}));
    at("app", "signed twice");
    EXPECT_EQ(attached(), (std::vector<std::string>{"signed twice", "unsigned"}));
    {
        auto database = Database::open(path, Database::Mode::read_write, 1000);
        (*database)->script("update repo_manifest set attached = x'00' where attached is not null");
        (*database)->script("update image_scan set config = x'00'");
    }
    EXPECT_EQ(store.check()->size(), 4U) << "of two scans their configs, of two places what is attached";
    const auto mended = store.repair();
    ASSERT_TRUE(mended) << mended.error().message();
    EXPECT_EQ(*store.check(), std::vector<std::string>());
    EXPECT_EQ(attached(), (std::vector<std::string>{"", ""}));
}

TEST(StoreSchema, ComingForwardTwiceIsOnce) {
    const TempDir folder;
    const std::string path = folder.path("s.sqlite");
    make_version_1(path);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(Store::open(path, false));
    auto database = Database::open(path, Database::Mode::read_write, 1000);
    EXPECT_EQ((*database)->number("select count(*) from schema_version"), schema_version);
}

TEST(StoreSchema, ANewerStoreIsLeftAlone) {
    const test::OpenedStore store;
    store.damage("insert into schema_version(version) values(99)");
    const auto opened = Store::open(store.path(), false);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::unsupported);
    EXPECT_NE(opened.error().message().find("99"), std::string::npos);
}

TEST(StoreSchema, TheDialectIsFilledIn) {
    EXPECT_EQ(in_dialect("a {id}, b {bytes}) {clustered}", sqlite_dialect),
              "a integer primary key, b blob) without rowid");
    for (int from = 0; from < schema_version; ++from) {
        EXPECT_EQ(migration(from).find('{'), std::string::npos);
    }
}

TEST(StorePlace, IsMadeForItsOwnerAlone) {
    const test::OpenedStore store;
    struct stat status {};
    ASSERT_EQ(::stat(store.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    const std::string folder = std::filesystem::path(store.path()).parent_path();
    ASSERT_EQ(::stat(folder.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST(StorePlace, WhereOthersCanWriteIsRefused) {
    test::OpenedStore store;
    const std::string folder = std::filesystem::path(store.path()).parent_path();
    store.close();
    const auto refused = [&store](const char* why) {
        const auto opened = Store::open(store.path(), true);
        ASSERT_FALSE(opened) << why;
        EXPECT_EQ(opened.error().code, ErrorCode::invalid_argument);
        EXPECT_NE(opened.error().message().find(why), std::string::npos)
            << opened.error().message();
    };
    ::chmod(store.path().c_str(), 0660);
    refused("others may write it");
    ::chmod(store.path().c_str(), 0600);
    ::chmod(folder.c_str(), 0777);
    refused("others may write it");
    ::chmod(folder.c_str(), 0700);
    EXPECT_TRUE(Store::open(store.path(), true));
    if (::geteuid() == 0) {
        ASSERT_EQ(::chown(store.path().c_str(), 65534, 65534), 0);
        refused("another user");
    }
}

TEST(StorePlace, WhatIsNoFileIsRefused) {
    const TempDir folder;
    std::filesystem::create_directory(folder.path("s"));
    EXPECT_FALSE(Store::open(folder.path("s"), true));
    ASSERT_EQ(::mkfifo(folder.path("pipe").c_str(), 0600), 0);
    EXPECT_FALSE(Store::open(folder.path("pipe"), true)) << "and it does not wait";
    EXPECT_EQ(Store::open(folder.path("none"), false).error().code, ErrorCode::not_found);
}

TEST(StorePlace, WhatIsNoStoreIsRefusedAndLeftAlone) {
    const TempDir folder;
    const std::string text(5000, 'x');
    const std::string path = folder.write("s.sqlite", text);
    ::chmod(path.c_str(), 0600);
    const auto opened = Store::open(path, true);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message().find("no store"), std::string::npos)
        << opened.error().message();
    std::ifstream file(path, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
}

}  // namespace
