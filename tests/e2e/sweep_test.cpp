// A sweep over real registries (Debian's docker-registry, and those of two Go modules) with
// images that skopeo and the tests pushed: each layer once, the second time none, and what is asked for alone.
// Requests are counted by the tests' proxy.
#include "tests/e2e/sweeping.hpp"

namespace stratascan::e2e {
namespace {

class EachSweep : public Sweep, public OnRegistries {
protected:
    void SetUp() override { SKIP_WITHOUT_REGISTRY(); }
};

INSTANTIATE_TEST_SUITE_P(On, EachSweep, testing::ValuesIn(all_registries), OnRegistries::name);

TEST_P(EachSweep, EachLayerOnceOverRepositoriesTagsAndPlatforms) {
    const AnyRegistry registry(GetParam());
    const Built plain = recipe("removed-with-build-step");
    push(layout(plain), registry.address(), "team/app:1.0");
    push(layout(plain), registry.address(), "team/app:latest");
    push(layout(plain), registry.address(), "copy/of/app:1.0");
    push(layout(recipe("two-platforms-and-an-attestation")), registry.address(), "many:1",
         {"--all"});
    const Server counted = proxy(registry, "none", "first.log");
    const Ran first = sweep(counted.address());
    EXPECT_EQ(first.exit, 1) << first.err;
    const Counts once = counts(folder() / "first.log");
    EXPECT_EQ(once.most(), 1);
    EXPECT_EQ(once.heads, 4) << "a HEAD a tag";
    EXPECT_TRUE(summary(first).at("complete").get<bool>()) << first.out;
    EXPECT_EQ(row(first, "team/app").at("images"), 1);
    EXPECT_EQ(row(first, "team/app").at("tags"), 2);
    EXPECT_EQ(row(first, "many").at("images"), 2);
    EXPECT_EQ(row(first, "many").at("accessories"), 1);

    // What scan finds, report finds in the store.
    for (const char* name : {"/team/app:1.0", "/copy/of/app:1.0", "/many:1"}) {
        const Ran stored = ask({"report", "--format", "json", "--image", counted.address() + name});
        const Ran scanned = scan({counted.address() + name});
        EXPECT_EQ(sorted(findings_of(stored)), sorted(findings_of(scanned))) << name << stored.err;
        EXPECT_FALSE(findings_of(scanned).empty()) << name;
    }
    // A second one asks each tag where it leads, and that is all.
    const Server again = proxy(registry, "none", "second.log");
    const Ran second = sweep(counted.address());
    EXPECT_EQ(second.exit, 1) << second.err;
    EXPECT_EQ(summary(second).at("requests"), 4 + 1 + 3 + 1) << "HEADs, catalog, tags, ping";
    EXPECT_EQ(summary(second).at("layers_fetched"), 0);
    json before = summary(first).at("repositories");
    EXPECT_EQ(summary(second).at("repositories"), before);
    EXPECT_EQ(ask({"store", "check"}).out, "sound\n");
}

TEST_P(EachSweep, FewestRequestsAndUniqueBytes) {
    const AnyRegistry registry(GetParam());
    const json made = fill(registry.address(), {"--repositories", "8", "--tags", "30"});
    const Server counted = proxy(registry, "none", "all.log");
    const Ran ran = sweep(counted.address());
    EXPECT_EQ(ran.exit, 1) << ran.err;
    const json whole = summary(ran);
    EXPECT_TRUE(whole.at("complete").get<bool>()) << ran.out;
    EXPECT_EQ(whole.at("bytes_fetched"), made.at("bytes"));
    EXPECT_EQ(whole.at("layers_fetched"), made.at("layers"));
    const Counts once = counts(folder() / "all.log");
    EXPECT_EQ(once.heads, made.at("tags").get<int>());
    EXPECT_EQ(once.manifests, made.at("manifests").get<int>());
    EXPECT_EQ(once.most(), 1);
}

TEST_P(EachSweep, PlanFetchesNoLayer) {
    const AnyRegistry registry(GetParam());
    push(layout(recipe("removed-with-build-step")), registry.address(), "app:1");
    const Server counted = proxy(registry, "none", "plan.log");
    const Ran plan = sweep(counted.address(), {"--plan"});
    EXPECT_EQ(plan.exit, 0) << plan.err;
    EXPECT_TRUE(counts(folder() / "plan.log").blobs.empty());
    EXPECT_GT(summary(plan).at("plan").at("layers_to_fetch").get<int>(), 0);
    EXPECT_GT(summary(plan).at("plan").at("bytes_to_fetch").get<int>(), 0);
    EXPECT_EQ(sweep(counted.address()).exit, 1);
    const Ran known = sweep(counted.address(), {"--plan"});
    EXPECT_EQ(summary(known).at("plan").at("layers_to_fetch"), 0);
    EXPECT_EQ(summary(known).at("plan").at("manifests_known"), 1);
    const Ran table = stratascan({"sweep", counted.address(), "--store", store(), "--plan"},
                                 command());
    EXPECT_NE(table.out.find("1 tag"), std::string::npos) << table.out;
}

TEST_F(Sweep, TagsThatMoveAndGo) {
    const DockerRegistry registry;
    push(layout(recipe("removed-with-build-step")), registry.address(), "app:moving");
    push(layout(recipe("uncompressed-layer")), registry.address(), "app:going");
    push(layout(recipe("uncompressed-layer")), registry.address(), "other/gone:1");
    EXPECT_EQ(sweep(registry.address()).exit, 1);
    push(layout(recipe("gzip-single-member")), registry.address(), "app:moving");
    const fs::path repositories = registry.storage() / "docker/registry/v2/repositories";
    fs::remove_all(repositories / "app/_manifests/tags/going");
    fs::remove_all(repositories / "other");
    const Ran second = sweep(registry.address());
    EXPECT_EQ(second.exit, 1) << second.err;
    EXPECT_EQ(row(second, "other/gone").at("state"), "gone");
    EXPECT_EQ(row(second, "app").at("tags"), 1);
    int open = 0;
    int closed = 0;
    std::istringstream lines(ask({"store", "export"}).out);
    for (std::string line; std::getline(lines, line);) {
        const json of = json::parse(line, nullptr, false);
        if (of["kind"] != "tag") continue;
        ++(of.at("closed_at").is_null() ? open : closed);
        EXPECT_EQ(of.at("closed_at").is_null(),
                  of.at("tag") == "moving" && open == 1 && closed >= 1)
            << line;
    }
    EXPECT_EQ(open, 1);
    EXPECT_EQ(closed, 3) << "moved, deleted, gone with its repository";
    const Ran third = sweep(registry.address());
    EXPECT_EQ(summary(third).at("repositories").size(), 1U) << "gone, and told once";
}

// Other rules see other things in the same bytes: layers are fetched again, once. What was
// said of tags, manifests and by the former rules stays.
TEST_F(Sweep, ChangedRulesFetchLayersAgainAndNothingElse) {
    const DockerRegistry registry;
    const json made = fill(registry.address(), {"--repositories", "4", "--tags", "12"});
    EXPECT_EQ(sweep(registry.address()).exit, 1);
    const std::string rules = (folder() / "more.toml").string();
    std::ofstream(rules) << "[[rule]]\nid = \"more\"\ntitle = \"More\"\nseverity = \"low\"\n"
                            "confidence = \"low\"\npattern = \"more_(?P<secret>[0-9]{20})\"\n";
    const Server counted = proxy(registry, "none", "rules.log");
    // By another name it is another registry, whose layers are known all the same.
    EXPECT_EQ(summary(sweep(counted.address())).at("layers_fetched"), 0);
    const int before = counts(folder() / "rules.log").manifests;
    const Ran again = sweep(counted.address(), {"--rules", rules});
    EXPECT_EQ(summary(again).at("layers_fetched"), made.at("layers")) << again.err;
    EXPECT_EQ(summary(again).at("bytes_fetched"), made.at("bytes"));
    EXPECT_EQ(counts(folder() / "rules.log").manifests, before) << "the store has them";
    EXPECT_EQ(summary(sweep(counted.address(), {"--rules", rules})).at("layers_fetched"), 0);
    EXPECT_EQ(summary(sweep(counted.address())).at("layers_fetched"), 0) << "the former ones";
}

// An image that lost its tag can be pulled by its digest until its registry drops it.
TEST_P(EachSweep, WhatLostItsTagIsStillPullable) {
    const AnyRegistry registry(GetParam());
    push(layout(recipe("removed-with-build-step")), registry.address(), "app:1");
    push(layout(recipe("two-platforms-and-an-attestation")), registry.address(), "app:many",
         {"--all"});
    EXPECT_EQ(sweep(registry.address()).exit, 1);
    const auto places = [&] {
        std::map<std::string, std::string> pullable;
        const json told = json::parse(
            ask({"find", "--image", registry.address() + "/app", "--format", "json"}).out, nullptr,
            false);
        for (const json& match : told.at("matches")) pullable[match.at("digest")] = match.at("pullable");
        return pullable;
    };
    const auto before = places();
    EXPECT_GE(before.size(), 4U);
    for (const char* tag : {"app:1", "app:many"}) {
        push(layout(recipe("uncompressed-layer")), registry.address(), tag);
    }
    const Ran moved = sweep(registry.address());
    EXPECT_EQ(row(moved, "app").at("state"), "complete") << moved.out;
    EXPECT_EQ(places().size(), before.size() + 1);
    for (const auto& [digest, pullable] : places()) EXPECT_EQ(pullable, "at-last-look") << digest;
    const Ran table = ask({"find", "--image", registry.address() + "/app"});
    EXPECT_NE(table.out.find("pullable by its digest"), std::string::npos) << table.out;
    for (const auto& [digest, pullable] : before) {
        Command remove = command();
        remove.words = {"curl", "-sS", "--fail", "--noproxy", "*", "-X", "DELETE",
                        "http://" + registry.address() + "/v2/app/manifests/" + digest};
        const Ran ran = run(remove);
        EXPECT_EQ(ran.exit, 0) << ran.err << ran.out;
    }
    EXPECT_EQ(sweep(registry.address()).exit, 1);
    for (const auto& [digest, pullable] : places()) {
        EXPECT_EQ(pullable, before.contains(digest) ? "gone" : "at-last-look") << digest;
    }
}

TEST_P(EachSweep, AccessoriesAreNoImagesAndAreScanned) {
    const AnyRegistry registry(GetParam());
    push(layout(recipe("uncompressed-layer")), registry.address(), "app:1");
    const json plain = report_of(scan({registry.address() + "/app:1"}));
    const std::string digest = plain.at("targets").at(0).at("image").at("digest");
    push(layout(recipe("artifact-manifest")), registry.address(),
         "app:sha256-" + digest.substr(7) + ".sig");
    const Ran ran = sweep(registry.address());
    EXPECT_EQ(row(ran, "app").at("images"), 1) << ran.err;
    EXPECT_EQ(row(ran, "app").at("accessories"), 1);
    const Ran report = ask({"report", "--format", "json"});
    std::map<std::string, std::size_t> found;
    const json told = report_of(report);
    for (const json& target : told.at("targets")) {
        found[target.at("image").at("kind")] += target.at("findings").size();
    }
    EXPECT_GT(found["image"], 0U);
    EXPECT_GT(found["artifact"], 0U);
}

TEST_P(EachSweep, WhatIsAskedFor) {
    const AnyRegistry registry(GetParam());
    for (const char* name : {"a/one:1", "a/one:2-rc", "a/two:1", "b/one:1"}) {
        push(layout(recipe("uncompressed-layer")), registry.address(), name);
    }
    const auto names = [&](const std::string& target, std::vector<std::string> options) {
        std::set<std::string> all;
        const Ran ran = sweep(target, std::move(options));
        const json told = summary(ran);
        for (const json& of : told.at("repositories")) {
            all.insert(of.at("repository").get<std::string>() + ' ' +
                         std::to_string(of.at("tags").get<int>()));
        }
        return all;
    };
    using Names = std::set<std::string>;
    const std::string host = registry.address();
    EXPECT_EQ(names(host + "/a", {"--plan"}), (Names{"a/one 2", "a/two 1"}));
    EXPECT_EQ(names(host + "/a/one", {"--plan"}), (Names{"a/one 2"}));
    EXPECT_EQ(names(host, {"--plan", "--include", "one"}), (Names{"a/one 2", "b/one 1"}));
    EXPECT_EQ(names(host, {"--plan", "--exclude", "a/*"}), (Names{"b/one 1"}));
    EXPECT_EQ(names(host + "/a/one", {"--plan", "--tag", "*-rc"}), (Names{"a/one 1"}));
    EXPECT_EQ(names(host, {"--plan", "--newest", "1", "--include", "b/**"}), (Names{"b/one 1"}));
    EXPECT_EQ(sweep(host + "/a:1").exit, 3) << "a tag is no target";
    EXPECT_EQ(sweep("127.0.0.1:1", {"--registry-tries", "1"}).exit, 3);
    // What was left out is not taken for gone.
    EXPECT_EQ(sweep(host).exit, 1);
    EXPECT_EQ(sweep(host, {"--tag", "2*"}).exit, 1);
    int tags = 0;
    std::istringstream lines(ask({"store", "export"}).out);
    for (std::string line; std::getline(lines, line);) {
        const json of = json::parse(line, nullptr, false);
        if (of["kind"] != "tag") continue;
        ++tags;
        EXPECT_TRUE(of.at("closed_at").is_null()) << line;
    }
    EXPECT_EQ(tags, 4);
}

TEST_P(EachSweep, OnePlatform) {
    const AnyRegistry registry(GetParam());
    push(layout(recipe("two-platforms-and-an-attestation")), registry.address(), "many:1",
         {"--all"});
    const Ran one = sweep(registry.address(), {"--platform", "linux/arm64"});
    EXPECT_EQ(row(one, "many").at("images"), 1) << one.out;
    const Ran all = sweep(registry.address());
    EXPECT_EQ(row(all, "many").at("images"), 2) << all.out;
    EXPECT_TRUE(summary(all).at("complete").get<bool>());
}

}  // namespace
}  // namespace stratascan::e2e
