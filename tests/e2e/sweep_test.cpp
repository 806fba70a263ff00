// A sweep over a real registry (Debian's docker-registry) with images that skopeo and the
// tests pushed: each layer once, the second time none, and nothing is forgotten that could
// not be had. Requests are counted by the tests' proxy.
#include <random>
#include <set>

#include "tests/e2e/servers.hpp"

namespace stratascan::e2e {
namespace {

class Sweep : public RegistryTest {
protected:
    [[nodiscard]] std::string store() const { return (folder() / "store.sqlite").string(); }

    [[nodiscard]] static Command with_key(Command command) {
        if (const fs::path key = home() / "registry-test-key"; !fs::exists(key)) {
            std::ofstream(key) << "a key of the tests, sixteen bytes or more";
            fs::permissions(key, fs::perms::owner_read);
        }
        return command;
    }
    [[nodiscard]] std::vector<std::string> words(const std::string& target,
                                                 std::vector<std::string> options,
                                                 const std::string& place = "") const {
        options.insert(options.begin(),
                       {"sweep", target, "--format", "json", "--store",
                        place.empty() ? store() : place, "--key-file",
                        (home() / "registry-test-key").string()});
        return options;
    }
    Ran sweep(const std::string& target, std::vector<std::string> options = {},
              const std::string& place = "") const {
        const Ran ran = stratascan(words(target, std::move(options), place), with_key(command()));
        EXPECT_FALSE(ran.timed_out);
        return ran;
    }
    Ran ask(std::vector<std::string> what) const {
        what.insert(what.end(), {"--store", store()});
        return stratascan(std::move(what), command());
    }
    /// The one row of a repository in the summary.
    static json row(const Ran& ran, const std::string& repository) {
        const json summary = json::parse(ran.out, nullptr, false);
        if (!summary.is_object()) {
            ADD_FAILURE() << ran.out << ran.err;
            return json::object();
        }
        for (const json& of : summary.at("repositories")) {
            if (of.at("repository") == repository) return of;
        }
        ADD_FAILURE() << "no row for " << repository << '\n' << ran.out;
        return json::object();
    }
    static json summary(const Ran& ran) { return json::parse(ran.out, nullptr, false); }

