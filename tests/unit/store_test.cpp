// The store as scans and sweeps use it: results by blob and rules, repositories that are
// looked at again and again, and what is left after a process was killed.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/opened_store.hpp"

namespace {

using namespace stratascan;
using namespace stratascan::store;
using test::digest_named;
using test::finding_of;
using test::image_of;
using test::layer_of;
using test::OpenedStore;
using test::rules_named;

const Ruleset rules = rules_named("rules");

TEST(Store, ALayerIsKnownUnderItsRulesAndKeyAlone) {
    const OpenedStore store;
    store.put(test::full_layer(), rules);
    const auto known = store->layer(digest_named("full"), rules);
    ASSERT_TRUE(known && *known);
    EXPECT_EQ((*known)->result.findings.size(), 2U);
    for (const Ruleset& other : {rules_named("others"), rules_named("rules", "key-2")}) {
        const auto none = store->layer(digest_named("full"), other);
        ASSERT_TRUE(none);
        EXPECT_FALSE(*none);
    }
    EXPECT_FALSE(*store->layer(digest_named("another"), rules));
}

TEST(Store, WhatIsNotReusableStandsForNoBlob) {
    const OpenedStore store;
    const auto id = store.put(layer_of("a"), rules, false);
    EXPECT_FALSE(*store->layer(digest_named("a"), rules));
    EXPECT_EQ(store.put(layer_of("a"), rules, false), id) << "the same result is kept once";
    EXPECT_NE(store.put(layer_of("a"), rules), id);
    EXPECT_TRUE(*store->layer(digest_named("a"), rules));
}

TEST(Store, UnknownLayersKeepTheirOrder) {
    const OpenedStore store;
    store.put(layer_of("b"), rules);
    const std::vector<std::string> asked = {digest_named("c"), digest_named("b"),
                                            digest_named("a")};
    EXPECT_EQ(*store->unknown_layers(asked, rules),
              (std::vector{digest_named("c"), digest_named("a")}));
    EXPECT_EQ(store->unknown_layers(asked, rules_named("new"))->size(), 3U)
        << "a rule change asks for all";
}

TEST(Store, IsThereAfterItIsOpenedAgain) {
    OpenedStore store;
    store.put(test::full_layer(), rules);
    store.close();
    store.open();
    EXPECT_TRUE(*store->layer(digest_named("full"), rules));
}

TEST(Store, ADamagedResultIsUnknownAndReplaced) {
    OpenedStore store;
    const auto result = layer_of("a", {finding_of("rule", "path", "s")});
    const auto id = store.put(result, rules);
    store.damage("update layer_part set bytes = x'00112233' where kind = 1");
    const auto damaged = store->layer(digest_named("a"), rules);
    ASSERT_TRUE(damaged);
    EXPECT_FALSE(*damaged);
    EXPECT_NE(store->check()->size(), 0U);
    EXPECT_EQ(store.put(result, rules), id);
    const auto repaired = store->layer(digest_named("a"), rules);
    ASSERT_TRUE(*repaired);
    EXPECT_EQ((*repaired)->result.findings.size(), 1U);
    EXPECT_EQ(store->check()->size(), 0U);
    EXPECT_EQ(store.find({.rule = "rule"}).size(), 1U);
}

TEST(Store, TagsAreRememberedWhenTheyMove) {
    const OpenedStore store;
    const auto one = layer_of("1", {finding_of("rule", "path", "s")});
    const auto two = layer_of("2");
    const auto first = image_of("one", {one}, {store.put(one, rules)}, rules);
    const auto second = image_of("two", {two}, {store.put(two, rules)}, rules);
    store.add("app", "latest", first, 1000);
    store.add("app", "latest", first, 2000);
    store.add("app", "latest", second, 3000);

    const auto found = store.find({.rule = "rule"});
    ASSERT_EQ(found.size(), 1U);
    const Match& match = found[0];
    EXPECT_EQ(match.repository, "app");
    ASSERT_EQ(match.tags.size(), 1U);
    EXPECT_EQ(match.tags[0].tag, "latest");
    EXPECT_EQ(match.tags[0].from, 1000);
    EXPECT_EQ(match.tags[0].until, 2000);
    EXPECT_FALSE(match.tags[0].now);
    EXPECT_EQ(match.pullable, Pullable::gone);
    EXPECT_EQ(match.gone_at, std::optional<std::int64_t>(3000));

    // And back: a third entry, not a longer first one.
    store.add("app", "latest", first, 4000);
    const auto again = store.find({.rule = "rule"});
    ASSERT_EQ(again.size(), 1U);
    ASSERT_EQ(again[0].tags.size(), 2U);
    EXPECT_TRUE(again[0].tags[1].now);
    EXPECT_EQ(again[0].tags[1].from, 4000);
    EXPECT_EQ(again[0].pullable, Pullable::at_last_look);
}

TEST(Store, ADeletedTagIsClosedOnlyByAWholeLook) {
    const OpenedStore store;
    const auto layer = layer_of("1");
    const auto image = image_of("one", {layer}, {store.put(layer, rules)}, rules);
    store.add("app", "v1", image, 1000);
    const auto broken = *store->begin_repository({"r.example", "app", "app"}, 2000);
    store.finish(broken, 2000, LookState::partial);
    EXPECT_TRUE(store.find({.image = "app"}).at(0).tags.at(0).now);
    const auto whole = *store->begin_repository({"r.example", "app", "app"}, 3000);
    store.finish(whole, 3000);
    const auto gone = store.find({.image = "app"});
    EXPECT_FALSE(gone.at(0).tags.at(0).now);
    EXPECT_EQ(gone.at(0).pullable, Pullable::gone);
    EXPECT_EQ(store.find({.image = "app:v1"}).size(), 1U) << "it is still known what it was";
}

TEST(Store, TwoLooksInOneSecondAreTwo) {
    const OpenedStore store;
    const auto layer = layer_of("1");
    const auto image = image_of("one", {layer}, {store.put(layer, rules)}, rules);
    store.add("app", "v1", image, 1000);
    store.finish(*store->begin_repository({"r.example", "app", "app"}, 1000), 1000);
    EXPECT_EQ(store.find({.image = "app"}).at(0).pullable, Pullable::gone);
}

TEST(Store, AGlanceInTheMiddleOfALookDisturbsNothing) {
    const OpenedStore store;
    auto other = store::Store::open(store.path(), false);
    const auto layer = layer_of("1");
    const auto id = store.put(layer, rules);
    const auto one = image_of("one", {layer}, {id}, rules);
    const auto two = image_of("two", {layer}, {id}, rules);
    const auto sweep = *store->begin_repository({"r.example", "app", "app"}, 1000);
    store.see(sweep, "v1", one, 1000);
    const auto scan =
        *(*other)->begin_repository({"r.example", "app", "app"}, 1001, Look::glance);
    EXPECT_EQ(store->repositories()->at(0).state, "running");
    OpenedStore::must((*other)->record_image(scan, two, 1001));
    store.finish(sweep, 1002);
    EXPECT_EQ(store->repositories()->at(0).state, "whole");
    for (const Match& match : store.find({.image = "app"})) {
        EXPECT_EQ(match.pullable, Pullable::at_last_look) << match.digest;
    }
    EXPECT_EQ(store.find({.image = "app"}).size(), 2U);
}

TEST(Store, AnInterruptedLookGoesOn) {
    OpenedStore store;
    const auto first = layer_of("1");
    const auto second = layer_of("2");
    const auto id = store.put(first, rules);
    (void)*store->begin_repository({"r.example", "app", "app"}, 1000);
    store.close();  // killed here
    store.open();
    EXPECT_EQ(store->repositories()->at(0).state, "running");
    const std::vector<std::string> needed = {first.digest, second.digest};
    EXPECT_EQ(*store->unknown_layers(needed, rules), std::vector{second.digest});
    const auto image = image_of("one", {first, second}, {id, store.put(second, rules)}, rules);
    store.add("app", "v1", image, 2000);
    EXPECT_EQ(store->repositories()->at(0).state, "whole");
    EXPECT_EQ(store.find({.image = "app"}).at(0).pullable, Pullable::at_last_look);
}

TEST(Store, AnImageThatIsKnownNeedsNothing) {
    const OpenedStore store;
    const auto layer = layer_of("1", {finding_of("rule", "path", "s")});
    const auto image = image_of("one", {layer}, {store.put(layer, rules)}, rules);
    store.add("app", "v1", image, 1000);
    const auto mirror = *store->begin_repository({"r.example", "mirror", "mirror"}, 2000);
    EXPECT_TRUE(*store->reuse_image(mirror, image.manifest.digest, rules, 2000));
    EXPECT_FALSE(*store->reuse_image(mirror, image.manifest.digest, rules_named("new"), 2000));
    EXPECT_FALSE(*store->reuse_image(mirror, digest_named("other"), rules, 2000));
    store.finish(mirror, 2000);
    EXPECT_EQ(store.find({.rule = "rule"}).size(), 2U);
}

TEST(Store, RecordingAgainAddsNothing) {
    const OpenedStore store;
    const auto layer = layer_of("1", {finding_of("rule", "path", "s")});
    auto image = image_of("one", {layer}, {store.put(layer, rules)}, rules);
    image.facts.findings = {finding_of("env-rule", "config.Env[0]", "t")};
    image.hidden = {{0, 0, false, Visibility::deleted, 1}};
    store.add("app", "v1", image, 1000);
    const auto before = store->figures()->rows;
    store.add("app", "v1", image, 2000);
    EXPECT_EQ(store->figures()->rows, before);
}

TEST(Store, ATagOfAnUnknownManifestIsRefused) {
    const OpenedStore store;
    const auto id = *store->begin_repository({"r.example", "app", "app"}, 1000);
    EXPECT_FALSE(store->observe_tag(id, "v1", digest_named("nothing"), 1000));
    EXPECT_FALSE(store->observe_manifest(id, digest_named("nothing"), 1000));
    EXPECT_TRUE(store->repositories()) << "an error is of one call, not of all after it";
}

TEST(Store, AnImageNotScannedYetIsFoundByItsLayers) {
    const OpenedStore store;
    const auto layer = layer_of("1", {finding_of("rule", "path", "s")});
    store.put(layer, rules);
    const auto id = *store->begin_repository({"r.example", "app", "app"}, 1000);
    ManifestRecord manifest;
    manifest.digest = digest_named("manifest");
    manifest.layers = {{digest_named("0"), "", -1}, {layer.digest, "", 100}};
    OpenedStore::must(store->record_manifest(manifest));
    OpenedStore::must(store->observe_manifest(id, manifest.digest, 1000));
    OpenedStore::must(store->observe_tag(id, "v1", manifest.digest, 1000));
    const auto found = store.find({.rule = "rule"});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].layer_index, 1);
    EXPECT_EQ(found[0].tags.at(0).tag, "v1");
    EXPECT_EQ(found[0].visibility, std::nullopt) << "nobody has worked it out";
}

