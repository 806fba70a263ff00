// What the gate lets pass: suppressions, a baseline, what the last release had, and what a
// base brought.
#include "tests/e2e/gating.hpp"

namespace stratascan::e2e {
namespace {

TEST(Gate, SuppressionIsWrittenUsedAndTold) {
    Layout layout;
    layout.config(good);
    const std::string key = private_key(layout.folder());
    layout.insert(layout.files("keys", {{"srv/id", {key, 0600}}}));
    const fs::path& here = layout.folder();
    const json before = verdict_of(layout.target(), {}, here);
    ASSERT_EQ(before.at("gate").at("verdict"), "fail");
    const std::string id = check_of(before, "secrets-files").at("evidence").at(0).at("secret_id");
    const auto suppress = [&](std::vector<std::string> words) {
        words.insert(words.begin(), "suppress");
        return stratascan(std::move(words), {.words = {}, .directory = here});
    };
    EXPECT_EQ(suppress({id, "--owner", "team", "--until", day(30)}).exit, 3) << "no reason";
    EXPECT_EQ(suppress({id, "--reason", "a key for tests", "--owner", "", "--until", day(30)}).exit, 3);
    EXPECT_EQ(suppress({id, "--reason", "a key for tests", "--owner", "t", "--until", day(-1)}).exit, 3);
    EXPECT_EQ(suppress({id, "--reason", "a key for tests", "--owner", "t", "--until", day(400)}).exit, 3);
    EXPECT_EQ(suppress({"--path", "**", "--reason", "a key for tests", "--owner", "t", "--until", day(9)}).exit, 3);
    EXPECT_FALSE(fs::exists(here / ".stratascan.toml"));
    const Ran added = suppress({id, "--reason", "a key for tests", "--owner", "team", "--until", day(30)});
    ASSERT_EQ(added.exit, 0) << added.err;
    const Ran passed = gate(layout.target(), {}, here);
    EXPECT_EQ(passed.exit, 0) << passed.out;
    EXPECT_NE(passed.out.find("suppressed until " + day(30) + " by team"), std::string::npos)
        << passed.out;
    // `scan` takes the same file.
    const Ran scanned = stratascan({"scan", layout.target(), "--format", "json"},
                                   {.words = {}, .directory = here});
    EXPECT_EQ(scanned.exit, 0);
    EXPECT_EQ(report_of(scanned).at("targets").at(0).at("findings").at(0).at("suppressed").at("owner"),
              "team");
    // Past its end it no longer counts, and the line is named.
    const Ran expired = gate(layout.target(), {"--at", day(31)}, here);
    EXPECT_EQ(expired.exit, 1);
    EXPECT_NE(expired.out.find(".stratascan.toml:3"), std::string::npos) << expired.out;
    for (const std::string& line : {key.substr(40, 40), key.substr(110, 40)}) {
        for (const Ran* ran : {&passed, &scanned, &expired}) {
            EXPECT_EQ(ran->out.find(line), std::string::npos);
        }
    }
}

// Whatever an entry lacks: the gate does not run, and says where. One that has run out or matches
// nothing is a warning that says the same.
TEST(Gate, SuppressionsThatAreRefusedNameTheirLine) {
    Layout layout;
    layout.config(good);
    add_application(layout);
    const fs::path file = layout.folder() / ".stratascan.toml";
    struct Refused {
        std::string what, reason, owner, until, where, why;
    };
    const std::string why = "reason = \"known, and revoked\"", who = "owner = \"team\"",
                      end = "until = " + day(30);
    const std::vector<Refused> all = {
        {"rule = \"x\"", "", who, end, ":2", "`reason` is missing"},
        {"rule = \"x\"", "reason = \"ok\"", who, end, ":2", "too short"},
        {"rule = \"x\"", why, "", end, ":2", "`owner` is missing"},
        {"rule = \"x\"", why, who, "", ":2", "`until` is missing"},
        {"rule = \"x\"", why, who, "until = " + day(400), ":2", "more than a year away"},
        {"rule = \"x\"", why, who, "until = \"soon\"", ":6", "must be a day"},
        {"", why, who, end, ":2", "says not what it suppresses"},
        {"path = \"**\"", why, who, end, ":2", "would suppress everything"},
        {"rule = \"aws-*\"", why, who, end, ":2", "takes no pattern"},
        {"file = \"x\"", why, who, end, ":3", "no key `file`"}};
    for (const Refused& one : all) {
        std::ofstream(file) << "# ours\n[[suppress]]\n" << one.what << '\n' << one.reason << '\n'
                            << one.owner << '\n' << one.until << '\n';
        for (const char* command : {"gate", "scan"}) {
            const Ran ran = stratascan({command, layout.target(), "--quiet"},
                                       {.words = {}, .directory = layout.folder()});
            EXPECT_EQ(ran.exit, 3) << command << one.why << ran.out;
            EXPECT_NE(ran.err.find(".stratascan.toml" + one.where + ":"), std::string::npos)
                << one.why << ran.err;
            EXPECT_NE(ran.err.find(one.why), std::string::npos) << ran.err;
        }
    }
    std::ofstream(file) << "[[suppress]]\nrule = \"x\"\n" << why << '\n' << who << '\n' << end
                        << "\n[[suppress]]\nrule = \"y\"\n" << why << '\n' << who << "\nuntil = "
                        << day(-1) << '\n';
    const Ran told = gate(layout.target(), {"--policy", "forge"}, layout.folder());
    EXPECT_EQ(told.exit, 0) << told.out << told.err;
    EXPECT_NE(told.out.find(".stratascan.toml:1: this suppression matches nothing"),
              std::string::npos) << told.out;
    EXPECT_NE(told.out.find(".stratascan.toml:6: this suppression has run out"), std::string::npos)
        << told.out;
}

// A shell is high and a `should` of the default policy: told, until a severity decides.
TEST(Gate, FailOnASeverityWeighsMustAndShouldAlike) {
    Layout layout;
    layout.config(good);
    layout.insert(layout.files("tools", {{"bin/renamed", {read_file("/bin/busybox"), 0755}}}));
    const std::string policy = (layout.folder() / "policy.toml").string();
    std::ofstream(policy) << "id = \"ours\"\n[checks.no-shell]\nlevel = \"should\"\n[checks.user-root]\n";
    const std::map<std::string, int> exits = {{"", 0},       {"critical", 0}, {"high", 1},
                                              {"medium", 1}, {"info", 1},     {"worst", 3}};
    for (const auto& [severity, exit] : exits) {
        std::vector<std::string> options = {"--policy", policy, "--no-store"};
        if (!severity.empty()) options.insert(options.end(), {"--fail-on", severity});
        const Ran ran = gate(layout.target(), options);
        EXPECT_EQ(ran.exit, exit) << severity << ran.out << ran.err;
        EXPECT_EQ(ran.out.find("- Image contains a shell\n") != std::string::npos, exit == 1)
            << severity;
    }
}

TEST(Gate, DocumentedUseCaseOfForgeLetsAToolStayAndIsTold) {
    Layout layout;
    layout.config(good);
    layout.insert(layout.files("tools", {{"bin/renamed", {read_file("/bin/busybox"), 0755}}}));
    const std::string policy = (layout.folder() / "policy.toml").string();
    const auto ask = [&](const std::string& exempt, const std::string& format) {
        std::ofstream(policy) << "id = \"ours\"\nextends = [\"forge\"]\n[checks.no-shell]\nlevel = "
                                 "\"must\"\n" << exempt;
        return gate(layout.target(), {"--policy", policy, "--no-store", "--format", format});
    };
    EXPECT_EQ(ask("", "table").exit, 1);
    const std::string use_case = "the supervisor of the core binary is a shell script";
    const std::string exempt = "[[exempt]]\ncheck = \"no-shell\"\nprogram = \"busybox\"\nuse_case = \"" +
                               use_case + "\"\n";
    for (const char* format : {"table", "json", "jsonl", "csv", "sarif", "gitlab", "junit", "markdown",
                               "html", "cyclonedx"}) {
        const Ran ran = ask(exempt, format);
        EXPECT_EQ(ran.exit, 0) << format << ran.err;
        EXPECT_NE(ran.out.find("the supervisor of the core"), std::string::npos) << format;
    }
    // What a library of the language does is no use case.
    const Ran refused = ask("[[exempt]]\ncheck = \"no-downloaders\"\nprogram = \"curl\"\n"
                            "use_case = \"an interface is called with it\"\n", "table");
    EXPECT_EQ(refused.exit, 3);
    EXPECT_NE(refused.err.find("policy.toml:5: "), std::string::npos) << refused.err;
}

TEST(Gate, OnlyLayersThatAreNewAreRead) {
    Layout layout;
    layout.config(good);
    add_application(layout);
    const auto told = [&] {
        const Ran ran = stratascan({"gate", layout.target(), "--stats", "--no-progress", "--store",
                                    (layout.folder() / "store.sqlite").string()});
        EXPECT_EQ(ran.exit, 0) << ran.out << ran.err;
        return ran.err;
    };
    EXPECT_NE(told().find("layers        1\n"), std::string::npos);
    layout.insert(layout.files("more", {{"srv/note", {"a text", 0644}}}));
    const std::string more = told();
    EXPECT_NE(more.find("layers        1\nfrom store    1\n"), std::string::npos) << more;
    const std::string again = told();
    EXPECT_NE(again.find("layers        0\nfrom store    2\n"), std::string::npos) << again;
}

TEST(Gate, SuppressionIsOwnedByWhoeverWritesIt) {
    const TemporaryFolder folder;
    const std::string id = "hmac-sha256:" + std::string(64, 'a');
    const std::vector<std::string> words = {"suppress", id, "--reason", "a key for tests",
                                            "--until", day(30)};
    const auto entry_with = [&](std::map<std::string, std::string> environment) {
        fs::remove(folder.path() / ".stratascan.toml");
        const Ran ran = stratascan(words, {.words = {}, .directory = folder.path(),
                                           .environment = std::move(environment)});
        EXPECT_EQ(ran.exit, 0) << ran.err;
        return read_file(folder.path() / ".stratascan.toml");
    };
    EXPECT_NE(entry_with({{"EMAIL", "alice@example.com"}, {"USER", "bob"}})
                  .find("owner = \"alice@example.com\""), std::string::npos);
    EXPECT_NE(entry_with({{"EMAIL", ""}, {"GIT_AUTHOR_EMAIL", ""}, {"LOGNAME", "carol"}})
                  .find("owner = \"carol\""), std::string::npos);
}

TEST(Gate, BaselineHoldsForARebuiltImage) {
    const TemporaryFolder keys;
    const std::string key = private_key(keys.path());
    const auto build = [&](Layout& layout, const std::string& before) {
        layout.config(good);
        add_application(layout);
        layout.insert(layout.files("keys", {{"srv/id", {before + key, 0600}}}));
    };
    Layout first, second;
    build(first, "");
    build(second, "moved\ndown\n");
    for (const char* command : {"gate", "scan"}) {
        const std::string baseline = (first.folder() / "report.json").string();
        const Ran made = stratascan({command, first.target(), "--format", "json", "--output",
                                     baseline});
        ASSERT_EQ(made.exit, 1) << made.err;
        const Ran same = gate(second.target(), {"--baseline", baseline});
        // A scan's report knows the secret, and not that it is a private key by policy.
        EXPECT_EQ(same.exit, 0) << command << '\n' << same.out;
    }
    second.insert(second.files("more", {{"srv/second", {private_key(keys.path()), 0600}}}));
    const Ran more = gate(second.target(), {"--baseline", (first.folder() / "report.json").string()});
    EXPECT_EQ(more.exit, 1) << more.out;
    EXPECT_EQ(gate(second.target(), {"--baseline", "/etc/passwd"}).exit, 3);
}

TEST(Gate, SinceAnImageThatTheStoreKnows) {
    Layout layout;
    layout.config(good);
    layout.insert(layout.files("old", {{"srv/old.pem", {private_key(layout.folder()), 0600}},
                                       {"usr/bin/helper", {"no program, a text", 04755}}}));
    const std::string policy = (layout.folder() / "policy.toml").string();
    std::ofstream(policy) << "id = \"new\"\n[checks.secrets-files]\n[checks.setuid-files]\n";
    const std::string store = (layout.folder() / "store.sqlite").string();
    const auto since = [&](const std::string& image) {
        return gate(layout.target(), {"--policy", policy, "--store", store, "--since", image,
                                      "--format", "json"});
    };
    const Ran nothing = since("sha256:" + std::string(64, '0'));
    EXPECT_EQ(nothing.exit, 3) << "there is no store yet";
    const Ran before =
        gate(layout.target(), {"--policy", policy, "--store", store, "--format", "json"});
    EXPECT_EQ(before.exit, 1);
    const std::string digest = report_of(before).at("targets").at(0).at("image").at("digest");
    const Ran unknown = since("sha256:" + std::string(64, '0'));
    EXPECT_EQ(unknown.exit, 3);
    EXPECT_NE(unknown.err.find("does not know this image"), std::string::npos) << unknown.err;

    // The old key in another file of a layer that was built anew, and nothing else that is new.
    layout.insert(layout.files("more", {{"srv/note", {"a text", 0644}}}));
    EXPECT_EQ(gate(layout.target(), {"--policy", policy, "--store", store}).exit, 1);
    for (const std::string& name : {digest, digest.substr(7), "any/name@" + digest}) {
        const Ran ran = since(name);
        EXPECT_EQ(ran.exit, 0) << name << ran.out << ran.err;
    }
    layout.insert(layout.files("new", {{"srv/new.pem", {private_key(layout.folder()), 0600}},
                                       {"usr/bin/newer", {"no program, a text", 04755}}}));
    const Ran fails = since(digest);
    EXPECT_EQ(fails.exit, 1);
    for (const char* id : {"secrets-files", "setuid-files"}) {
        std::size_t open = 0, known = 0;
        const json check = check_of(report_of(fails), id);
        for (const json& item : check.at("evidence")) {
            open += item.at("counts") == true ? 1 : 0;
            known += item.value("in_baseline", false) ? 1 : 0;
        }
        EXPECT_EQ(open, 1U) << id << check.dump(1);
        EXPECT_EQ(known, 1U) << id;
    }
}

// What a config says is told from what it said in the last release, and the store has no value of
// a variable or a label in the clear.
TEST(Gate, SinceKnowsWhatTheConfigSaid) {
    Layout layout;
    const auto config = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"--config.user", "0", "--config.entrypoint", "/bin/sh",
                                   "--config.entrypoint", "-c", "--config.entrypoint", "/app",
                                   "--config.exposedports", "22/tcp", "--config.volume", "/etc",
                                   "--config.env", "HTTP_PROXY=http://user:plain-words@proxy",
                                   "--config.env", "SETTING=quite-plain-words",
                                   "--config.label", "note=also-plain-words"});
        layout.config(std::move(more));
    };
    config({});
    add_application(layout);
    const std::string policy = (layout.folder() / "policy.toml").string();
    std::ofstream(policy) << "id = \"new\"\n[checks.user-root]\n[checks.exec-form]\n"
                             "[checks.remote-ports]\n[checks.volumes]\n[checks.egress]\n"
                             "[checks.labels]\n[checks.resource-limits]\n";
    const std::string store = (layout.folder() / "store.sqlite").string();
    const std::vector<std::string> options = {"--policy", policy, "--store", store};
    const json before = verdict_of(layout.target(), options);
    ASSERT_EQ(before.at("gate").at("verdict"), "fail");
    const std::string digest = before.at("targets").at(0).at("image").at("digest");
    std::vector<std::string> since = options;
    since.insert(since.end(), {"--since", digest});
    const Ran same = gate(layout.target(), since);
    EXPECT_EQ(same.exit, 0) << same.out << same.err;
    EXPECT_EQ(same.err, "");
    layout.insert(layout.files("more", {{"srv/note", {"a text", 0644}}}));
    EXPECT_EQ(gate(layout.target(), since).exit, 0) << "an image that was built anew";
    config({"--config.exposedports", "23/tcp"});
    const json more = verdict_of(layout.target(), since);
    EXPECT_EQ(more.at("gate").at("verdict"), "fail");
    for (const json& check : more.at("targets").at(0).at("gate").at("policies").at(0).at("checks")) {
        EXPECT_EQ(check.at("fails"), check.at("check") == "remote-ports") << check.dump(1);
    }
    const std::string exported = stratascan({"store", "export", "--store", store}).out;
    for (const std::string& bytes : {read_file(store), exported}) {
        EXPECT_EQ(bytes.find("plain-words"), std::string::npos);
    }
    // Its parts are packed: what is in them is told by unpacking them.
    const Ran unpacked = run({.words = {
         python(), "-c",
         "import sqlite3, subprocess, sys\n"
         "for (part,) in sqlite3.connect(sys.argv[1]).execute('select config from image_scan'):\n"
         "  sys.stdout.buffer.write(subprocess.run(['zstd', '-dc'], input=part, capture_output=True,"
         " check=True).stdout)\n",
         store}});
    EXPECT_EQ(unpacked.exit, 0) << unpacked.err;
    EXPECT_NE(unpacked.out.find("HTTP_PROXY=[not kept]"), std::string::npos) << unpacked.out;
    EXPECT_EQ(unpacked.out.find("plain-words"), std::string::npos);
    EXPECT_EQ(unpacked.out.find("user:"), std::string::npos);
}

