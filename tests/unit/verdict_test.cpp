// From answers to a verdict: levels, severities, what is not known, what is set aside.
#include "scanner/policy/verdict.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "scanner/policy/base_image.hpp"
#include "scanner/policy/baseline.hpp"
#include "scanner/report/gate_report.hpp"
#include "tests/support/policy_subject.hpp"

namespace {

using namespace stratascan;
using policy::Verdict;
using test::MadeUpImage;

policy::Policy policy_of(std::string_view text) {
    auto policy = policy::parse_policy(text, "p.toml");
    if (!policy) throw std::runtime_error(policy.error().message());
    return std::move(*policy);
}

struct Judged {
    Report report;
    policy::GateReport gate;
    [[nodiscard]] const policy::CheckResult& result(std::size_t i = 0) const {
        return gate.targets[0].policies[0].results[i];
    }
    [[nodiscard]] Verdict verdict() const { return gate.verdict; }
};

// On the heap, for the verdict points into the report.
std::unique_ptr<Judged> judged(const MadeUpImage& image, std::string_view policy,
                               policy::GateSettings settings = {},
                               std::string_view suppressions = {}) {
    auto all = std::make_unique<Judged>();
    all->report.targets.push_back(image.report);
    all->report.targets[0].facts = std::make_shared<const image::GateFacts>(image.facts);
    settings.now = image.now;
    policy::SuppressionFile file;
    if (!suppressions.empty()) {
        auto read = policy::parse_suppressions(suppressions, "s.toml", image.now);
        if (!read) throw std::runtime_error(read.error().message());
        file = std::move(*read);
    }
    all->gate = policy::judge(all->report, {policy_of(policy)}, std::move(file), settings);
    return all;
}

MadeUpImage with_shell() {
    MadeUpImage image;
    image.program("bash", "shell", "bin/bash");
    return image;
}

TEST(Verdict, MustFailsAndShouldIsTold) {
    const MadeUpImage image = with_shell();
    EXPECT_EQ(judged(image, "id=\"p\"\n[checks.no-shell]")->verdict(), Verdict::fail);
    const auto told = judged(image, "id=\"p\"\n[checks.no-shell]\nlevel=\"should\"");
    EXPECT_EQ(told->verdict(), Verdict::pass);
    EXPECT_EQ(told->result().answer.outcome, policy::Outcome::fail);
    EXPECT_FALSE(told->result().fails);
}

TEST(Verdict, FailOnGoesBySeverityAlone) {
    const MadeUpImage image = with_shell();  // high
    policy::GateSettings settings;
    settings.fail_on = Severity::critical;
    EXPECT_EQ(judged(image, "id=\"p\"\n[checks.no-shell]", settings)->verdict(), Verdict::pass);
    settings.fail_on = Severity::high;
    EXPECT_EQ(judged(image, "id=\"p\"\n[checks.no-shell]\nlevel=\"should\"", settings)->verdict(),
              Verdict::fail);
    EXPECT_EQ(judged(image, "id=\"p\"\nfail_on=\"critical\"\n[checks.no-shell]")->verdict(),
              Verdict::pass) << "the policy's own";
}

TEST(Verdict, WhatIsNoWorseIsToldSo) {
    MadeUpImage image;
    image.document(layer::DocumentKind::passwd, "etc/passwd", "root::0:0::/root:/bin/sh\n");
    const char* const policy = "id=\"p\"\nfail_on=\"medium\"\n[checks.accounts]";
    const auto unasked = judged(image, policy);
    EXPECT_EQ(unasked->result().check.info.severity, Severity::low);
    EXPECT_EQ(unasked->verdict(), Verdict::pass);
    EXPECT_EQ(unasked->result().answer.outcome, policy::Outcome::fail);
    image.program("su", "privilege", "bin/su");
    const auto asked = judged(image, policy);
    EXPECT_EQ(asked->result().check.info.severity, Severity::medium);
    EXPECT_EQ(asked->verdict(), Verdict::fail);
}

TEST(Verdict, NotKnownIsNoPass) {
    MadeUpImage image;
    image.facts.created = "1970-01-01T00:00:00Z";
    EXPECT_EQ(judged(image, "id=\"p\"\n[checks.image-age]")->verdict(), Verdict::incomplete);
    EXPECT_EQ(judged(image, "id=\"p\"\n[checks.image-age]\naccept_unknown=true")->verdict(),
              Verdict::pass);
    EXPECT_EQ(judged(image, "id=\"p\"\n[checks.image-age]\nlevel=\"should\"")->verdict(),
              Verdict::pass);
}

TEST(Verdict, UndecidableIsNeverPassedAndStopsNothing) {
    const auto all = judged(MadeUpImage(), "id=\"p\"\n[checks.stateless]");
    EXPECT_EQ(all->verdict(), Verdict::pass);
    EXPECT_EQ(all->result().answer.outcome, policy::Outcome::undecidable);
    EXPECT_NE(report::write_gate_table(all->gate, {}).find("not decidable"), std::string::npos);
}

TEST(Verdict, AnIncompleteScanPassesOnlyInWriting) {
    MadeUpImage image;
    image.unread();
    EXPECT_EQ(judged(image, "id=\"p\"\n[checks.user-root]")->verdict(), Verdict::incomplete);
    EXPECT_EQ(judged(image, "id=\"p\"\naccept_incomplete=\"foreign layers\"\n[checks.no-shell]")
                  ->verdict(),
              Verdict::pass);
    image.program("bash", "shell", "bin/bash");
    EXPECT_EQ(judged(image, "id=\"p\"\naccept_incomplete=\"foreign layers\"\n[checks.no-shell]")
                  ->verdict(),
              Verdict::fail);
}

TEST(Verdict, AllowListsAndExemptions) {
    const MadeUpImage image = with_shell();
    for (const char* allow : {"allow_programs=[\"bash\"]", "allow_paths=[\"bin/*\"]"}) {
        const auto all = judged(image, "id=\"p\"\n[checks.no-shell]\n" + std::string(allow));
        EXPECT_EQ(all->verdict(), Verdict::pass) << allow;
        EXPECT_FALSE(all->result().answer.items[0].allowed.empty());
    }
    const auto exempt = judged(image, "id=\"p\"\nextends=[\"forge\"]\nfail_on=\"info\"\n"
                                      "[[exempt]]\ncheck=\"no-shell\"\nprogram=\"bash\"\n"
                                      "use_case=\"the core binary starts bash scripts\"");
    const std::string table = report::write_gate_table(exempt->gate, {false, 400});
    EXPECT_NE(table.find("exempt (p.toml:4): the core binary"), std::string::npos) << table;
    MadeUpImage labelled = with_shell();
    labelled.facts.labels["team"] = "infra";
    EXPECT_EQ(judged(labelled, "id=\"p\"\n[checks.no-shell]\nallow_labels=[\"team=infra\"]")
                  ->result().answer.outcome,
              policy::Outcome::not_applicable);
    EXPECT_EQ(judged(labelled, "id=\"p\"\n[checks.no-shell]\nallow_labels=[\"team=web\"]")
                  ->verdict(), Verdict::fail);
    labelled.facts.annotations["org.opencontainers.image.base.name"] = "ours/tool:1";
    EXPECT_EQ(judged(labelled, "id=\"p\"\n[checks.no-shell]\nallow_bases=[\"ours/*\"]")->verdict(),
              Verdict::pass);
}

// A base's name is the word of whoever built the image; a secret is let pass by the base alone.
TEST(Verdict, ClaimedBaseHidesNoSecret) {
    MadeUpImage image = with_shell();
    image.finding("some-token", Source::file, "app/a.py");  // layer 1, as the shell
    image.facts.annotations["org.opencontainers.image.base.name"] = "ours/tool:1";
    for (const char* id : {"secrets-env", "secrets-config", "secrets-history", "secrets-files",
                           "secrets-deleted", "long-lived-credentials", "cluster-credentials",
                           "private-keys", "version-control", "dumps"}) {
        const auto policy = policy_of("id=\"p\"\n[checks." + std::string(id) + "]");
        EXPECT_TRUE(policy.find(id)->info.proof) << id;
    }
    const std::string policy = "id=\"p\"\n[checks.secrets-files]\nallow_bases=[\"ours/*\"]";
    const auto claimed = judged(image, policy);
    EXPECT_EQ(claimed->verdict(), Verdict::fail);
    EXPECT_NE(claimed->result().answer.items.back().text.find("ours/tool:1, which is not proved"),
              std::string::npos);
    policy::GateSettings settings;
    settings.base = [](const TargetReport&) { return policy::ProvedBase{2, {"ours/tool:1"}}; };
    const auto proved = judged(image, policy, settings);
    EXPECT_EQ(proved->verdict(), Verdict::pass);
    EXPECT_EQ(proved->result().answer.items[0].allowed,
              "the policy allows what the base ours/tool:1 brings");
    settings.base = [](const TargetReport&) { return policy::ProvedBase{1, {"ours/tool:1"}}; };
    EXPECT_EQ(judged(image, policy, settings)->verdict(), Verdict::fail) << "in its own layer";
    settings.base = [](const TargetReport&) { return policy::ProvedBase{2, {"other/tool:1"}}; };
    EXPECT_EQ(judged(image, policy, settings)->verdict(), Verdict::fail) << "another base";
}

TEST(Verdict, SuppressedThingsStayInTheReport) {
    const MadeUpImage image = with_shell();
    const auto all = judged(image, "id=\"p\"\n[checks.no-shell]", {},
                            "[[suppress]]\nprogram=\"bash\"\ncheck=\"no-shell\"\n"
                            "reason=\"until the new base is there\"\nowner=\"team\"\n"
                            "until=2026-12-31\n");
    EXPECT_EQ(all->verdict(), Verdict::pass);
    EXPECT_EQ(all->result().answer.items[0].suppressed_by, 0);
    EXPECT_TRUE(all->gate.warnings.empty());
    const std::string table = report::write_gate_table(all->gate, {false, 400});
    EXPECT_NE(table.find("suppressed until 2026-12-31 by team"), std::string::npos) << table;
    const auto json = nlohmann::json::parse(report::write_gate_json(all->gate));
    const auto& evidence = json["targets"][0]["gate"]["policies"][0]["checks"][0]["evidence"][0];
    EXPECT_EQ(evidence["suppressed"]["owner"], "team");
    EXPECT_EQ(evidence["counts"], false);
}

TEST(Verdict, ExpiredAndUselessSuppressionsAreWarnings) {
    const auto all = judged(with_shell(), "id=\"p\"\n[checks.no-shell]", {},
                            "[[suppress]]\nprogram=\"bash\"\nreason=\"was fine for a while\"\n"
                            "owner=\"t\"\nuntil=2026-01-31\n"
                            "[[suppress]]\nprogram=\"zsh\"\nreason=\"was fine for a while\"\n"
                            "owner=\"t\"\nuntil=2026-12-31\n");
    EXPECT_EQ(all->verdict(), Verdict::fail);
    ASSERT_EQ(all->gate.warnings.size(), 2U);
    EXPECT_TRUE(all->gate.warnings[0].starts_with("s.toml:1:")) << all->gate.warnings[0];
    EXPECT_TRUE(all->gate.warnings[1].starts_with("s.toml:6:")) << all->gate.warnings[1];
}

TEST(Verdict, BaselineKnowsWhatMovedAndWasRebuilt) {
    constexpr std::string_view policy = "id=\"p\"\n[checks.no-shell]\n[checks.secrets-files]\n"
                                        "[checks.setuid-files]\n[checks.user-root]";
    MadeUpImage old = with_shell();
    old.facts.user = "0";
    old.finding("some-token", Source::file, "app/a.py").line = 3;
    old.fact(layer::FactKind::setuid, "bin/su");
    const auto before = judged(old, policy);
    ASSERT_EQ(before->verdict(), Verdict::fail);
    policy::GateSettings settings;
    const auto baseline = policy::read_baseline(report::write_gate_json(before->gate), "b.json");
    ASSERT_TRUE(baseline) << baseline.error().message();
    settings.baseline = *baseline;
    MadeUpImage rebuilt = with_shell();
    rebuilt.facts.user = "0";
    rebuilt.finding("some-token", Source::file, "app/b.py").line = 99;
    rebuilt.fact(layer::FactKind::setuid, "bin/su").layer_index = 2;
    for (LayerReport& layer : rebuilt.report.layers) layer.digest = "sha256:other";
    rebuilt.report.programs[0].layer_index = 0;
    rebuilt.report.programs[0].version = "5.3";
    EXPECT_EQ(judged(rebuilt, policy, settings)->verdict(), Verdict::pass);
    rebuilt.finding("some-token", Source::file, "app/b.py").secret_id = "hmac-sha256:new";
    EXPECT_EQ(judged(rebuilt, policy, settings)->verdict(), Verdict::fail) << "a new secret";
}

TEST(Verdict, AScanIsABaselineOfSecretsAndPrograms) {
    MadeUpImage image = with_shell();
    image.finding("some-token", Source::file, "app/a.py");
    Report scanned;
    scanned.targets.push_back(image.report);
    const auto baseline = policy::read_baseline(report::write_json(scanned), "b.json");
    ASSERT_TRUE(baseline);
    policy::GateSettings settings;
    settings.baseline = *baseline;
    EXPECT_EQ(judged(image, "id=\"p\"\n[checks.no-shell]\n[checks.secrets-files]", settings)
                  ->verdict(), Verdict::pass);
    image.facts.user = "0";
    EXPECT_EQ(judged(image, "id=\"p\"\n[checks.user-root]", settings)->verdict(), Verdict::fail);
}

TEST(Verdict, SuppressedIsNoBaseline) {
    const MadeUpImage image = with_shell();
    const auto all = judged(image, "id=\"p\"\n[checks.no-shell]", {},
                            "[[suppress]]\nprogram=\"bash\"\nreason=\"for a while only\"\n"
                            "owner=\"t\"\nuntil=2026-12-31\n");
    const auto json = nlohmann::json::parse(report::write_gate_json(all->gate));
    const std::string item = json["targets"][0]["gate"]["policies"][0]["checks"][0]["evidence"][0]
                                 ["identity"];
    const std::string gate_only = nlohmann::json{
        {"schema", "stratascan/report/1"},
        {"gate", json["targets"][0]["gate"]}}.dump();
    const auto baseline = policy::read_baseline(gate_only, "b");
    ASSERT_TRUE(baseline);
    EXPECT_FALSE(baseline->contains(item));
}

TEST(Baseline, WhatIsNoneIsAnError) {
    for (const char* text : {"", "[", "{}", "{\"schema\":\"other\"}", "[1,2]"}) {
        EXPECT_FALSE(policy::read_baseline(text, "b.json")) << text;
    }
    EXPECT_FALSE(policy::read_baseline(std::string(1'000'000, '['), "b.json"));
    EXPECT_FALSE(policy::load_baseline("/no/such/baseline.json"));
}

TEST(Baseline, TextsAndNumbersHaveAnEnd) {
    const auto error_of = [](const std::string& text) {
        const auto read = policy::read_baseline("{\"schema\":\"stratascan/report/1\",\"x\":" + text, "b");
        return read ? "" : read.error().what;
    };
    const std::string long_text(2 << 20, '1');
    EXPECT_EQ(error_of("1}"), "");
    EXPECT_EQ(error_of('"' + std::string(1 << 20, '1') + "\"}"), "");
    for (const std::string& text : {'"' + long_text + "\"}", long_text + '}', "\"\\\"" + long_text,
                                    std::string(2 << 20, ' ') + "1}"}) {
        EXPECT_EQ(error_of(text), "the baseline: it has a text of more than 1 MiB");
    }
    EXPECT_EQ(error_of("{\"path\":\"" + std::string(70'000, 'x') + "\"}}"),
              "the baseline: it has a `path` of more than 64 KiB");
    std::string many = "[";
    for (int i = 0; i < 1'000'001; ++i) many += "{\"rule\":\"r\",\"secret_id\":\"" + std::to_string(i) + "\"},";
    EXPECT_EQ(error_of(many), "the baseline: it has more than 1000000 findings and programs");
}

TEST(OwnLayers, FaultsOfTheBaseAreToldApart) {
    MadeUpImage image = with_shell();  // layer 1
    policy::GateSettings settings;
    settings.only_own_layers = true;
    settings.base = [](const TargetReport&) { return policy::ProvedBase{2}; };
    const auto all = judged(image, "id=\"p\"\n[checks.no-shell]", settings);
    EXPECT_EQ(all->verdict(), Verdict::pass);
    EXPECT_TRUE(all->result().answer.items[0].of_base);
    settings.base = [](const TargetReport&) { return policy::ProvedBase{1}; };
    EXPECT_EQ(judged(image, "id=\"p\"\n[checks.no-shell]", settings)->verdict(), Verdict::fail);
    settings.base = [](const TargetReport&) { return policy::ProvedBase{}; };
    EXPECT_EQ(judged(image, "id=\"p\"\n[checks.no-shell]", settings)->verdict(), Verdict::fail)
        << "not known whose they are";
    // What the config says is the image's own, wherever it came from.
    image.facts.user = "0";
    settings.base = [](const TargetReport&) { return policy::ProvedBase{3}; };
    EXPECT_EQ(judged(image, "id=\"p\"\n[checks.user-root]", settings)->verdict(), Verdict::fail);
}

TEST(OwnLayers, TheBaseIsProvedAndNeverGuessed) {
    MadeUpImage image;
    for (LayerReport& layer : image.report.layers) layer.compression = "gzip";
    const std::string a = image.report.layers[0].digest, b = image.report.layers[1].digest;
    const policy::BaseImage one{"d", "linux/amd64", {a}, {"sha256:diff"}};
    const policy::BaseImage two{"d", "linux/amd64", {a, b}, {}};
    EXPECT_EQ(policy::proved_base(image.report, {one}).layers, 1);
    EXPECT_EQ(policy::proved_base(image.report, {one, two}).layers, 2);
    const policy::BaseImage other{"d", "linux/amd64", {b, a}, {}};
    EXPECT_EQ(policy::proved_base(image.report, {other}).layers, -1);
    const policy::BaseImage longer{"d", "linux/amd64", {a, b, a, b}, {}};
    EXPECT_EQ(policy::proved_base(image.report, {longer}).layers, -1);
    // A blob that is not what its digest claims is nobody's.
    image.report.layers[0].state = LayerState::failed;
    EXPECT_EQ(policy::proved_base(image.report, {one}).layers, -1);
    image.report.layers[0].state = LayerState::complete;
    // A plain layer's digest is its diff ID; a compressed one's is not.
    const policy::BaseImage packed{"d", "linux/amd64", {"sha256:packed"}, {a}};
    EXPECT_EQ(policy::proved_base(image.report, {packed}).layers, -1);
    image.report.layers[0].compression = "none";
    EXPECT_EQ(policy::proved_base(image.report, {packed}).layers, 1);
}

TEST(OwnLayers, AnnotationCountsForTargetsThatWereGiven) {
    MadeUpImage image, base;
    base.report.image.digest = "sha256:base";
    base.report.layers.pop_back();
    image.facts.annotations["org.opencontainers.image.base.digest"] = "sha256:base";
    image.report.facts = std::make_shared<const image::GateFacts>(image.facts);
    Report report;
    report.targets.push_back(image.report);
    EXPECT_TRUE(policy::annotated_bases(report.targets[0], report).empty());
    report.targets.push_back(base.report);
    const auto bases = policy::annotated_bases(report.targets[0], report);
    ASSERT_EQ(bases.size(), 1U);
    EXPECT_EQ(policy::proved_base(report.targets[0], bases).layers, 2);
    report.targets[1].layers[0].digest = "sha256:other";
    EXPECT_EQ(policy::proved_base(report.targets[0],
                                  policy::annotated_bases(report.targets[0], report)).layers, -1);
}

TEST(GateTable, AnswersAsForgeEligibilityDoes) {
    MadeUpImage image = with_shell();
    image.facts.user.clear();
    image.report.image.names = {"app:1.2"};
    const auto all = judged(image, "id=\"forge\"\nextends=[\"forge\"]\n[checks.no-shell]\n"
                                   "level=\"must\"");
    const std::string table = report::write_gate_table(all->gate, {false, 200});
    EXPECT_TRUE(table.starts_with("Image [app:1.2] in [image.tar] is not eligible under forge.\n"
                                  "- Image runs as root\n"
                                  "- Image does not run with the user and group ids that are "
                                  "asked for\n"
                                  "- Image contains a shell\n"))
        << table;
}

TEST(GateTable, HostileTextsAreShownHarmlessly) {
    MadeUpImage image;
    image.facts.user = "\x1b[31mroot\n- Image is fine";
    image.report.target = "x\x1b]0;y\x07";
    const auto all = judged(image, "id=\"p\"\n[checks.user-root]");
    const std::string table = report::write_gate_table(all->gate, {false, 200});
    EXPECT_EQ(table.find('\x1b'), std::string::npos);
    EXPECT_EQ(table.find("\n- Image is fine"), std::string::npos);
}

}  // namespace