TEST(Store, GarbageIsWhatNothingNeeds) {
    OpenedStore store;
    const auto kept = layer_of("kept", {finding_of("rule", "path", "s")});
    const auto image = image_of("one", {kept}, {store.put(kept, rules)}, rules);
    store.add("app", "v1", image, 1000);
    store.put(layer_of("orphan", {finding_of("orphan-rule", "orphan", "o")}), rules);
    const Time now = 4'000'000'000;
    const auto young = *store->collect_garbage(now, false, now);
    EXPECT_EQ(young.layers, 0) << "a scan may be under way";
    const auto would = *store->collect_garbage(0, true, now);
    EXPECT_EQ(would.layers, 1);
    EXPECT_EQ(would.secrets, 1);
    EXPECT_TRUE(*store->layer(digest_named("orphan"), rules)) << "a dry run drops nothing";
    EXPECT_EQ(store->collect_garbage(0, false, now)->layers, 1);
    EXPECT_FALSE(*store->layer(digest_named("orphan"), rules));
    EXPECT_TRUE(*store->layer(digest_named("kept"), rules));
    EXPECT_EQ(store->check()->size(), 0U);

    // Newer rules replace; images that are gone keep their last result.
    const auto gone = layer_of("gone", {finding_of("gone-rule", "gone", "g")});
    store.add("old", "v1", image_of("gone", {gone}, {store.put(gone, rules)}, rules), 1000);
    store.finish(*store->begin_repository({"r.example", "old", "old"}, 2000), 2000);
    const Ruleset newer = rules_named("newer");
    store.add("app", "v1", image_of("one", {kept}, {store.put(kept, newer)}, newer), 3000);
    const auto replaced = *store->collect_garbage(0, false, now);
    EXPECT_EQ(replaced.image_scans, 1);
    EXPECT_EQ(replaced.layers, 1);
    EXPECT_EQ(store.find({.rule = "gone-rule"}).size(), 1U);
    EXPECT_EQ(store.find({.rule = "rule"}).size(), 1U);
    EXPECT_EQ(store->check()->size(), 0U);
}