TEST(Gate, SinceNeedsAStore) {
    Layout layout;
    layout.config(good);
    add_application(layout);
    const Ran ran = gate(layout.target(), {"--no-store", "--since", "app:1"});
    EXPECT_EQ(ran.exit, 3);
    EXPECT_NE(ran.err.find("--since asks a store, and --no-store uses none"), std::string::npos)
        << ran.err;
}

TEST(Gate, BaselineLeavesOutWhatItsOwnGateSetAside) {
    Layout layout;
    layout.config(good);
    layout.insert(layout.files("old", {{"srv/old.pem", {private_key(layout.folder()), 0600}}}));
    const fs::path& here = layout.folder();
    std::ofstream(here / "policy.toml") << "id = \"new\"\n[checks.secrets-files]\n";
    const std::vector<std::string> policy = {"--policy", (here / "policy.toml").string()};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.begin(), policy.begin(), policy.end());
        return gate(layout.target(), std::move(more));
    };
    std::ofstream(here / "suppressions.toml")
        << "[[suppress]]\npath = \"srv/old.pem\"\nreason = \"revoked long ago\"\nowner = \"me\"\nuntil = "
        << day(30) << "\n";
    const std::string suppressed = (here / "suppressed.json").string();
    EXPECT_EQ(with({"--suppressions", (here / "suppressions.toml").string(), "--format", "json",
                    "--output", suppressed}).exit, 0);
    EXPECT_EQ(with({"--baseline", suppressed}).exit, 1) << "it was let pass for a while only";
    const std::string first = (here / "first.json").string(), second = (here / "second.json").string();
    EXPECT_EQ(with({"--format", "json", "--output", first}).exit, 1);
    EXPECT_EQ(with({"--baseline", first, "--format", "json", "--output", second}).exit, 0);
    EXPECT_EQ(with({"--baseline", second}).exit, 0) << "what was in a baseline stays in the next";
}

