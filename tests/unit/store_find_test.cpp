// Questions to the store, each by what an incident begins with: a secret, a key, an
// account, a rule, a program, a path, a digest.
#include <gtest/gtest.h>

#include "tests/support/opened_store.hpp"

namespace {

using namespace stratascan;
using namespace stratascan::store;
using test::digest_named;
using test::finding_of;
using test::image_of;
using test::layer_of;
using test::OpenedStore;
using test::program_of;
using test::rules_named;
using test::secret_named;

const Ruleset rules = rules_named("rules");

/// Two repositories on one base; the upper layer of the second deletes what the base has.
class StoreFind : public testing::Test {
protected:
    StoreFind() {
        Finding key = finding_of("private-key", "root/.ssh/id_rsa", "key");
        key.public_fingerprint = "SHA256:print";
        key.public_key_sha256 = std::string(64, 'a');
        Finding id = finding_of("aws-access-key", "app/.env", "id");
        id.evidence_detail = "account 123456789012";
        id.pair = Pair{"secret", "aws-secret", "app/.env", 8, 9, secret_named("half")};
        const Finding half = finding_of("aws-secret", "app/.env", "half");
        base_ = layer_of("base", {key, id, half},
                         {program_of("curl", "7.87.0", "usr/bin/curl"),
                          program_of("bash", "", "bin/bash")});
        upper_ = layer_of("upper", {}, {program_of("curl", "8.1", "opt/curl")});
        const auto base_id = store_.put(base_, rules);
        const auto upper_id = store_.put(upper_, rules);
        store_.add("team/one", "v1", image_of("one", {base_}, {base_id}, rules), 1000);
        auto two = image_of("two", {base_, upper_}, {base_id, upper_id}, rules);
        two.hidden = {{0, 0, false, Visibility::deleted, 1},
                      {0, 0, true, Visibility::overwritten, 1}};
        two.facts.findings = {finding_of("env-rule", "config.Env[1]", "env")};
        two.facts.findings[0].source = Source::env;
        two.facts.findings[0].layer = digest_named("config");
        store_.add("team/two", "v2", two, 2000);
    }

    static std::string told(const std::vector<Match>& matches) {
        std::string text;
        for (const Match& match : matches) {
            text += match.repository + ' ' + match.what + match.version + ' ' + match.path + ' ' +
                    std::string(match.visibility ? to_string(*match.visibility) : "?") + '\n';
        }
        return text;
    }

    OpenedStore store_;
    layer::LayerResult base_, upper_;
};

TEST_F(StoreFind, ASecretInEveryImageWithItsPlace) {
    const auto found = store_.find({.secret_ids = {secret_named("nothing"), secret_named("key")}});
    ASSERT_EQ(found.size(), 2U);
    const Match& one = found[0];
    EXPECT_EQ(one.registry, "r.example");
    EXPECT_EQ(one.repository, "team/one");
    EXPECT_EQ(one.tags.at(0).tag, "v1");
    EXPECT_TRUE(one.tags[0].now);
    EXPECT_EQ(one.digest, digest_named("manifest one"));
    EXPECT_EQ(one.platform, "linux/amd64");
    EXPECT_EQ(one.layer, base_.digest);
    EXPECT_EQ(one.layer_index, 0);
    EXPECT_EQ(one.path, "root/.ssh/id_rsa");
    EXPECT_EQ(one.line, 7U);
    EXPECT_EQ(one.created_by, "RUN step 0");
    EXPECT_EQ(one.visibility, Visibility::visible);
    EXPECT_EQ(one.pullable, Pullable::at_last_look);
    EXPECT_EQ(one.secret_id, secret_named("key"));
    EXPECT_EQ(found[1].visibility, Visibility::deleted);
    EXPECT_EQ(found[1].hidden_by, 1);
}

TEST_F(StoreFind, AKeyByEitherFingerprint) {
    EXPECT_EQ(store_.find({.fingerprints = {"SHA256:print"}}).size(), 2U);
    EXPECT_EQ(store_.find({.fingerprints = {std::string(64, 'a')}}).size(), 2U);
    EXPECT_EQ(store_.find({.fingerprints = {"SHA256:other"}}).size(), 0U);
    EXPECT_EQ(store_.find({.sha256 = std::string(64, 'a')}).size(), 2U);
}

TEST_F(StoreFind, AnAccountByBothHalvesOfItsKeys) {
    EXPECT_EQ(told(store_.find({.account = "123456789012", .image = "team/one"})),
              "team/one aws-access-key app/.env visible\n"
              "team/one aws-secret app/.env visible\n");
    EXPECT_EQ(store_.find({.account = "999999999999"}).size(), 0U);
}

TEST_F(StoreFind, WhatStandsInAConfig) {
    const auto found = store_.find({.rule = "env-rule"});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].layer_index, -1);
    EXPECT_EQ(found[0].source, "env");
    EXPECT_EQ(found[0].layer, digest_named("config"));
    EXPECT_EQ(found[0].visibility, Visibility::visible);
}

