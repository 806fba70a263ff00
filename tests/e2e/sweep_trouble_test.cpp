// What a sweep can't have, and what ends it early: nothing is forgotten, nothing else is
// lost, and the next one goes on.
#include <atomic>
#include <random>
#include <thread>

#include "tests/e2e/sweeping.hpp"

namespace stratascan::e2e {
namespace {

using SweepTrouble = Sweep;

TEST_F(SweepTrouble, WhatCannotBeHadIsNamedAndStopsNothing) {
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

// Each repository ends with what was not covered and why: each reason by what brings it.
TEST_F(SweepTrouble, EachReasonHasItsName) {
    const DockerRegistry registry;
    const fs::path blobs = registry.storage() / "docker/registry/v2/blobs/sha256";
    push(layout(recipe("removed-with-build-step")), registry.address(), "good:1");
    const json lost = put_image(registry.address(), {"--name", "lost:1", "--noise", "3000"});
    const std::string digest = lost.at("layers").at(0).at(0);
    fs::remove_all(blobs / digest.substr(7, 2) / digest.substr(7));
    const json untold = put_image(registry.address(), {"--name", "untold:1", "--noise", "4000"});
    const std::string manifest = untold.at("manifest");
    fs::remove_all(blobs / manifest.substr(7, 2) / manifest.substr(7));
    put_image(registry.address(), {"--name", "large:1", "--noise", "900000"});
    push(layout(recipe("encrypted-layer")), registry.address(), "locked:1");
    const Ran ran = sweep(registry.address(), {"--max-layer-bytes", "600000"});
    EXPECT_EQ(ran.exit, 2) << ran.err;
    EXPECT_EQ(row(ran, "good").at("state"), "complete");
    const std::map<std::string, std::set<std::string>> reasons = {
        {"lost", {"gone"}}, {"untold", {"gone", "unreachable"}},
        {"large", {"over a limit"}}, {"locked", {"partly read", "unsupported"}}};
    for (const auto& [repository, allowed] : reasons) {
        const json told = row(ran, repository);
        EXPECT_EQ(told.at("state"), "incomplete") << repository;
        ASSERT_FALSE(told.at("not_covered").empty()) << repository;
        EXPECT_TRUE(allowed.contains(told.at("not_covered").at(0).at("reason"))) << told.dump(1);
        EXPECT_FALSE(told.at("not_covered").at(0).at("examples").empty()) << told.dump(1);
    }
    // The same in words, for people; and once more the next time.
    const Ran table = stratascan({"sweep", registry.address(), "--store", store(), "--key-file",
                                  (home() / "registry-test-key").string(), "--max-layer-bytes",
                                  "600000"},
                                 with_key(command()));
    EXPECT_EQ(table.exit, 2);
    EXPECT_NE(table.out.find("incomplete: not all that was listed was read"), std::string::npos)
        << table.out;
    for (const char* text : {"/lost", "gone", "/large", "/locked", "incomplete"}) {
        EXPECT_NE(table.out.find(text), std::string::npos) << text << table.out;
    }
}

// A part of an index that could not be had is asked for by each sweep, and once it is there nothing
// tells that it was not.
TEST_F(SweepTrouble, APartOfAnIndexThatWasMissingIsNotMissedLater) {
    const DockerRegistry registry;
    push(layout(recipe("two-platforms-and-an-attestation")), registry.address(), "many:1",
         {"--all"});
    const std::string undisturbed = (folder() / "undisturbed.sqlite").string();
    const json calm = summary(sweep(registry.address(), {}, undisturbed)).at("repositories");
    const json whole = report_of(scan({registry.address() + "/many:1"}));
    const std::string digest = whole.at("targets").at(0).at("image").at("digest");
    const fs::path blob = registry.storage() / "docker/registry/v2/blobs/sha256" /
                          digest.substr(7, 2) / digest.substr(7);
    fs::rename(blob, folder() / "away");
    for (int round = 0; round < 2; ++round) {
        const Ran ran = sweep(registry.address());
        EXPECT_EQ(ran.exit, 2) << ran.err;
        EXPECT_EQ(row(ran, "many").at("state"), "incomplete") << round;
        EXPECT_NE(row(ran, "many").at("not_covered").at(0).at("examples").dump().find(digest),
                  std::string::npos) << ran.out;
    }
    fs::rename(folder() / "away", blob);
    const Ran again = sweep(registry.address());
    EXPECT_EQ(again.exit, 1) << again.err;
    EXPECT_EQ(summary(again).at("repositories"), calm);
    EXPECT_EQ(exported(store()), exported(undisturbed));
}

TEST_F(SweepTrouble, FaultsThatPass) {
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

TEST_F(SweepTrouble, BandwidthAndRequestsAreBounded) {
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

TEST_F(SweepTrouble, KilledAtAnyMomentItGoesOn) {
    const DockerRegistry registry;
    fill(registry.address(), {"--repositories", "6", "--tags", "25", "--bytes", "60000"});
    const Server slow = proxy(registry, "slow", "slow.log");
    const std::string undisturbed = (folder() / "undisturbed.sqlite").string();
    const Ran calm = sweep(slow.address(), {}, undisturbed);
    ASSERT_EQ(calm.exit, 1) << calm.err;
    const auto whole = exported(undisturbed);
    const auto lines_of = [](const fs::path& log) {
        const std::string text = read_file(log);
        return std::count(text.begin(), text.end(), '\n');
    };
    const auto requests = static_cast<unsigned>(lines_of(folder() / "slow.log"));
    ASSERT_GT(requests, 5U);
    std::atomic<int> next = 0;
    std::atomic<int> killed = 0;
    std::atomic<int> partly = 0;
    // A round mostly waits for the slow registry, so some are under way at once. A program
    // under a sanitizer takes many times as long, and does with fewer.
    const int rounds = std::stoi(setting("STRATASCAN_KILL_ROUNDS", is_sanitized ? "20" : "50"));
    const auto one_round = [&](int round) {
        const std::string place = (folder() / ("k" + std::to_string(round))).string() + ".sqlite";
        const std::string log = "kill" + std::to_string(round) + ".log";
        const Server counted = proxy(registry, "slow", log);
        Command with = with_key(command());
        with.words = words(counted.address(), {}, place);
        with.words.insert(with.words.begin(), program());
        {
            std::mt19937 random(static_cast<unsigned>(round));
            Running running(with);
            // By how far it has come, for the clock says little of that on a machine at work.
            const auto wanted = static_cast<std::ptrdiff_t>(1 + random() % (requests - 1));
            for (int tries = 0; tries < 10'000 && lines_of(folder() / log) < wanted; ++tries) {
                usleep(2000);
            }
            usleep(static_cast<useconds_t>(random() % 20'000));
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
    };
    {
        std::vector<std::jthread> at_once;
        for (int i = 0; i < 4; ++i) {
            at_once.emplace_back([&] {
                for (int round = next++; round < rounds; round = next++) one_round(round);
            });
        }
    }
    EXPECT_GT(killed, rounds / 2) << "most sweeps were faster than their death";
    EXPECT_GT(partly, rounds / 7) << "hardly one had kept a layer before it died";
}

TEST_F(SweepTrouble, InterruptedItKeepsWhatIsComplete) {
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

TEST_F(SweepTrouble, WatchingItSeesWhatIsNew) {
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

TEST_F(SweepTrouble, PictureOnATerminal) {
    const DockerRegistry registry;
    fill(registry.address(), {"--repositories", "4", "--tags", "30", "--bytes", "30000"});
    const json lost = put_image(registry.address(), {"--name", "lost:1", "--noise", "3000"});
    const std::string digest = lost.at("layers").at(0).at(0);
    fs::remove_all(registry.storage() / "docker/registry/v2/blobs/sha256" / digest.substr(7, 2) /
                   digest.substr(7));
    const Server slow = proxy(registry, "slow", "live.log");
    std::string line = "stty cols 50; " + program();
    for (const std::string& word : words(slow.address(), {"-o", folder() / "out.json"})) {
        line += ' ' + word;
    }
    Command with = with_key(command());
    with.words = {"script", "-qec", line, "/dev/null"};
    const Ran ran = run(with);
    EXPECT_EQ(ran.exit, 2) << ran.out;
    for (const char* text : {"repositories ", "tags ", "manifests ", "layers ", "B/s", " left",
                             "images recorded ", "findings ", "not covered 1", "lost", ": gone: ",
                             "plan: ", "\x1b[2K"}) {
        EXPECT_NE(ran.out.find(text), std::string::npos) << text << ran.out.substr(0, 2000);
    }
    // A line of the picture that the terminal breaks in two would stay on it.
    std::istringstream lines(std::regex_replace(ran.out, std::regex("\x1b\\[[0-9]*[A-Z]"), ""));
    for (std::string drawn; std::getline(lines, drawn);) {
        if (!drawn.starts_with("  ")) continue;
        EXPECT_LE(drawn.size(), 50U) << drawn;
    }
    // Elsewhere it is plain lines, and nothing of a terminal's.
    const Ran plain = sweep(slow.address());
    EXPECT_EQ(plain.exit, 2);
    for (const char* text : {"plan: ", "lost", ": gone: ", ": complete, "}) {
        EXPECT_NE(plain.err.find(text), std::string::npos) << text << plain.err;
    }
    EXPECT_EQ(plain.err.find('\x1b'), std::string::npos) << plain.err;
}

TEST_F(SweepTrouble, SameForAnyNumberOfThreadsAndNoSecretInTheClear) {
    const DockerRegistry registry;
    fill(registry.address(), {"--repositories", "4", "--tags", "16", "--seed", "threads"});
    std::multiset<std::string> first;
    for (const char* jobs : {"1", "2", "8"}) {
        const std::string place = (folder() / jobs).string() + ".sqlite";
        const Ran ran = sweep(registry.address(), {"--jobs", jobs, "--memory", "256MiB"}, place);
        EXPECT_LT(ran.exit, 2) << ran.err;
        if (memory_is_measured) {
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
