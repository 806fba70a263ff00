// Images on a base of real packages: what the base brings is told apart by the base itself, and
// nothing that an image says of its base hides a secret of its own.
#include "tests/e2e/gating.hpp"
#include "tests/e2e/servers.hpp"

namespace stratascan::e2e {
namespace {

/// Packages of this machine as dpkg installed them, with dpkg's own lists of them, and a private
/// key that somebody left in the base.
class PackagedBase : public testing::Test {
protected:
    void SetUp() override {
        const fs::path root = layout_.folder() / "packages";
        const Ran made = run({.words = {"sh", "-ec", R"sh(
mkdir -p "$1/var/lib/dpkg/info" "$1/etc"
for package in bash mount base-files; do
  dpkg-query -s "$package"; echo
  cp /var/lib/dpkg/info/"$package".list "$1/var/lib/dpkg/info"
  cp /var/lib/dpkg/info/"$package".md5sums "$1/var/lib/dpkg/info"
done > "$1/var/lib/dpkg/status"
for file in $(dpkg -L bash mount | grep bin/); do
  if [ -f "$file" ] && [ ! -L "$file" ]; then
    mkdir -p "$1$(dirname "$file")"
    cp -p "$file" "$1$file"
  fi
done
cp /usr/lib/os-release "$1/etc"
)sh", "sh", root}});
        if (made.exit != 0) GTEST_SKIP() << "no packages of dpkg here: " << made.err;
        base_key_ = private_key(layout_.folder());
        layout_.files("packages", {{"srv/base.pem", {base_key_, 0600}}});
        layout_.config(good);
        layout_.insert(root);
        layout_.name("base");
        add_application(layout_);
        std::ofstream(layout_.folder() / "policy.toml")
            << "id = \"strict\"\n[checks.no-shell]\n[checks.setuid-files]\n[checks.base-minimal]\n"
               "[checks.secrets-files]\n[checks.secrets-env]\n[checks.private-keys]\n";
    }

    [[nodiscard]] json digest_of(const std::string& tag) const {
        const json index = json::parse(read_file(layout_.path() + "/index.json"));
        for (const json& one : index.at("manifests")) {
            if (one.at("annotations").at("org.opencontainers.image.ref.name") == tag) {
                return one.at("digest");
            }
        }
        return {};
    }
    [[nodiscard]] Ran own(const std::string& target, std::vector<std::string> more) const {
        more.insert(more.begin(), {"gate", target, "--only-own-layers", "--no-store", "--policy",
                                   (layout_.folder() / "policy.toml").string()});
        return stratascan(std::move(more));
    }
    /// The paths of what fails, by check.
    [[nodiscard]] static std::set<std::string> open_of(const json& report) {
        std::set<std::string> open;
        const json& verdict = report.at("targets").at(0).at("gate").at("policies").at(0);
        for (const json& check : verdict.at("checks")) {
            if (check.at("fails") != true) continue;
            for (const json& item : check.at("evidence")) {
                if (item.at("counts") == true) {
                    open.insert(check.at("check").get<std::string>() + " " +
                                item.at("path").get<std::string>());
                }
            }
        }
        return open;
    }
    [[nodiscard]] std::set<std::string> open_on_base(const Layout& layout) const {
        return open_of(report_of(
            own(layout.target(), {"--base", layout_.target("base"), "--format", "json"})));
    }

    Layout layout_;
    std::string base_key_;
};

TEST_F(PackagedBase, WhatItBringsIsToldAndTheImagesOwnFails) {
    const Ran whole = gate(layout_.target(), {"--policy", (layout_.folder() / "policy.toml").string(),
                                              "--format", "json"});
    EXPECT_EQ(whole.exit, 1);
    const std::set<std::string> all = open_of(report_of(whole));
    for (const char* fault : {"secrets-files srv/base.pem", "private-keys srv/base.pem",
                              "base-minimal var/lib/dpkg/status"}) {
        EXPECT_TRUE(all.contains(fault)) << fault << whole.out;
    }
    EXPECT_TRUE(std::ranges::any_of(all, [](const auto& one) { return one.ends_with("bin/bash"); }));
    const Ran passes = own(layout_.target(), {"--base", layout_.target("base")});
    EXPECT_EQ(passes.exit, 0) << passes.out << passes.err;
    EXPECT_EQ(passes.err.find("counts as its own"), std::string::npos) << passes.err;
    layout_.insert(layout_.files("mine", {{"usr/bin/tool", {read_file("/bin/busybox"), 04755}},
                                          {"srv/mine.pem", {private_key(layout_.folder()), 0600}}}));
    EXPECT_EQ(open_on_base(layout_),
              (std::set<std::string>{"no-shell usr/bin/tool", "setuid-files usr/bin/tool",
                                     "secrets-files srv/mine.pem", "private-keys srv/mine.pem"}));
}

TEST_F(PackagedBase, NamedByItsDigestCountsWhereItIsGiven) {
    const std::string digest = digest_of("base");
    for (const char* kind : {"--manifest.annotation", "--config.label"}) {
        layout_.config({kind, "org.opencontainers.image.base.digest=" + digest, kind,
                        "org.opencontainers.image.base.name=ours/base:1"});
        const Ran alone = own(layout_.target(), {});
        EXPECT_EQ(alone.exit, 1) << kind << ": the image's own word";
        EXPECT_NE(alone.err.find("counts as its own"), std::string::npos) << alone.err;
        const Ran both = own(layout_.target(), {layout_.target("base"), "--format", "json"});
        const json report = report_of(both);
        EXPECT_EQ(both.exit, 1) << "the base is judged for itself";
        const json& app = report.at("targets").at(0).at("gate");
        EXPECT_EQ(app.at("verdict"), "pass") << kind << app.dump(1).substr(0, 2000);
        EXPECT_EQ(app.at("base_layers"), 1) << kind;
        EXPECT_EQ(report.at("targets").at(1).at("gate").at("verdict"), "fail");
    }
}

// As docker save keeps layers: not compressed, so that a layer's digest is its diff ID.
TEST_F(PackagedBase, IsKnownInADockerArchive) {
    const fs::path archive = layout_.folder() / "app.tar";
    const Ran copied = run({.words = {"skopeo", "--insecure-policy", "copy", "--quiet",
                                      layout_.target(), "docker-archive:" + archive.string() + ":app:1"}});
    if (copied.exit == 127) GTEST_SKIP() << "no skopeo";
    ASSERT_EQ(copied.exit, 0) << copied.err;
    EXPECT_EQ(own(archive, {}).exit, 1);
    const Ran ran = own(archive, {"--base", layout_.target("base")});
    EXPECT_EQ(ran.exit, 0) << ran.out << ran.err;
}

TEST_F(PackagedBase, ClaimedByALayerThatIsNotItsHidesNothing) {
    // The same packages, and a key among them; all that the image says of itself is the base's.
    Layout other;
    other.config({"--config.user", "1000:1000", "--manifest.annotation",
                  "org.opencontainers.image.base.digest=" + digest_of("base").get<std::string>(),
                  "--config.label", "org.opencontainers.image.base.name=ours/base:1"});
    fs::copy(layout_.folder() / "packages", other.folder() / "packages", fs::copy_options::recursive);
    other.insert(other.files("packages", {{"srv/base.pem", {private_key(other.folder()), 0600}}}));
    const Ran ran = own(other.target(), {"--base", layout_.target("base")});
    EXPECT_EQ(ran.exit, 1) << ran.out;
    EXPECT_NE(ran.err.find("counts as its own"), std::string::npos) << ran.err;
    EXPECT_TRUE(open_on_base(other).contains("secrets-files srv/base.pem"));
}

TEST_F(PackagedBase, BlobUnderItsDigestWithOtherBytesIsNotIts) {
    const fs::path trusted = layout_.folder() / "trusted";
    fs::copy(layout_.path(), trusted, fs::copy_options::recursive);
    const std::string base = "oci:" + trusted.string() + ":base";
    EXPECT_EQ(own(layout_.target(), {"--base", base}).exit, 0);
    Layout evil;
    evil.config(good);
    evil.insert(evil.files("evil", {{"srv/evil.pem", {private_key(evil.folder()), 0600}}}));
    const auto first_layer = [](const std::string& layout, const std::string& digest) {
        const json manifest = json::parse(read_file(layout + "/blobs/sha256/" + digest.substr(7)));
        return layout + "/blobs/sha256/" +
               manifest.at("layers").at(0).at("digest").get<std::string>().substr(7);
    };
    const json index = json::parse(read_file(evil.path() + "/index.json"));
    fs::copy_file(first_layer(evil.path(), index.at("manifests").at(0).at("digest")),
                  first_layer(layout_.path(), digest_of("app")), fs::copy_options::overwrite_existing);
    const Ran ran = own(layout_.target(), {"--base", base, "--format", "json"});
    EXPECT_EQ(ran.exit, 1) << ran.out.substr(0, 3000) << ran.err;
    EXPECT_TRUE(report_of(ran).at("targets").at(0).at("gate").at("base_layers").is_null());
    EXPECT_TRUE(open_of(report_of(ran)).contains("secrets-files srv/evil.pem"));
}

TEST_F(PackagedBase, SecretOfItsInAnotherLayerIsTheImagesOwn) {
    // In the same place and in another one: the base's copy is its, and these are not.
    layout_.insert(layout_.files("again", {{"srv/base.pem", {"moved\n" + base_key_, 0600}},
                                           {"srv/copy.pem", {base_key_, 0600}}}));
    EXPECT_EQ(open_on_base(layout_),
              (std::set<std::string>{"secrets-files srv/base.pem", "secrets-files srv/copy.pem",
                                     "private-keys srv/base.pem", "private-keys srv/copy.pem"}));
    // What the config says is the image's, whoever said it first.
    Layout& layout = layout_;
    layout.remove("/srv/copy.pem");
    std::string password;
    for (const char one : base_key_.substr(100)) {
        if (std::isalnum(static_cast<unsigned char>(one)) != 0 && password.size() < 16) password += one;
    }
    layout.config({"--config.env", "DATABASE=post" "gres://app:" + password + "@db.internal/app"});
    EXPECT_TRUE(std::ranges::any_of(open_on_base(layout), [](const std::string& one) {
        return one.starts_with("secrets-env config.Env");
    }));
}

// `allow_bases`: by the image's own word for what is no secret, by the base for secrets.
TEST_F(PackagedBase, AllowedByNameLetsPassWhatItBrought) {
    const std::string policy = (layout_.folder() / "allow.toml").string();
    std::ofstream(policy) << "id = \"allow\"\n[checks.no-shell]\nallow_bases = [\"ours/*\"]\n"
                             "[checks.secrets-files]\nallow_bases = [\"ours/*\", \"oci:**:base\"]\n";
    const auto ask = [&](std::vector<std::string> more) {
        more.insert(more.end(), {"--policy", policy});
        return verdict_of(layout_.target(), std::move(more));
    };
    const json silent = ask({});
    EXPECT_EQ(outcome(silent, "no-shell"), "fail") << "it says nothing of its base";
    layout_.config({"--manifest.annotation", "org.opencontainers.image.base.name=ours/base:1"});
    const json claimed = ask({});
    EXPECT_EQ(outcome(claimed, "no-shell"), "not-applicable");
    EXPECT_EQ(check_of(claimed, "secrets-files").at("fails"), true);
    EXPECT_NE(check_of(claimed, "secrets-files").dump().find("which is not proved"),
              std::string::npos);
    const json proved = ask({"--base", layout_.target("base")});
    EXPECT_EQ(proved.at("gate").at("verdict"), "pass") << check_of(proved, "secrets-files").dump(1);
    EXPECT_NE(check_of(proved, "secrets-files").dump().find("allows what the base"),
              std::string::npos);
    layout_.insert(layout_.files("mine", {{"srv/mine.pem", {private_key(layout_.folder()), 0600}}}));
    EXPECT_EQ(check_of(ask({"--base", layout_.target("base")}), "secrets-files").at("fails"), true);
}

// The form of patterns/known-bases.tsv. A line proves no more than the bytes that it names.
TEST_F(PackagedBase, IsKnownByATable) {
    const std::string table = (layout_.folder() / "known.tsv").string();
    const auto layer_of = [&](const std::string& tag) {
        const std::string digest = digest_of(tag);
        const json manifest =
            json::parse(read_file(layout_.path() + "/blobs/sha256/" + digest.substr(7)));
        return manifest.at("layers").at(0).at("digest").get<std::string>();
    };
    std::ofstream(table) << "ours/base:1\tlinux/amd64\t2026-01-01\t" << layer_of("base") << "\n";
    EXPECT_EQ(own(layout_.target(), {}).exit, 1);
    const Ran passes = own(layout_.target(), {"--known-bases", table});
    EXPECT_EQ(passes.exit, 0) << passes.out << passes.err;
    EXPECT_NE(passes.out.find("its lowest layers are those of ours/base:1"), std::string::npos)
        << passes.out;
    std::ofstream(table) << "ours/base:1\tlinux/amd64\t2026-01-01\tsha256:"
                         << std::string(64, '0') << "\n";
    EXPECT_EQ(own(layout_.target(), {"--known-bases", table}).exit, 1);
    std::ofstream(table) << "ours/base:1\n";
    const Ran wrong = own(layout_.target(), {"--known-bases", table});
    EXPECT_EQ(wrong.exit, 3);
    EXPECT_NE(wrong.err.find("known.tsv:1"), std::string::npos) << wrong.err;
}

class BaseInARegistry : public RegistryTest {};

// The script asks a real registry, and never fetches a layer.
TEST_F(BaseInARegistry, IsWrittenIntoATableByTheScript) {
    const DockerRegistry registry;
    Layout layout;
    layout.config(good);
    layout.config({"--architecture", "amd64", "--os", "linux"});
    layout.insert(layout.files("base", {{"srv/base.pem", {private_key(layout.folder()), 0600}}}));
    layout.name("base");
    add_application(layout);
    push(layout.target("base"), registry.address(), "ours/base:1");
    push(layout.target(), registry.address(), "team/app:1");
    const std::string name = registry.address() + "/ours/base:1";
    Command script = this->command();
    script.words = {"python3", STRATASCAN_SOURCE "/patterns/known-bases.py", "--tls-verify=false",
                    name};
    const Ran listed = run(script);
    ASSERT_EQ(listed.exit, 0) << listed.err;
    EXPECT_TRUE(listed.out.starts_with(name + "\tlinux/amd64\t")) << listed.out;
    const std::string table = (folder() / "known.tsv").string();
    std::ofstream(table) << listed.out;
    const auto ask = [&](std::vector<std::string> more) {
        Command gate = this->command();
        gate.words = {program(), "gate", registry.address() + "/team/app:1", "--no-store",
                      "--only-own-layers"};
        gate.words.insert(gate.words.end(), more.begin(), more.end());
        return run(gate);
    };
    EXPECT_NE(ask({}).out.find("srv/base.pem"), std::string::npos);
    const json report = report_of(ask({"--known-bases", table, "--format", "json"}));
    EXPECT_EQ(report.at("targets").at(0).at("gate").at("base_layers"), 1);
    script.words.back() = registry.address() + "/ours/none:1";
    const Ran missing = run(script);
    EXPECT_EQ(missing.exit, 1);
    EXPECT_NE(missing.err.find("/ours/none:1: "), std::string::npos) << missing.err;
}

TEST_F(BaseInARegistry, IsKnownByTheNameThatItIsPulledBy) {
    const DockerRegistry registry;
    Layout layout;
    layout.config(good);
    layout.insert(layout.files("base", {{"srv/base.pem", {private_key(layout.folder()), 0600}}}));
    layout.name("base");
    add_application(layout);
    push(layout.target("base"), registry.address(), "ours/base:1");
    push(layout.target(), registry.address(), "team/app:1");
    const std::string policy = (folder() / "allow.toml").string();
    std::ofstream(policy) << "id = \"allow\"\n[checks.secrets-files]\nallow_bases = [\"**/ours/base:*\"]\n";
    const auto ask = [&](std::vector<std::string> more) {
        Command command = this->command();
        command.words = {program(), "gate", registry.address() + "/team/app:1", "--no-store",
                         "--policy", policy};
        command.words.insert(command.words.end(), more.begin(), more.end());
        return run(command);
    };
    EXPECT_EQ(ask({}).exit, 1);
    const Ran passes = ask({"--base", registry.address() + "/ours/base:1"});
    EXPECT_EQ(passes.exit, 0) << passes.out << passes.err;
    EXPECT_EQ(ask({"--base", registry.address() + "/team/app:1"}).exit, 1)
        << "its own name is not on the list";
}

}  // namespace
}  // namespace stratascan::e2e