TEST_F(StoreFind, ProgramsByVersion) {
    EXPECT_EQ(told(store_.find({.program = "curl", .version = "<7.88"})),
              "team/one curl7.87.0 usr/bin/curl visible\n"
              "team/two curl7.87.0 usr/bin/curl overwritten\n");
    EXPECT_EQ(told(store_.find({.program = "curl", .version = ">=8"})),
              "team/two curl8.1 opt/curl visible\n");
    EXPECT_EQ(store_.find({.program = "curl"}).size(), 3U);
    EXPECT_EQ(store_.find({.program = "bash", .version = "<99"}).size(), 0U);
    EXPECT_EQ(store_.find({.program = "bash"}).size(), 2U);
    EXPECT_FALSE(store_->find({.program = "curl", .version = "what"}));
}

TEST_F(StoreFind, PathsByPattern) {
    EXPECT_EQ(store_.find({.path = "id_rsa"}).size(), 2U);
    EXPECT_EQ(store_.find({.path = "id_*"}).size(), 2U);
    EXPECT_EQ(store_.find({.path = "**/.ssh/*"}).size(), 2U);
    EXPECT_EQ(store_.find({.path = "/usr/bin/*"}).size(), 2U);
    EXPECT_EQ(store_.find({.path = "*"}).size(), 12U);
    EXPECT_EQ(store_.find({.path = "/usr/*"}).size(), 0U);
}

TEST_F(StoreFind, AllThatIsGivenMustHold) {
    EXPECT_EQ(store_.find({.rule = "private-key", .path = "id_rsa"}).size(), 2U);
    EXPECT_EQ(store_.find({.rule = "private-key", .path = "other"}).size(), 0U);
    EXPECT_EQ(store_.find({.rule = "private-key", .image = "team/two:v2"}).size(), 1U);
    EXPECT_EQ(store_.find({.program = "curl", .layer = upper_.digest}).size(), 1U);
    EXPECT_EQ(store_.find({.secret_ids = {secret_named("key")}, .image = "team/one"}).size(), 1U);
    EXPECT_EQ(
        store_.find({.secret_ids = {secret_named("key")}, .account = "123456789012"}).size(), 0U);
    EXPECT_EQ(store_.find({.rule = "no-such-rule"}).size(), 0U);
}

TEST_F(StoreFind, LayersAndImagesByDigest) {
    const auto layers = store_.find({.layer = base_.digest});
    ASSERT_EQ(layers.size(), 2U);
    EXPECT_EQ(layers[0].kind, "layer");
    EXPECT_EQ(layers[0].created_by, "RUN step 0");
    EXPECT_EQ(store_.find({.sha256 = upper_.digest.substr(7)}).size(), 1U);
    EXPECT_EQ(store_.find({.sha256 = digest_named("manifest two")}).size(), 1U);
    const auto images = store_.find({.image = digest_named("manifest two")});
    ASSERT_EQ(images.size(), 1U);
    EXPECT_EQ(images[0].tags.at(0).tag, "v2");
}

TEST_F(StoreFind, AnImageOfAnIndexHasTheTagsOfTheIndex) {
    const auto id = *store_->begin_repository({"r.example", "multi", "multi"}, 3000);
    ManifestRecord index;
    index.digest = digest_named("index");
    index.kind = "index";
    index.children = {{digest_named("manifest one"), "linux/amd64"}};
    OpenedStore::must(store_->record_manifest(index));
    OpenedStore::must(store_->observe_tag(id, "all", index.digest, 3000));
    EXPECT_TRUE(*store_->reuse_image(id, digest_named("manifest one"), rules, 3000));
    store_.finish(id, 3000);
    const auto found = store_.find({.rule = "private-key", .image = "multi:all"});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].tags.at(0).tag, "all");
}

TEST_F(StoreFind, TheLimitIsSaid) {
    const auto answer = store_->find({.path = "*", .limit = 5});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->matches.size(), 5U);
    EXPECT_TRUE(answer->cut);
}

TEST_F(StoreFind, ALayerOfNoImageIsStillAnAnswer) {
    store_.put(layer_of("alone", {finding_of("alone-rule", "alone", "z")}), rules);
    const auto found = store_.find({.rule = "alone-rule"});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].repository, "");
    EXPECT_EQ(found[0].layer, digest_named("alone"));
}

TEST_F(StoreFind, OlderRulesDoNotAnswerTwice) {
    const Ruleset newer = rules_named("newer");
    const auto id = store_.put(base_, newer);
    store_.add("team/one", "v1", image_of("one", {base_}, {id}, newer), 5000);
    EXPECT_EQ(told(store_.find({.rule = "private-key"})),
              "team/one private-key root/.ssh/id_rsa visible\n"
              "team/two private-key root/.ssh/id_rsa deleted\n");
}

}  // namespace