TEST(Store, CheckSaysWhatIsWrong) {
    const struct {
        const char* damage;
        const char* told;
    } cases[] = {
        {"delete from finding", "findings are not all"},
        {"delete from layer_part where kind = 0", "head"},
        {"update layer_part set bytes = x'00' where kind = 4", "can't be read back"},
        {"update image_scan set facts = x'00'", "facts"},
        {"delete from secret", "secret that is not there"},
        {"delete from image_layer", "notes of visibility"},
        {"update blob set digest = 'sha256:x'", "is that of"},
        {"insert into tag_history(repository, tag, manifest, seen_from, seen_until) "
         "select repository, tag, manifest, 5, 6 from tag_history",
         "two images at once"},
    };
    for (const auto& one : cases) {
        OpenedStore store;
        auto layer = layer_of("1", {finding_of("rule", "path", "s")});
        layer.paths.entries.resize(3);
        auto image = image_of("one", {layer}, {store.put(layer, rules)}, rules);
        image.hidden = {{0, 0, false, Visibility::deleted, 1}};
        store.add("app", "v1", image, 1000);
        ASSERT_EQ(store->check()->size(), 0U);
        store.damage(one.damage);
        std::string all;
        const auto problems = store->check();
        ASSERT_TRUE(problems);
        for (const std::string& problem : *problems) all += problem + '\n';
        EXPECT_NE(all.find(one.told), std::string::npos) << one.damage << "\n" << all;
    }
}

