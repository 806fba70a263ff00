// The gate as a pipeline calls it, on images that umoci makes: verdicts, reasons, exit
// codes, suppressions, baselines, bases and signatures.
#include "tests/e2e/run.hpp"

namespace stratascan::e2e {
namespace {

/// Days from today as "2026-12-31".
std::string day(int from_today) {
    return run({.words = {"date", "-u", "-d", std::to_string(from_today) + " days", "+%Y-%m-%d"}})
        .out.substr(0, 10);
}

/// A layout that umoci fills.
class Layout {
public:
    Layout() { umoci({"init", "--layout", path()}); umoci({"new", "--image", tag("app")}); }

    Layout& config(std::vector<std::string> options) {
        options.insert(options.begin(), {"config", "--image", tag("app"), "--created",
                                         day(-3) + "T00:00:00Z"});
        umoci(options);
        return *this;
    }
    /// A layer of the folder's contents.
    Layout& insert(const fs::path& from, const std::string& to = "/") {
        umoci({"insert", "--rootless", "--image", tag("app"), from.string(), to});
        return *this;
    }
    Layout& remove(const std::string& path) {
        umoci({"insert", "--rootless", "--image", tag("app"), "--whiteout", path});
        return *this;
    }
    Layout& name(const std::string& other) {
        umoci({"tag", "--image", tag("app"), other});
        return *this;
    }
    [[nodiscard]] std::string path() const { return (folder_.path() / "layout").string(); }
    [[nodiscard]] std::string target(const std::string& name = "app") const {
        return "oci:" + path() + ":" + name;
    }
    /// A folder of files to insert.
    fs::path files(const std::string& name,
                   const std::map<std::string, std::pair<std::string, int>>& all) {
        const fs::path root = folder_.path() / name;
        for (const auto& [file, content] : all) {
            fs::create_directories((root / file).parent_path());
            std::ofstream(root / file, std::ios::binary) << content.first;
            fs::permissions(root / file, static_cast<fs::perms>(content.second));
        }
        return root;
    }
    [[nodiscard]] const fs::path& folder() const { return folder_.path(); }

private:
    [[nodiscard]] std::string tag(const std::string& name) const { return path() + ":" + name; }
    static void umoci(std::vector<std::string> words) {
        words.insert(words.begin(), "umoci");
        const Ran ran = run({.words = std::move(words)});
        ASSERT_EQ(ran.exit, 0) << ran.err;
    }

