// Each check on images made for it: one that passes, one that fails, one where it can't
// be told.
#include <gtest/gtest.h>

#include <set>

#include "scanner/layer/fact_spotter.hpp"
#include "tests/support/policy_subject.hpp"

namespace {

using namespace stratascan;
using layer::FactKind;
using policy::Outcome;
using test::MadeUpImage;

TEST(Catalogue, EveryCheckIsDecidedOrSaysWhyNot) {
    std::set<std::string> ids;
    for (const policy::CheckInfo& info : policy::catalogue()) {
        EXPECT_TRUE(ids.insert(info.id).second) << info.id;
        const bool decided = policy::function_of(info.id) != nullptr;
        EXPECT_NE(decided, !info.undecidable.empty()) << info.id;
        EXPECT_EQ(decided, !info.decided.empty()) << info.id;
        EXPECT_EQ(decided, !info.mend.empty()) << info.id;
        EXPECT_FALSE(info.title.empty()) << info.id;
        EXPECT_TRUE(info.reason.empty() || info.reason.back() != '.') << info.id;
        const bool referred = !info.nist.empty() || !info.cis.empty() || !info.bsi.empty();
        EXPECT_NE(referred, !info.unreferenced.empty())
            << info.id << ": a reference, or why there is none";
    }
    EXPECT_GT(ids.size(), 60U);
}

// Every check answers something for an image of which nothing is known, without a pass
// for what it could not see.
TEST(Catalogue, NothingReadIsNoPassForWhatIsInFiles) {
    MadeUpImage image;
    image.unread();
    image.facts.user.clear();
    for (const char* check :
         {"no-shell", "no-package-manager", "no-build-tools", "no-downloaders", "no-remote-access",
          "no-debuggers", "no-privilege-tools", "setuid-files", "file-capabilities",
          "world-writable", "device-nodes", "secrets-files", "secrets-deleted", "private-keys",
          "version-control", "leftovers", "dumps", "cluster-credentials", "accounts",
          "base-minimal", "long-lived-credentials", "start-installs"}) {
        const policy::Answer answer = image.ask(check);
        EXPECT_EQ(answer.outcome, Outcome::unknown) << check << ": " << answer.reason;
        EXPECT_TRUE(answer.unread) << check;
    }
}

TEST(Catalogue, EveryFailShowsWhatItRestsOn) {
    MadeUpImage image;
    image.facts.user.clear();
    image.facts.created = "2020-01-01T00:00:00Z";
    for (const policy::CheckInfo& info : policy::catalogue()) {
        if (policy::function_of(info.id) == nullptr) continue;
        const policy::Answer answer = image.ask(info.id);
        EXPECT_FALSE(answer.reason.empty()) << info.id;
        EXPECT_TRUE(answer.outcome != Outcome::fail || !answer.items.empty()) << info.id;
    }
}

struct AboutPrograms {
    const char *check, *program, *program_class, *applet;
};

class ProgramCheck : public testing::TestWithParam<AboutPrograms> {};

TEST_P(ProgramCheck, CountsWhatCouldBeStarted) {
    const auto& [check, name, program_class, applet] = GetParam();
    MadeUpImage image;
    EXPECT_EQ(image.outcome(check), Outcome::pass);
    image.program("app", "unheard-of", "app");
    EXPECT_EQ(image.outcome(check), Outcome::pass);
    Program& mentioned = image.program(name, program_class, "usr/share/doc");
    mentioned.role = Role::mentions;
    image.program(name, program_class, "usr/lib/lib.so").role = Role::embeds;
    image.program(name, program_class, "srv/a.tar").inner_path = {"bin/x"};
    Program& deleted = image.program(name, program_class, "tmp/x");
    deleted.visibility = Visibility::deleted;
    deleted.hidden_by = 2;
    const policy::Answer hidden = image.ask(check);
    EXPECT_EQ(hidden.outcome, Outcome::pass) << hidden.reason;
    EXPECT_EQ(hidden.items.size(), 2U) << "told, and not counted";
    image.program(name, program_class, "usr/bin/renamed").renamed = true;
    const policy::Answer answer = image.ask(check);
    ASSERT_EQ(answer.outcome, Outcome::fail);
    EXPECT_EQ(answer.items.back().program, name);
    EXPECT_EQ(answer.items.back().path, "usr/bin/renamed");
    if (applet == nullptr) return;
    MadeUpImage multicall;
    multicall.program("busybox", "unheard-of", "bin/busybox").applets = {"ls", applet};
    const policy::Answer by_applet = multicall.ask(check);
    ASSERT_EQ(by_applet.outcome, Outcome::fail) << applet;
    EXPECT_NE(by_applet.items[0].text.find(applet), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Classes, ProgramCheck,
    testing::Values(AboutPrograms{"no-shell", "bash", "shell", "ash"},
                    AboutPrograms{"no-package-manager", "apt", "package-manager", "dpkg"},
                    AboutPrograms{"no-build-tools", "gcc", "build-tool", nullptr},
                    AboutPrograms{"no-downloaders", "curl", "transfer", "wget"},
                    AboutPrograms{"no-remote-access", "sshd", "remote-access", "nc"},
                    AboutPrograms{"no-remote-access", "chisel", "tunnel", "telnetd"},
                    AboutPrograms{"no-debuggers", "gdb", "debugger", nullptr},
                    AboutPrograms{"no-debuggers", "nmap", "network-scanner", nullptr},
                    AboutPrograms{"no-debuggers", "kubectl", "container-client", nullptr},
                    AboutPrograms{"no-privilege-tools", "sudo", "privilege", "su"}));

TEST(ProgramChecks, DatabaseAloneIsNoPackageManager) {
    MadeUpImage image;
    image.fact(FactKind::package_database, "var/lib/dpkg/status", "dpkg");
    const policy::Answer answer = image.ask("no-package-manager");
    EXPECT_EQ(answer.outcome, Outcome::pass);
    ASSERT_EQ(answer.items.size(), 1U);
    EXPECT_FALSE(answer.items[0].counts);
}

TEST(ProgramChecks, LeftoversOfBuildsAndOfRemoteAccess) {
    MadeUpImage image;
    for (int i = 0; i < 10; ++i) {
        image.fact(FactKind::header, "usr/include/h" + std::to_string(i) + ".h");
    }
    const policy::Answer build = image.ask("no-build-tools");
    EXPECT_EQ(build.outcome, Outcome::fail);
    ASSERT_EQ(build.items.size(), 3U);
    EXPECT_NE(build.items[2].text.find("and 7 more"), std::string::npos);
    EXPECT_EQ(image.outcome("no-build-tools", {{"leftovers", false}}), Outcome::pass);
    image.fact(FactKind::host_key, "etc/ssh/ssh_host_rsa_key");
    EXPECT_EQ(image.outcome("no-remote-access"), Outcome::fail);
    EXPECT_EQ(image.outcome("no-remote-access", {{"leftovers", false}}), Outcome::pass);
}

TEST(ProgramChecks, NotLookedForIsNotKnown) {
    MadeUpImage image;
    image.report.notes = {"programs were not looked for"};
    EXPECT_EQ(image.outcome("no-shell"), Outcome::unknown);
}

TEST(ProgramChecks, ProgramsOutsideOfPackages) {
    MadeUpImage image;
    image.fact(FactKind::package_database, "lib/apk/db/installed", "apk");
    image.program("busybox", "shell", "bin/busybox").package = Package{"apk", "busybox"};
    EXPECT_EQ(image.outcome("sbom-complete"), Outcome::pass);
    image.program("curl", "transfer", "usr/local/bin/curl");
    EXPECT_EQ(image.outcome("sbom-complete"), Outcome::fail);
    MadeUpImage other;
    other.fact(FactKind::package_database, "var/lib/rpm/rpmdb.sqlite", "rpm");
    EXPECT_EQ(other.outcome("sbom-complete"), Outcome::pass);
    other.fact(FactKind::package_database, "var/lib/pacman/local/x", "pacman");
    EXPECT_EQ(other.outcome("sbom-complete"), Outcome::unknown) << "lists of pacman are not read";
}

struct AboutFacts {
    const char* check;
    FactKind kind;
};

class FactCheck : public testing::TestWithParam<AboutFacts> {};

TEST_P(FactCheck, SpeaksOfTheFinalTree) {
    const auto& [check, kind] = GetParam();
    MadeUpImage image;
    EXPECT_EQ(image.outcome(check), Outcome::pass);
    image::PlacedFact& deleted = image.fact(kind, "srv/gone");
    deleted.visibility = Visibility::deleted;
    deleted.hidden_by = 2;
    const policy::Answer hidden = image.ask(check);
    EXPECT_EQ(hidden.outcome, Outcome::pass);
    ASSERT_EQ(hidden.items.size(), 1U);
    EXPECT_NE(hidden.items[0].text.find("deleted by layer 2"), std::string::npos);
    image.facts.untold.insert(kind);
    EXPECT_EQ(image.outcome(check), Outcome::unknown) << "there are more than it is told of";
    image.fact(kind, "srv/there");
    const policy::Answer answer = image.ask(check);
    ASSERT_EQ(answer.outcome, Outcome::fail);
    EXPECT_EQ(answer.items[1].path, "srv/there");
    EXPECT_EQ(answer.items[1].layer_index, 1);
    image.report.image.kind = "stray";
    EXPECT_EQ(image.outcome(check), Outcome::not_applicable);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, FactCheck,
    testing::Values(
        AboutFacts{"setuid-files", FactKind::setuid}, AboutFacts{"setuid-files", FactKind::setgid},
        AboutFacts{"file-capabilities", FactKind::capability},
        AboutFacts{"world-writable", FactKind::world_writable_file},
        AboutFacts{"world-writable", FactKind::world_writable_folder},
        AboutFacts{"device-nodes", FactKind::device},
        AboutFacts{"version-control", FactKind::version_control},
        AboutFacts{"leftovers", FactKind::environment_file},
        AboutFacts{"leftovers", FactKind::credential_file},
        AboutFacts{"leftovers", FactKind::editor_folder},
        AboutFacts{"leftovers", FactKind::build_file},
        AboutFacts{"leftovers", FactKind::desktop_file},
        AboutFacts{"leftovers", FactKind::user_cache},
        AboutFacts{"dumps", FactKind::history_file}, AboutFacts{"dumps", FactKind::core_dump},
        AboutFacts{"dumps", FactKind::heap_dump}, AboutFacts{"dumps", FactKind::packet_capture},
        AboutFacts{"dumps", FactKind::database_dump},
        AboutFacts{"cluster-credentials", FactKind::kube_config},
        AboutFacts{"cluster-credentials", FactKind::terraform_state},
        AboutFacts{"cluster-credentials", FactKind::service_token},
        AboutFacts{"package-caches", FactKind::package_cache},
        AboutFacts{"log-files", FactKind::log_file},
        AboutFacts{"binary-hardening", FactKind::weak_binary}));

TEST(FileChecks, SomeSetuidFilesMayBeLetPass) {
    MadeUpImage image;
    image.fact(FactKind::setuid, "usr/bin/passwd");
    EXPECT_EQ(image.outcome("setuid-files", {{"most", std::int64_t{1}}}), Outcome::pass);
    image.fact(FactKind::setuid, "usr/bin/python3");
    EXPECT_EQ(image.outcome("setuid-files", {{"most", std::int64_t{1}}}), Outcome::fail);
    image.program("python", "interpreter", "usr/bin/python3");
    EXPECT_NE(image.ask("setuid-files").items[1].text.find("python"), std::string::npos);
}

TEST(FileChecks, LinksOfLogsAreTold) {
    MadeUpImage image;
    image::PlacedFact link;
    link.path = "var/log/nginx/access.log";
    link.detail = "dev/stdout";
    image.facts.log_links.push_back(link);
    const policy::Answer answer = image.ask("log-files");
    EXPECT_EQ(answer.outcome, Outcome::pass);
    EXPECT_EQ(answer.items.size(), 1U);
}

struct AboutSecrets {
    const char* check;
    Source source;
    const char* path;
    Visibility visibility;
};

class SecretCheck : public testing::TestWithParam<AboutSecrets> {};

TEST_P(SecretCheck, TakesTheFindingsThatAreItsOwn) {
    const auto& [check, source, path, visibility] = GetParam();
    MadeUpImage image;
    EXPECT_EQ(image.outcome(check), Outcome::pass);
    Finding& finding = image.finding("some-token", source, path);
    finding.visibility = visibility;
    finding.confidence = Confidence::low;
    EXPECT_EQ(image.outcome(check), Outcome::pass) << "not sure enough";
    EXPECT_EQ(image.outcome(check, {{"confidence", std::string("low")}}), Outcome::fail);
    finding.confidence = Confidence::high;
    finding.evidence = Evidence::known_example;
    EXPECT_EQ(image.outcome(check), Outcome::pass) << "a published example";
    finding.evidence = Evidence::pattern;
    const policy::Answer answer = image.ask(check);
    ASSERT_EQ(answer.outcome, Outcome::fail);
    EXPECT_EQ(answer.items[0].secret_id, finding.secret_id);
    for (const char* other : {"secrets-env", "secrets-config", "secrets-history", "secrets-files",
                              "secrets-deleted"}) {
        if (std::string_view(other) == check || std::string_view(check) == "long-lived-credentials")
            continue;
        EXPECT_EQ(image.outcome(other), Outcome::pass) << other;
    }
    image.report.secrets_sought = false;
    EXPECT_EQ(image.outcome(check), Outcome::unknown);
}

constexpr auto visible = Visibility::visible;
INSTANTIATE_TEST_SUITE_P(
    Places, SecretCheck,
    testing::Values(
        AboutSecrets{"secrets-env", Source::env, "config.Env[0]", visible},
        AboutSecrets{"secrets-config", Source::label, "config.Labels[\"x\"]", visible},
        AboutSecrets{"secrets-config", Source::entrypoint, "config.Entrypoint", visible},
        AboutSecrets{"secrets-config", Source::healthcheck, "config.Healthcheck.Test", visible},
        AboutSecrets{"secrets-config", Source::annotation, "annotations[\"x\"]", visible},
        AboutSecrets{"secrets-history", Source::history, "history[1].created_by", visible},
        AboutSecrets{"secrets-files", Source::file, "srv/a", visible},
        AboutSecrets{"secrets-files", Source::xattr, "srv/a", visible},
        AboutSecrets{"secrets-deleted", Source::file, "srv/a", Visibility::deleted},
        AboutSecrets{"secrets-deleted", Source::file, "srv/a", Visibility::overwritten},
        AboutSecrets{"secrets-deleted", Source::whiteout, "srv/a", visible},
        AboutSecrets{"secrets-deleted", Source::trailer, "", visible},
        AboutSecrets{"long-lived-credentials", Source::file, "root/.aws/credentials", visible},
        AboutSecrets{"long-lived-credentials", Source::file, "root/.docker/config.json",
                     Visibility::deleted},
        AboutSecrets{"long-lived-credentials", Source::file, ".npmrc", visible}));

TEST(SecretChecks, PrivateKeysByContentAndHostKeysByPath) {
    MadeUpImage image;
    image.finding("some-token", Source::file, "srv/a");
    EXPECT_EQ(image.outcome("private-keys"), Outcome::pass);
    image.fact(FactKind::host_key, "etc/ssh/ssh_host_rsa_key");
    EXPECT_EQ(image.ask("private-keys").items.size(), 1U);
    image.finding("openssh-private-key", Source::file, "etc/ssh/ssh_host_rsa_key")
        .public_fingerprint = "SHA256:abc";
    const auto answer = image.ask("private-keys");
    ASSERT_EQ(answer.items.size(), 1U) << "one key is one item";
    EXPECT_NE(answer.items[0].text.find(" SHA256:abc"), std::string::npos);
    EXPECT_EQ(answer.items[0].text.find("****"), std::string::npos) << "the fingerprint says more";
    EXPECT_EQ(image.outcome("private-keys"), Outcome::fail);
}

TEST(StartChecks, HealthChecks) {
    MadeUpImage image;
    EXPECT_EQ(image.outcome("healthcheck"), Outcome::unknown) << "OCI has none";
    image.facts.docker_form = true;
    EXPECT_EQ(image.outcome("healthcheck"), Outcome::fail);
    image.facts.healthcheck = image::Healthcheck{{"NONE"}};
    EXPECT_EQ(image.outcome("healthcheck"), Outcome::fail);
    EXPECT_EQ(image.outcome("healthcheck-tools"), Outcome::not_applicable);
    image.facts.healthcheck = image::Healthcheck{{"CMD", "/app", "--health"}};
    EXPECT_EQ(image.outcome("healthcheck"), Outcome::pass);
    EXPECT_EQ(image.outcome("healthcheck-tools"), Outcome::pass);
    image.facts.healthcheck = image::Healthcheck{{"CMD-SHELL", "curl -f http://localhost"}};
    const auto tools = image.ask("healthcheck-tools");
    ASSERT_EQ(tools.items.size(), 2U);
    EXPECT_EQ(tools.items[1].text, "needs curl, which was not found in the image");
    image.program("curl", "transfer", "usr/bin/curl");
    EXPECT_EQ(image.ask("healthcheck-tools").items[1].text, "needs curl, which the image has");
}

TEST(StartChecks, PortsAndVolumes) {
    MadeUpImage image;
    image.facts.ports = {"8080/tcp"};
    EXPECT_EQ(image.outcome("remote-ports"), Outcome::pass);
    EXPECT_EQ(image.outcome("ports"), Outcome::pass);
    for (const char* port : {"22/tcp", "5905", "20-25/tcp", "513/tcp"}) {
        image.facts.ports = {port};
        EXPECT_EQ(image.outcome("remote-ports"), Outcome::fail) << port;
    }
    image.facts.ports = {"http"};
    EXPECT_EQ(image.outcome("remote-ports"), Outcome::pass);
    image.facts.ports = {"80/tcp"};
    EXPECT_EQ(image.outcome("ports"), Outcome::fail) << "1000 can't bind it";
    image.facts.ports = {"8080/tcp", "8081/tcp"};
    EXPECT_EQ(image.outcome("ports"), Outcome::fail);
    EXPECT_EQ(image.outcome("volumes"), Outcome::pass);
    image.facts.volumes = {"/data"};
    EXPECT_EQ(image.outcome("volumes"), Outcome::pass);
    EXPECT_EQ(image.outcome("volumes", {{"none", true}}), Outcome::fail);
    for (const char* path : {"/", "/etc/", "/var/run/../run/docker.sock"}) {
        image.facts.volumes = {path};
        EXPECT_EQ(image.outcome("volumes"), Outcome::fail) << path;
    }
}

TEST(StartChecks, CommandsAndWhatTheyInstall) {
    MadeUpImage image;
    EXPECT_EQ(image.outcome("exec-form"), Outcome::pass);
    image.facts.entrypoint = {{"/bin/sh", "-c", "exec /app"}, true};
    EXPECT_EQ(image.outcome("exec-form"), Outcome::fail);
    EXPECT_EQ(image.outcome("start-installs"), Outcome::pass);
    image.facts.entrypoint = {{"/bin/sh", "-c", "apt-get update && apt-get install -y x"}, true};
    EXPECT_EQ(image.outcome("start-installs"), Outcome::fail);
    image.facts.entrypoint = {{"entrypoint.sh"}, true};
    image.fact(FactKind::start_install, "srv/other.sh", "pip install");
    EXPECT_EQ(image.outcome("start-installs"), Outcome::pass) << "nothing starts it";
    image.fact(FactKind::start_install, "usr/local/bin/entrypoint.sh", "npm install");
    EXPECT_EQ(image.outcome("start-installs"), Outcome::fail) << "by PATH";
    image.facts.env["PATH"] = "/opt/bin";
    EXPECT_EQ(image.outcome("start-installs"), Outcome::pass);
    image.facts.entrypoint = {{"./other.sh"}, true};
    image.facts.working_folder = "/srv";
    EXPECT_EQ(image.outcome("start-installs"), Outcome::fail) << "by the working folder";
    MadeUpImage longer;
    longer.facts.entrypoint = {{"/start.sh"}, true};
    longer.fact(FactKind::start_install, "usr/bin/other", std::string(layer::script_cut));
    EXPECT_EQ(longer.outcome("start-installs"), Outcome::pass) << "nothing starts it";
    longer.fact(FactKind::start_install, "start.sh", std::string(layer::script_cut));
    EXPECT_EQ(longer.outcome("start-installs"), Outcome::unknown) << "it was not read to its end";
    image.facts.entrypoint = {};
    EXPECT_EQ(image.outcome("exec-form"), Outcome::not_applicable);
    EXPECT_EQ(image.outcome("start-installs"), Outcome::not_applicable);
}

TEST(StartChecks, BakedInProxies) {
    MadeUpImage image;
    image.fact(FactKind::proxy_setting, "app/start.sh", "SERVER_PORT");
    EXPECT_EQ(image.outcome("egress"), Outcome::pass);
    image.facts.env["NO_PROXY"] = "localhost";
    EXPECT_EQ(image.outcome("egress"), Outcome::pass);
    image.facts.env["DATABASE_URL"] = "postgres://user:pass@db.internal:5432/app";
    image.facts.env["OWN"] = "http://localhost:80 http://$HOST/";
    const policy::Answer hosts = image.ask("egress");
    EXPECT_EQ(hosts.outcome, Outcome::pass) << "hosts are hints";
    ASSERT_EQ(hosts.items.size(), 2U);
    EXPECT_EQ(hosts.items[0].text, "names the host db.internal");
    EXPECT_EQ(hosts.items[0].path, "config.Env DATABASE_URL");
    image.fact(FactKind::named_host, "app/a.yaml", "api.shop.de");
    image.fact(FactKind::named_host, "app/b.yaml", "api.shop.de");
    image.fact(FactKind::named_host, "app/c.yaml", "db.internal");
    image.fact(FactKind::named_host, "app/gone.yaml", "gone.shop.de").visibility = Visibility::deleted;
    image.facts.untold.insert(FactKind::named_host);
    const policy::Answer files = image.ask("egress");
    ASSERT_EQ(files.items.size(), 4U);
    EXPECT_EQ(files.items[1].text, "names the host api.shop.de");
    EXPECT_EQ(files.items[1].path, "app/a.yaml");
    EXPECT_EQ(files.items[2].text, "a layer's files name more hosts than are told");
    EXPECT_EQ(files.outcome, Outcome::pass) << "hosts are hints";
    image.facts.env["https_proxy"] = "http://proxy.example";
    EXPECT_EQ(image.outcome("egress"), Outcome::fail);
}

TEST(StartChecks, EntrypointThatIsAScriptStartsAShell) {
    MadeUpImage image;
    EXPECT_EQ(image.outcome("exec-form"), Outcome::pass);
    image.facts.entrypoint.words = {"entrypoint.sh"};
    image.fact(FactKind::script, "usr/local/bin/entrypoint.sh", "sh");
    image.fact(FactKind::script, "usr/local/bin/other.sh", "bash");
    const auto script = image.ask("exec-form");
    EXPECT_EQ(script.outcome, Outcome::fail);
    ASSERT_EQ(script.items.size(), 1U);
    EXPECT_EQ(script.items[0].path, "usr/local/bin/entrypoint.sh");
    image.facts.facts[0].detail = "python3";
    EXPECT_EQ(image.outcome("exec-form"), Outcome::pass) << "no shell is needed for it";
    image.facts.facts[0].visibility = Visibility::deleted;
    image.facts.facts[0].detail = "sh";
    EXPECT_EQ(image.outcome("exec-form"), Outcome::pass);
    image.facts.untold.insert(FactKind::script);
    EXPECT_EQ(image.outcome("exec-form"), Outcome::unknown);
}

TEST(FileChecks, StaticExecutablesArePreferredWhereAsked) {
    MadeUpImage image;
    image.fact(FactKind::dynamic_binary, "app/server", "/lib64/ld-linux-x86-64.so.2");
    const auto told = image.ask("binary-hardening");
    EXPECT_EQ(told.outcome, Outcome::pass);
    ASSERT_EQ(told.items.size(), 1U) << "and it is told";
    EXPECT_EQ(image.outcome("binary-hardening", {{"static", true}}), Outcome::fail);
}

TEST(SuppressionCheck, ExpiredOnesFail) {
    MadeUpImage image;
    EXPECT_EQ(image.outcome("suppressions-justified"), Outcome::not_applicable);
    image.suppressions.given = true;
    EXPECT_EQ(image.outcome("suppressions-justified"), Outcome::pass);
    image.suppressions.expired = {".stratascan.toml:1: rule x"};
    EXPECT_EQ(image.outcome("suppressions-justified"), Outcome::fail);
}

TEST(Dates, AreReadStrictly) {
    using policy::read_date;
    EXPECT_EQ(read_date("1970-01-02"), 86400);
    EXPECT_EQ(read_date("2026-01-02T03:04:05.123456789+01:00"),
              *read_date("2026-01-02T02:04:05Z"));
    for (const char* bad : {"", "2026", "2026-13-01", "2026-02-30", "2026-01-01T", "0000-01-01",
                            "2026-01-01T25:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z",
                            "2026-01-01T00:00:00+1:00", "2026-01-01 x"}) {
        EXPECT_FALSE(read_date(bad)) << bad;
    }
    EXPECT_EQ(policy::written_date(*read_date("2024-02-29")), "2024-02-29");
    EXPECT_EQ(policy::written_date(-1), "1969-12-31");
}

}  // namespace