TEST(Store, ImagesComeBackAsTheyWereRecorded) {
    const OpenedStore store;
    const auto layer = test::full_layer();
    auto image = image_of("one", {layer}, {store.put(layer, rules)}, rules);
    image.facts.findings = {finding_of("env-rule", "config.Env[0]", "t")};
    image.facts.notes = {"note"};
    store.add("app", "v1", image, 1000);
    std::size_t seen = 0;
    for (const char* name : {"", "app", "app:v1", "r.example/app", "r.example/app:v1"}) {
        OpenedStore::must(store->each_image({name, false}, [&](StoredImage&& of) {
            ++seen;
            EXPECT_EQ(of.target, "app");
            EXPECT_EQ(of.facts.notes, image.facts.notes);
            EXPECT_EQ(of.facts.findings.at(0).path, "config.Env[0]");
            EXPECT_EQ(of.layers.at(0)->findings.size(), 2U);
            return true;
        }));
    }
    EXPECT_EQ(seen, 5U);
    for (const char* name : {"ap", "app:v2", "other/app"}) {
        OpenedStore::must(store->each_image({name, false}, [&](StoredImage&&) {
            ADD_FAILURE() << name;
            return true;
        }));
    }
}

TEST(Store, ItsExportTellsEverythingOnce) {
    const OpenedStore store;
    const auto layer = test::full_layer();
    store.add("app", "v1", image_of("one", {layer}, {store.put(layer, rules)}, rules), 1000);
    std::map<std::string, int> kinds;
    OpenedStore::must(store->dump([&](std::string_view line) {
        const auto row = nlohmann::json::parse(line);
        ++kinds[row.at("kind")];
        return true;
    }));
    EXPECT_EQ(kinds, (std::map<std::string, int>{{"ruleset", 1}, {"repository", 1},
                                                 {"manifest", 1}, {"image", 1}, {"tag", 1},
                                                 {"layer", 1}, {"finding", 2}, {"program", 1}}));
}

TEST(Store, TwoConnectionsTakeTurns) {
    const OpenedStore store;
    auto other = store::Store::open(store.path(), false);
    ASSERT_TRUE(other);
    const auto put = [](store::Store& into, const std::string& prefix) {
        for (int i = 0; i < 40; ++i) {
            ASSERT_TRUE(into.put_layer(layer_of(prefix + std::to_string(i)), rules, true));
        }
    };
    std::thread first([&] { put(*store.operator->(), "a"); });
    put(**other, "b");
    first.join();
    std::vector<std::string> all;
    for (int i = 0; i < 40; ++i) {
        all.push_back(digest_named("a" + std::to_string(i)));
        all.push_back(digest_named("b" + std::to_string(i)));
    }
    EXPECT_EQ(store->unknown_layers(all, rules)->size(), 0U);
}

TEST(Store, AWriterThatNeverEndsIsAClearError) {
    const OpenedStore store;
    auto other = store::Database::open(store.path(), Database::Mode::read_write, 100);
    ASSERT_TRUE(other);
    (*other)->run("begin immediate");
    auto impatient = store::Store::open(store.path(), false, 100);
    ASSERT_TRUE(impatient);
    const auto put = (*impatient)->put_layer(layer_of("a"), rules, true);
    ASSERT_FALSE(put);
    EXPECT_NE(put.error().what.find("another process"), std::string::npos) << put.error().what;
    (*other)->run("rollback");
    EXPECT_TRUE((*impatient)->put_layer(layer_of("a"), rules, true));
}

}  // namespace