    TemporaryFolder folder_;
};

Ran gate(const std::string& target, std::vector<std::string> options, const fs::path& in = ".") {
    options.insert(options.begin(), {"gate", target, "--quiet"});
    return stratascan(std::move(options), {.words = {}, .directory = in});
}

json verdict_of(const std::string& target, std::vector<std::string> options,
                const fs::path& in = ".") {
    options.insert(options.end(), {"--format", "json"});
    return report_of(gate(target, std::move(options), in));
}

/// The check's result in the first policy of the first image.
json check_of(const json& report, const std::string& id) {
    for (const json& target : report.at("targets")) {
        for (const json& check : target.at("gate").at("policies").at(0).at("checks")) {
            if (check.at("check") == id) return check;
        }
    }
    return {};
}

std::string outcome(const json& report, const std::string& id) {
    return check_of(report, id).value("outcome", "not there");
}

const std::vector<std::string> good = {"--config.user", "1000:1000", "--config.entrypoint",
                                       "/app"};

void add_application(Layout& layout) {
    layout.insert(layout.files("app", {{"app", {"no program, a text", 0755}},
                                       {"etc/passwd", {"app:x:1000:1000::/:/none\n", 0644}}}));
}

/// A private key that OpenSSH makes: a secret that no one could take for an example.
std::string private_key(const fs::path& folder) {
    const fs::path file = folder / "key";
    fs::remove(file);
    const Ran ran = run({.words = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file}});
    EXPECT_EQ(ran.exit, 0) << ran.err;
    return read_file(file);
}

/// An image with nearly everything that is asked not to be there.
void add_faults(Layout& layout) {
    const std::string busybox = read_file("/bin/busybox");
    layout.config({"--config.user", "0:0", "--config.entrypoint", "/bin/sh",
                   "--config.entrypoint", "-c", "--config.entrypoint", "/start.sh",
                   "--config.exposedports", "22/tcp", "--config.volume", "/etc"});
    layout.insert(layout.files(
        "faults",
        {{"bin/renamed", {busybox, 04755}},
         {"start.sh", {"#!/bin/sh\napt-get update\napt-get install -y curl\n", 0755}},
         {"etc/passwd", {"root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n", 0644}},
         {"etc/shadow", {"root::19000:0:99999:7:::\n", 0640}},
         {"app/.git/HEAD", {"ref: refs/heads/main\n", 0644}},
         {"app/.env", {"MODE=production\n", 0644}},
         {"root/.bash_history", {"ls\n", 0600}},
         {"srv/open", {"x", 0666}},
         {"usr/include/stdio.h", {"#define X\n", 0644}},
         {"etc/ssh/ssh_host_ed25519_key", {private_key(layout.folder()), 0600}},
         {"root/.kube/config", {"apiVersion: v1\n", 0600}}}));
}

TEST(Gate, GoodImagePassesWhatItCanAnswerFor) {
    Layout layout;
    layout.config(good);
    add_application(layout);
    const std::map<std::string, int> expected = {
        {"default", 0}, {"forge", 0}, {"hardening", 0}, {"cis-docker", 0},
        // These ask for signatures, bills of materials and labels that it has not.
        {"guideline", 2}, {"nist-800-190", 2}, {"checklist", 1}};
    for (const auto& [policy, exit] : expected) {
        const Ran ran = gate(layout.target(), {"--policy", policy});
        EXPECT_EQ(ran.exit, exit) << policy << '\n' << ran.out << ran.err;
    }
    const Ran passed = gate(layout.target(), {"--policy", "forge"});
    EXPECT_TRUE(passed.out.starts_with("Image [app linux/")) << passed.out;
    EXPECT_NE(passed.out.find(" is eligible under forge.\n"), std::string::npos);
    EXPECT_NE(passed.out.find("not decidable"), std::string::npos);
    EXPECT_NE(passed.out.find("tenant-isolation"), std::string::npos);
}

TEST(Gate, BadImageFailsEveryPolicyWithItsReasons) {
    Layout layout;
    add_faults(layout);
    for (const char* policy : {"default", "forge", "guideline", "hardening", "checklist",
                               "cis-docker", "nist-800-190"}) {
        const Ran ran = gate(layout.target(), {"--policy", policy});
        EXPECT_EQ(ran.exit, 1) << policy << '\n' << ran.out;
        EXPECT_NE(ran.out.find(std::string(" is not eligible under ") + policy + ".\n- "),
                  std::string::npos) << ran.out;
        EXPECT_NE(ran.out.find("- Image runs as root\n"), std::string::npos) << policy;
    }
    const json report = verdict_of(layout.target(), {"--policy", "nist-800-190"});
    for (const char* check :
         {"user-root", "no-shell", "setuid-files", "world-writable", "accounts", "leftovers",
          "cluster-credentials", "private-keys", "version-control", "dumps", "remote-ports",
          "volumes", "no-build-tools", "no-remote-access", "secrets-files"}) {
        EXPECT_EQ(outcome(report, check), "fail") << check << check_of(report, check).dump(1);
    }
    const json start = verdict_of(layout.target(), {"--policy", "default"});
    EXPECT_EQ(outcome(start, "start-installs"), "fail");
    EXPECT_EQ(outcome(start, "exec-form"), "fail");
    const json shell = check_of(report, "no-shell");
    EXPECT_EQ(shell.at("evidence").at(0).at("path"), "bin/renamed");
    EXPECT_EQ(shell.at("evidence").at(0).at("layer_index"), 0);
    EXPECT_EQ(shell.at("references").at("nist-800-190").at(0), "2.3.1");
}

TEST(Gate, SpeaksOfTheFinalTreeAndOfSecretsInAll) {
    Layout layout;
    layout.config(good);
    add_application(layout);
    layout.insert(layout.files("keys", {{"srv/id", {private_key(layout.folder()), 0600}},
                                       {"srv/.git/HEAD", {"ref: x\n", 0644}}}));
    layout.remove("/srv");
    const json report = verdict_of(layout.target(), {"--policy", "default"});
    EXPECT_EQ(outcome(report, "version-control"), "pass");
    EXPECT_EQ(outcome(report, "secrets-files"), "pass");
    EXPECT_EQ(outcome(report, "secrets-deleted"), "fail");
}

TEST(Gate, FileCapabilitiesAsGetcapTellsThem) {
    Layout layout;
    layout.config(good);
    const fs::path root = layout.files("caps", {{"bin/ping", {"no program", 0755}}});
    const std::string file = (root / "bin/ping").string();
    if (run({.words = {"setcap", "cap_net_raw,cap_net_admin=ep", file}}).exit != 0) {
        GTEST_SKIP() << "file capabilities can't be set here";
    }
    const fs::path tar = layout.folder() / "caps.tar";
    const Ran made = run({.words = {"tar", "--format=posix", "--xattrs",
                                    "--xattrs-include=security.capability", "-C", root, "-cf", tar,
                                    "bin"}});
    ASSERT_EQ(made.exit, 0) << made.err;
    const Ran told = run({.words = {"getcap", file}});
    const json report = verdict_of("layer:" + tar.string(), {"--policy", "cis-docker"});
    const json check = check_of(report, "file-capabilities");
    ASSERT_EQ(check.value("outcome", ""), "fail") << check.dump(1);
    const std::string text = check.at("evidence").at(0).at("text");
    const std::string as_getcap = told.out.substr(told.out.find(' ') + 1);
    EXPECT_EQ(text, "capability: " + as_getcap.substr(0, as_getcap.find('\n')));
}

TEST(Gate, IncompleteIsNoPassUnlessInWriting) {
    Layout layout;
    layout.config(good);
    add_application(layout);
    for (const auto& blob : fs::directory_iterator(layout.path() + "/blobs/sha256")) {
        const std::string bytes = read_file(blob.path());
        if (bytes.starts_with("\x1f\x8b")) fs::resize_file(blob.path(), bytes.size() / 2);
    }
    const Ran ran = gate(layout.target(), {"--policy", "default"});
    EXPECT_EQ(ran.exit, 2) << ran.out;
    EXPECT_NE(ran.out.find("can't be judged under default"), std::string::npos) << ran.out;
    const fs::path policy = layout.folder() / "mine.toml";
    std::ofstream(policy) << "id = \"mine\"\nextends = [\"default\"]\n"
                             "accept_incomplete = \"the registry is being repaired\"\n";
    const Ran accepted = gate(layout.target(), {"--policy", policy});
    EXPECT_EQ(accepted.exit, 0) << accepted.out;
    EXPECT_NE(accepted.out.find("the registry is being repaired"), std::string::npos);
}

// What a policy accepts of an image it does not accept of what could not be read at all.
TEST(Gate, TargetThatCannotBeReadIsNoPass) {
    Layout layout;
    layout.config(good);
    add_application(layout);
    const fs::path policy = layout.folder() / "mine.toml";
    std::ofstream(policy) << "id = \"mine\"\nextends = [\"default\"]\n"
                             "accept_incomplete = \"the registry is being repaired\"\n";
    EXPECT_EQ(gate(layout.target(), {"--policy", policy}).exit, 0);
    const Ran ran = gate(layout.target(), {"/no/such/target", "--policy", policy});
    EXPECT_EQ(ran.exit, 2) << ran.out;
    EXPECT_NE(ran.out.find("Target [/no/such/target] can't be judged under mine."),
              std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("It was not read: "), std::string::npos) << ran.out;
    const json report = verdict_of(layout.target(), {"/no/such/target", "--policy", policy});
    EXPECT_EQ(report.at("gate").at("verdict"), "incomplete");
    EXPECT_EQ(report.at("targets").at(0).at("gate").at("verdict"), "pass");
    EXPECT_EQ(report.at("targets").at(1).at("gate").at("verdict"), "incomplete");
    EXPECT_EQ(gate("/no/such/target", {"/no/such/other"}).exit, 3) << "nothing was scanned";
}

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

// Everything that a check is, in the report of every policy.
TEST(Gate, EveryCheckOfEveryPolicyCarriesWhatItIs) {
    Layout layout;
    add_faults(layout);
    const json report = verdict_of(
        layout.target(), {"--policy", "default,forge,guideline,hardening,checklist,cis-docker,nist-800-190"});
    std::size_t checks = 0;
    for (const json& policy : report.at("targets").at(0).at("gate").at("policies")) {
        const bool own = policy.at("policy") == "default";
        for (const json& check : policy.at("checks")) {
            ++checks;
            const std::string what = policy.at("policy").get<std::string>() + " " + check.dump(1);
            for (const char* member : {"check", "title", "severity", "level", "outcome", "reason"}) {
                EXPECT_NE(check.value(member, ""), "") << member << what;
            }
            EXPECT_TRUE(own || check.at("section") != "") << what;
            const json& references = check.at("references");
            std::size_t named = 0;
            for (const char* source : {"nist-800-190", "cis-docker", "bsi"}) {
                named += references.at(source).size();
            }
            EXPECT_NE(named > 0, references.contains("none")) << what;
            const bool open = check.at("outcome") == "undecidable";
            for (const char* member : {"decided", "mend"}) {
                EXPECT_EQ(check.value(member, "").empty(), open) << member << what;
            }
        }
    }
    EXPECT_GT(checks, 200U);
}

// Executables that a compiler made, with and without their protections.
TEST(Gate, HardeningIsReadFromWhatACompilerMade) {
    Layout layout;
    layout.config(good);
    const fs::path source = layout.folder() / "main.c";
    std::ofstream(source) << "#include <stdio.h>\nint main(int n, char** v) {\n  char line[64];\n"
                             "  if (n > 1) sprintf(line, \"%s\", v[1]); else line[0] = 0;\n"
                             "  return puts(line);\n}\n";
    const fs::path root = layout.folder() / "built/opt";
    fs::create_directories(root);
    const auto compile = [&](const char* name, std::vector<std::string> options) {
        options.insert(options.begin(), {"cc", "-O1", source, "-o", root / name});
        const Ran ran = run({.words = std::move(options)});
        ASSERT_EQ(ran.exit, 0) << ran.err;
    };
    compile("strong", {"-fstack-protector-all", "-fPIE", "-pie", "-Wl,-z,relro,-z,now,-z,noexecstack"});
    compile("weak", {"-fno-stack-protector", "-U_FORTIFY_SOURCE", "-no-pie", "-Wl,-z,norelro,-z,execstack"});
    compile("static", {"-fstack-protector-all", "-static-pie", "-Wl,-z,relro,-z,noexecstack"});
    layout.insert(layout.folder() / "built");
    const fs::path policy = layout.folder() / "policy.toml";
    std::ofstream(policy) << "id = \"mine\"\n[checks.binary-hardening]\n";
    const json check = check_of(verdict_of(layout.target(), {"--policy", policy}), "binary-hardening");
    std::map<std::string, std::string> weak, dynamic;
    for (const json& item : check.at("evidence")) {
        (item.at("counts") == true ? weak : dynamic)[item.at("path")] = item.at("text");
    }
    ASSERT_EQ(weak.size(), 1U) << check.dump(1);
    EXPECT_EQ(weak.at("opt/weak"),
              "weak-binary: not position independent, executable stack, no RELRO, no stack canary");
    EXPECT_EQ(dynamic.size(), 2U) << check.dump(1);
    EXPECT_TRUE(dynamic.contains("opt/strong"));
    EXPECT_FALSE(dynamic.contains("opt/static"));
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

std::string sha256_of(const fs::path& file) {
    return run({.words = {"sha256sum", file}}).out.substr(0, 64);
}

/// Puts a blob into a layout; its descriptor.
json blob(const Layout& layout, const std::string& bytes, const std::string& type) {
    const fs::path file = layout.folder() / "blob";
    std::ofstream(file, std::ios::binary) << bytes;
    const std::string digest = sha256_of(file);
    fs::copy_file(file, layout.path() + "/blobs/sha256/" + digest,
                  fs::copy_options::overwrite_existing);
    return {{"mediaType", type}, {"digest", "sha256:" + digest}, {"size", bytes.size()}};
}

// As `cosign sign --key` leaves it in a layout that `cosign save` wrote.
TEST(Gate, SignaturesThatOpensslMadeAreVerified) {
    Layout layout;
    layout.config(good);
    add_application(layout);
    const fs::path& here = layout.folder();
    const auto openssl = [&](std::vector<std::string> words) {
        words.insert(words.begin(), "openssl");
        return run({.words = std::move(words), .directory = here});
    };
    ASSERT_EQ(openssl({"ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "s.pem"}).exit, 0);
    ASSERT_EQ(openssl({"pkey", "-in", "s.pem", "-pubout", "-out", "p.pem"}).exit, 0);
    ASSERT_EQ(openssl({"genpkey", "-algorithm", "ed25519", "-out", "s2.pem"}).exit, 0);
    ASSERT_EQ(openssl({"pkey", "-in", "s2.pem", "-pubout", "-out", "p2.pem"}).exit, 0);
    json index = json::parse(read_file(layout.path() + "/index.json"));
    const std::string digest = index.at("manifests").at(0).at("digest");
    const std::string policy = (here / "signed.toml").string();
    std::ofstream(policy) << "id = \"signed\"\n[checks.signed]\n";
    EXPECT_EQ(gate(layout.target(), {"--policy", policy}).exit, 2) << "not known";
    EXPECT_EQ(gate(layout.path(), {"--policy", policy, "--verify-key", (here / "p.pem").string()}).exit,
              1) << "a key was given, and nothing is signed";

    const std::string payload =
        R"({"critical":{"identity":{"docker-reference":""},"image":{"docker-manifest-digest":")" +
        digest + R"("},"type":"cosign container image signature"},"optional":null})";
    std::ofstream(here / "payload", std::ios::binary) << payload;
    ASSERT_EQ(openssl({"dgst", "-sha256", "-sign", "s.pem", "-out", "sig", "payload"}).exit, 0);
    std::string signature = openssl({"base64", "-A", "-in", "sig"}).out;
    json layer = blob(layout, payload, "application/vnd.dev.cosign.simplesigning.v1+json");
    layer["annotations"]["dev.cosignproject.cosign/signature"] = signature;
    const json config = blob(layout, "{}", "application/vnd.oci.image.config.v1+json");
    json manifest = blob(layout,
                         json{{"schemaVersion", 2},
                              {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                              {"config", config},
                              {"layers", {layer}}}.dump(),
                         "application/vnd.oci.image.manifest.v1+json");
    manifest["annotations"]["org.opencontainers.image.ref.name"] =
        "sha256-" + digest.substr(7) + ".sig";
    index["manifests"].push_back(manifest);
    std::ofstream(layout.path() + "/index.json") << index.dump();

    const Ran present = gate(layout.path(), {"--policy", policy});
    EXPECT_EQ(present.exit, 0) << present.out;
    const Ran json_present = gate(layout.path(), {"--policy", policy, "--format", "json"});
    EXPECT_NE(json_present.out.find("its validity was not checked"), std::string::npos);
    const Ran holds = gate(layout.path(), {"--policy", policy, "--verify-key", (here / "p.pem").string()});
    EXPECT_EQ(holds.exit, 0) << holds.out;
    const Ran other = gate(layout.path(), {"--policy", policy, "--verify-key", (here / "p2.pem").string()});
    EXPECT_EQ(other.exit, 1) << other.out;
    const Ran secret = gate(layout.path(), {"--policy", policy, "--verify-key", (here / "s.pem").string()});
    EXPECT_EQ(secret.exit, 3);
}

TEST(Gate, ManifestAsForgeEligibilityTellsIt) {
    Layout layout;
    layout.config(good);
    add_application(layout);
    const fs::path file = layout.folder() / "manifest.yml";
    std::ofstream(file) << "app:\n  id: ari:cloud:ecosystem::app/77\nremotes:\n  - key: r\n";
    const Ran ran = gate(layout.target(), {"--manifest", file, "--policy", "forge"});
    EXPECT_EQ(ran.exit, 1);
    EXPECT_TRUE(ran.out.starts_with("App [77] in [")) << ran.out;
    EXPECT_NE(ran.out.find("is not eligible for Runs on Atlassian.\n- App is using remote services\n"),
              std::string::npos) << ran.out;
    std::ofstream(file) << "permissions:\n  scopes: [read:x]\n";
    EXPECT_EQ(gate(layout.target(), {"--manifest", file, "--policy", "forge"}).exit, 0);
}

TEST(Gate, WhatTheUserWroteIsCheckedFirst) {
    const TemporaryFolder folder;
    const fs::path file = folder.path() / "x.toml";
    std::ofstream(file) << "id = \"x\"\n[checks.image-age]\ndays = \"many\"\n";
    const Ran policy = gate("/no/such/target", {"--policy", file});
    EXPECT_EQ(policy.exit, 3);
    EXPECT_NE(policy.err.find("x.toml:3"), std::string::npos) << policy.err;
    std::ofstream(file) << "[[suppress]]\nrule = \"*\"\n";
    const Ran suppressions = gate("/no/such/target", {"--suppressions", file});
    EXPECT_EQ(suppressions.exit, 3);
    EXPECT_NE(suppressions.err.find("x.toml:1"), std::string::npos) << suppressions.err;
    EXPECT_EQ(gate("/no/such/target", {"--policy", "no-such-policy"}).exit, 3);
    EXPECT_EQ(gate("/no/such/target", {}).exit, 3);
    EXPECT_EQ(gate("/no/such/target", {"--suppressions", "/no/such/file"}).exit, 3);
}

TEST(Gate, IsTheSameForAnyNumberOfJobs) {
    Layout layout;
    add_faults(layout);
    std::vector<std::string> options = {"--policy", "forge,checklist", "--format", "json",
                                        "--jobs", "1"};
    const std::string one = gate(layout.target(), options).out;
    EXPECT_FALSE(one.empty());
    for (const char* jobs : {"2", "8"}) {
        options.back() = jobs;
        EXPECT_EQ(gate(layout.target(), options).out, one) << jobs;
    }
}

TEST(Policies, AreListedAndShown) {
    const Ran list = stratascan({"policies", "list"});
    EXPECT_EQ(list.exit, 0);
    for (const char* id : {"default", "forge", "guideline", "hardening", "checklist", "cis-docker",
                           "nist-800-190"}) {
        EXPECT_NE(list.out.find(id), std::string::npos) << id;
    }
    const Ran show = stratascan({"policies", "show", "forge"});
    EXPECT_NE(show.out.find("days = 180"), std::string::npos) << show.out;
    EXPECT_EQ(stratascan({"policies", "show", "nothing"}).exit, 3);
    EXPECT_NE(stratascan({"policies", "checks"}).out.find("tenant-isolation"), std::string::npos);
}

}  // namespace
}  // namespace stratascan::e2e