    /// Images that the tests make, into the registry; what there is.
    json fill(const std::string& registry, std::vector<std::string> options) const {
        Command with = command();
        with.words = {python(), tools() / "synthetic.py", "--registry", registry};
        with.words.insert(with.words.end(), options.begin(), options.end());
        const Ran ran = run(with);
        EXPECT_EQ(ran.exit, 0) << ran.err;
        return json::parse(ran.out, nullptr, false);
    }
    /// The store without what differs from run to run: ids and times.
    [[nodiscard]] std::multiset<std::string> exported(const std::string& place) const {
        const Ran ran = stratascan({"store", "export", "--store", place}, command());
        EXPECT_EQ(ran.exit, 0) << ran.err;
        std::multiset<std::string> lines;
        std::map<std::int64_t, std::string> layers;
        std::istringstream text(ran.out);
        for (std::string line; std::getline(text, line);) {
            json of = json::parse(line, nullptr, false);
            if (of["kind"] == "layer") {
                layers[of.at("id").get<std::int64_t>()] = of.at("digest").dump();
            }
            if (of.contains("layer_id")) {
                of["layer_id"] = layers[of.at("layer_id").get<std::int64_t>()];
            }
            for (const char* varies : {"id", "ruleset", "first_seen", "last_seen", "scanned_at",
                                       "from", "until", "gone_at", "closed_at"}) {
                if (of.contains(varies) && !of.at(varies).is_null()) of[varies] = "*";
            }
            lines.insert(of.dump());
        }
        return lines;
    }
    /// A report of the store has its images in another order.
    static std::multiset<std::string> sorted(const json& list) {
        std::multiset<std::string> texts;
        for (const json& of : list) texts.insert(of.dump());
        return texts;
    }
    struct Counts {
        std::map<std::string, int> blobs;  ///< GET, by digest, configs as well
        int heads = 0, manifests = 0, all = 0;
        [[nodiscard]] int most() const {
            int most = 0;
            for (const auto& [digest, count] : blobs) most = std::max(most, count);
            return most;
        }
    };
    static Counts counts(const fs::path& log) {
        Counts counts;
        for (const json& request : requests(log)) {
            const std::string path = request.at("path");
            const bool get = request.at("method") == "GET";
            ++counts.all;
            if (path.find("/manifests/") != std::string::npos) {
                ++(get ? counts.manifests : counts.heads);
            } else if (get && path.find("/blobs/") != std::string::npos) {
                ++counts.blobs[path.substr(path.rfind('/') + 1)];
            }
        }
        return counts;
    }
    Server proxy(const DockerRegistry& registry, const std::string& fault,
                 const std::string& log) const {
        return {folder(), log,
                {python(), tools() / "fault_proxy.py", "--upstream", registry.address(), "--log",
                 folder() / log, "--fault", fault}};
    }
};

TEST_F(Sweep, EachLayerOnceOverRepositoriesTagsAndPlatforms) {
    const DockerRegistry registry;
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

TEST_F(Sweep, FewestRequestsAndUniqueBytes) {
    const DockerRegistry registry;
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

TEST_F(Sweep, PlanFetchesNoLayer) {
    const DockerRegistry registry;
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

TEST_F(Sweep, AccessoriesAreNoImagesAndAreScanned) {
    const DockerRegistry registry;
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

TEST_F(Sweep, WhatIsAskedFor) {
    const DockerRegistry registry;
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

TEST_F(Sweep, OnePlatform) {
    const DockerRegistry registry;
    push(layout(recipe("two-platforms-and-an-attestation")), registry.address(), "many:1",
         {"--all"});
    const Ran one = sweep(registry.address(), {"--platform", "linux/arm64"});
    EXPECT_EQ(row(one, "many").at("images"), 1) << one.out;
    const Ran all = sweep(registry.address());
    EXPECT_EQ(row(all, "many").at("images"), 2) << all.out;
    EXPECT_TRUE(summary(all).at("complete").get<bool>());
}

TEST_F(Sweep, WhatCannotBeHadIsNamedAndStopsNothing) {
    const DockerRegistry registry;
    push(layout(recipe("removed-with-build-step")), registry.address(), "good:1");
    push(layout(recipe("removed-with-build-step")), registry.address(), "closed/app:1");
    push(layout(recipe("layers-of-a-megabyte")), registry.address(), "bad:1");
    const json image = report_of(scan({registry.address() + "/bad:1"}));
    const std::string digest = image.at("targets").at(0).at("layers").at(0).at("digest");
    const fs::path blob = registry.storage() / "docker/registry/v2/blobs/sha256" /
                          digest.substr(7, 2) / digest.substr(7) / "data";
    {
        std::fstream file(blob, std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(5000);
        const int byte = file.get();
        file.seekp(5000);
        file.put(static_cast<char>(byte ^ 1));
    }
    const Server closed = proxy(registry, "closed-repository", "closed.log");
    const Ran ran = sweep(closed.address());
    EXPECT_EQ(ran.exit, 2) << ran.err;
    EXPECT_EQ(row(ran, "good").at("state"), "complete");
    EXPECT_EQ(row(ran, "closed/app").at("state"), "failed");
    EXPECT_EQ(row(ran, "closed/app").at("not_covered").at(0).at("reason"), "unauthorized");
    EXPECT_EQ(row(ran, "bad").at("state"), "incomplete");
    EXPECT_EQ(row(ran, "bad").at("not_covered").at(0).at("reason"), "damaged");
    EXPECT_EQ(row(ran, "bad").at("layers"), 3);
    EXPECT_NE(ran.err.find("closed/app"), std::string::npos) << ran.err;
    // The layer is tried again; those that are whole are not.
    const Ran again = sweep(closed.address());
    EXPECT_EQ(again.exit, 2);
    EXPECT_EQ(summary(again).at("layers_fetched"), 1);
    EXPECT_EQ(row(again, "bad").at("not_covered"), row(ran, "bad").at("not_covered"));
}

TEST_F(Sweep, FaultsThatPass) {
    const DockerRegistry registry;
    push(layout(recipe("layers-of-a-megabyte")), registry.address(), "app:1");
    push(layout(recipe("two-platforms-and-an-attestation")), registry.address(), "many:1",
         {"--all"});
    const std::string undisturbed = (folder() / "undisturbed.sqlite").string();
    const json calm = summary(sweep(registry.address(), {}, undisturbed)).at("repositories");
    for (const char* fault : {"storm", "reset", "errors", "short-body"}) {
        const Server faulty = proxy(registry, fault, std::string(fault) + ".log");
        const Ran ran =
            sweep(faulty.address(), {}, (folder() / (std::string(fault) + ".sqlite")).string());
        json rows = summary(ran).at("repositories");
        for (json& of : rows) of["registry"] = registry.address();
        EXPECT_EQ(rows, calm) << fault << ran.err;
        EXPECT_EQ(ran.exit, 1) << fault;
    }
}

TEST_F(Sweep, BandwidthAndRequestsAreBounded) {
    const DockerRegistry registry;
    push(layout(recipe("layers-of-a-megabyte")), registry.address(), "app:1");
    const Ran free = sweep(registry.address(), {}, (folder() / "free.sqlite").string());
    const std::uint64_t bytes = summary(free).at("bytes_fetched");
    const Ran slow = sweep(registry.address(), {"--bandwidth", std::to_string(bytes)});
    EXPECT_EQ(summary(slow).at("repositories"), summary(free).at("repositories"));
    EXPECT_GE(summary(slow).at("milliseconds").get<int>(), 800) << "a second's worth of bytes";
    const Ran few = sweep(registry.address(), {"--requests-per-second", "5"});
    EXPECT_GE(summary(few).at("milliseconds").get<int>(),
              200 * (summary(few).at("requests").get<int>() - 2));
}

TEST_F(Sweep, KilledAtAnyMomentItGoesOn) {
    const DockerRegistry registry;
    fill(registry.address(), {"--repositories", "6", "--tags", "25", "--bytes", "60000"});
    const Server slow = proxy(registry, "slow", "slow.log");
    const std::string undisturbed = (folder() / "undisturbed.sqlite").string();
    const Ran calm = sweep(slow.address(), {}, undisturbed);
    ASSERT_EQ(calm.exit, 1) << calm.err;
    const auto whole = exported(undisturbed);
    std::mt19937 random(7);
    const int full = summary(calm).at("milliseconds").get<int>();
    int killed = 0;
    int partly = 0;
    for (int round = 0; round < 20; ++round) {
        const std::string place = (folder() / ("k" + std::to_string(round))).string() + ".sqlite";
        const std::string log = "kill" + std::to_string(round) + ".log";
        const Server counted = proxy(registry, "slow", log);
        Command with = with_key(command());
        with.words = words(counted.address(), {}, place);
        with.words.insert(with.words.begin(), program());
        {
            Running running(with);
            usleep(static_cast<useconds_t>(1000 * (200 + random() % static_cast<unsigned>(full))));
            ::kill(running.id(), SIGKILL);
            killed += running.finish().signal == SIGKILL ? 1 : 0;
        }
        const Ran last = sweep(counted.address(), {}, place);
        EXPECT_EQ(last.exit, 1) << last.err;
        partly += summary(last).at("layers_fetched") < summary(calm).at("layers_fetched") ? 1 : 0;
        // Ports differ from run to run.
        std::multiset<std::string> lines;
        for (std::string line : exported(place)) {
            for (std::size_t at = 0; (at = line.find(counted.address())) != std::string::npos;) {
                line.replace(at, counted.address().size(), slow.address());
            }
            lines.insert(std::move(line));
        }
        EXPECT_TRUE(lines == whole) << "round " << round;
        std::set<std::string> layers;
        std::istringstream text(stratascan({"store", "export", "--store", place}, command()).out);
        for (std::string line; std::getline(text, line);) {
            const json of = json::parse(line, nullptr, false);
            if (of["kind"] == "layer" && of.at("digest").is_string()) layers.insert(of.at("digest"));
        }
        for (const auto& [digest, count] : counts(folder() / log).blobs) {
            if (!layers.contains(digest)) continue;
            EXPECT_LE(count, 2) << digest;
        }
        EXPECT_EQ(stratascan({"store", "check", "--store", place}, command()).out, "sound\n");
    }
    EXPECT_GT(killed, 10) << "most sweeps were faster than their death";
    EXPECT_GT(partly, 3) << "hardly one had kept a layer before it died";
}

TEST_F(Sweep, InterruptedItKeepsWhatIsComplete) {
    const DockerRegistry registry;
    fill(registry.address(), {"--repositories", "6", "--tags", "40", "--bytes", "30000"});
    const Server slow = proxy(registry, "slow", "int.log");
    Command with = with_key(command());
    with.words = words(slow.address(), {});
    with.words.insert(with.words.begin(), program());
    Running running(with);
    for (int tries = 0; tries < 3000; ++tries) {
        if (counts(folder() / "int.log").blobs.size() > 12) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    running.interrupt();
    const Ran ran = running.finish();
    EXPECT_EQ(ran.exit, 2) << ran.err;
    EXPECT_TRUE(summary(ran).at("stopped").get<bool>()) << ran.out;
    EXPECT_EQ(ask({"store", "check"}).out, "sound\n");
    const Ran rest = sweep(slow.address());
    EXPECT_EQ(rest.exit, 1) << rest.err;
    EXPECT_TRUE(summary(rest).at("complete").get<bool>());
    EXPECT_GT(summary(rest).at("layers_fetched").get<int>(), 0);
    EXPECT_LE(counts(folder() / "int.log").most(), 2);
}

TEST_F(Sweep, WatchingItSeesWhatIsNew) {
    const DockerRegistry registry;
    push(layout(recipe("uncompressed-layer")), registry.address(), "app:1");
    Command with = with_key(command());
    with.words = words(registry.address(), {"--watch", "1s"});
    with.words.insert(with.words.begin(), program());
    Running running(with);
    const auto wait_for = [&](const std::string& text) {
        for (int tries = 0; tries < 2000; ++tries) {
            if (ask({"store", "export"}).out.find(text) != std::string::npos) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return false;
    };
    EXPECT_TRUE(wait_for("app"));
    push(layout(recipe("gzip-single-member")), registry.address(), "team/later:1");
    EXPECT_TRUE(wait_for("team/later"));
    running.interrupt();
    const Ran ran = running.finish();
    EXPECT_EQ(ran.signal, 0);
    EXPECT_TRUE(ran.exit == 1 || ran.exit == 2) << ran.exit << ran.err;
}

TEST_F(Sweep, PictureOnATerminal) {
    const DockerRegistry registry;
    fill(registry.address(), {"--repositories", "4", "--tags", "30", "--bytes", "30000"});
    const Server slow = proxy(registry, "slow", "live.log");
    std::string line = program();
    for (const std::string& word : words(slow.address(), {"-o", folder() / "out.json"})) {
        line += ' ' + word;
    }
    Command with = with_key(command());
    with.words = {"script", "-qec", line, "/dev/null"};
    const Ran ran = run(with);
    EXPECT_EQ(ran.exit, 1) << ran.out;
    for (const char* text : {"repositories ", "layers ", " left", "images recorded ", "findings ",
                             "plan: ", "\x1b[2K"}) {
        EXPECT_NE(ran.out.find(text), std::string::npos) << text << ran.out.substr(0, 2000);
    }
}

TEST_F(Sweep, SameForAnyNumberOfThreadsAndNoSecretInTheClear) {
    const DockerRegistry registry;
    fill(registry.address(), {"--repositories", "4", "--tags", "16", "--seed", "threads"});
    std::multiset<std::string> first;
    for (const char* jobs : {"1", "2", "8"}) {
        const std::string place = (folder() / jobs).string() + ".sqlite";
        const Ran ran = sweep(registry.address(), {"--jobs", jobs, "--memory", "256MiB"}, place);
        EXPECT_LT(ran.exit, 2) << ran.err;
        if (std::getenv("ASAN_OPTIONS") == nullptr) {
            EXPECT_LT(ran.peak_rss, std::uint64_t{256} << 20) << jobs;
        }
        const auto lines = exported(place);
        if (first.empty()) first = lines;
        EXPECT_TRUE(lines == first) << jobs;
        const Ran raw = run({.words = {"grep", "-c", "-a", "-E", "gh[p]_[A-Za-z0-9]{36}", place}});
        EXPECT_EQ(raw.out, "0\n");
    }
}

}  // namespace
}  // namespace stratascan::e2e
