// The gate as a pipeline calls it, on images that umoci makes: verdicts, reasons, exit
// codes, and what it refuses to be asked.
#include "tests/e2e/gating.hpp"

namespace stratascan::e2e {
namespace {

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
              "an executable without protections: not position independent, executable stack, no RELRO, no stack canary");
    EXPECT_EQ(dynamic.size(), 2U) << check.dump(1);
    EXPECT_TRUE(dynamic.contains("opt/strong"));
    EXPECT_FALSE(dynamic.contains("opt/static"));
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
    const Ran eligible = gate(layout.target(), {"--manifest", file, "--policy", "forge"});
    EXPECT_EQ(eligible.exit, 0);
    EXPECT_TRUE(eligible.out.starts_with("App [without an id] in [")) << eligible.out;
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