TEST(Gate, FaultsOfAProvedBaseAreToldApart) {
    Layout layout;
    layout.config(good);
    layout.insert(layout.files("base", {{"srv/id", {private_key(layout.folder()), 0600}}}));
    layout.name("base");
    add_application(layout);
    EXPECT_EQ(gate(layout.target(), {}).exit, 1);
    const Ran whose = stratascan({"gate", layout.target(), "--only-own-layers"});
    EXPECT_EQ(whose.exit, 1);
    EXPECT_NE(whose.err.find("every layer counts as its own"), std::string::npos) << whose.err;
    const Ran own = gate(layout.target(), {"--only-own-layers", "--base", layout.target("base")});
    EXPECT_EQ(own.exit, 0) << own.out;
    EXPECT_NE(own.out.find("of the base"), std::string::npos) << own.out;
    // Another image is not its base, whatever it is called.
    Layout other;
    other.config(good);
    add_application(other);
    EXPECT_EQ(gate(layout.target(), {"--only-own-layers", "--base", other.target()}).exit, 1);
    layout.insert(layout.files("own", {{"srv/own", {private_key(layout.folder()), 0600}}}));
    EXPECT_EQ(gate(layout.target(), {"--only-own-layers", "--base", layout.target("base")}).exit, 1);
}

}  // namespace
}  // namespace stratascan::e2e
