// A gate on what is new since a release, where what is attached to images is concerned: what the
// last one lacked, too, is not new, and what it had and the next one lacks is.
#include "tests/e2e/attaching.hpp"
#include "tests/e2e/gating.hpp"

namespace stratascan::e2e {
namespace {

class AttachedSince : public Attached {
protected:
    void SetUp() override {
        Attached::SetUp();
        std::ofstream(file("policy.toml"))
            << "id = \"attached\"\n[checks.signed]\n[checks.sbom]\n[checks.provenance]\n";
        push(layout(recipe("gzip-single-member")), registry_.address(), "team/app:2");
    }
    json gated(const std::string& tag, std::vector<std::string> more = {}) const {
        more.insert(more.begin(), {"gate", "--quiet", "--store", file("s.sqlite"), "--format", "json",
                                   "--policy", file("policy.toml"), name() + tag});
        return report_of(stratascan(std::move(more), command()));
    }
    [[nodiscard]] static std::string digest_of(const json& report) {
        return report.at("targets").at(0).at("image").at("digest");
    }
    [[nodiscard]] static std::set<std::string> failing(const json& report) {
        std::set<std::string> ids;
        for (const json& one :
             report.at("targets").at(0).at("gate").at("policies").at(0).at("checks")) {
            if (one.at("fails") == true) ids.insert(one.at("check").get<std::string>());
        }
        return ids;
    }
    static inline const std::set<std::string> all = {"signed", "sbom", "provenance"};
};

TEST_F(AttachedSince, WhatTheLastReleaseLackedIsNotNew) {
    const std::string last = digest_of(gated(":1"));
    EXPECT_EQ(failing(gated(":2")), all);
    const json since = gated(":2", {"--since", last});
    EXPECT_EQ(failing(since), std::set<std::string>{});
    EXPECT_EQ(since.at("gate").at("verdict"), "pass");
    EXPECT_EQ(since.at("gate").at("warnings"), json::array());
    for (const std::string& id : all) {
        EXPECT_EQ(check(since, id).at("evidence").at(0).at("in_baseline"), true) << id;
    }
    // With somebody whose signature counts, too.
    EXPECT_EQ(failing(gated(":2", {"--since", last, "--verify-key", file("p.pem")})),
              std::set<std::string>{});
}

TEST_F(AttachedSince, WhatItHadAndTheNextLacksIsNew) {
    const std::string last = digest_of(gated(":1"));
    attach("cosign", last);
    gated(":1");
    EXPECT_EQ(failing(gated(":2", {"--since", last})), std::set<std::string>{"signed"});
    attach("sbom", last);
    gated(":1");
    EXPECT_EQ(failing(gated(":2", {"--since", last})), (std::set<std::string>{"signed", "sbom"}));
    // Whose signature it was is not in the store: one that may have held is no excuse.
    EXPECT_EQ(failing(gated(":2", {"--since", last, "--verify-key", file("p2.pem")})),
              (std::set<std::string>{"signed", "sbom"}));
    // Signed as the last one was, by somebody else.
    attach("cosign", digest_of(gated(":2")));
    EXPECT_EQ(failing(gated(":2", {"--since", last})), std::set<std::string>{"sbom"});
    EXPECT_EQ(failing(gated(":2", {"--since", last, "--verify-key", file("p2.pem")})),
              (std::set<std::string>{"signed", "sbom"}));
}

TEST_F(AttachedSince, AStatementThatIsNotSignedOrOfAnotherBuilder) {
    std::ofstream(file("policy.toml"))
        << "id = \"attached\"\n[checks.sbom]\nsignature = \"present\"\n[checks.provenance]\n"
        << "builders = [\"https://ours.example/*\"]\n";
    const std::string last = digest_of(gated(":1")), next = digest_of(gated(":2"));
    attach("open-sbom", last);
    gated(":1");
    // Nothing at all is another fault than one without a signature.
    EXPECT_EQ(failing(gated(":2", {"--since", last})), std::set<std::string>{"sbom"});
    attach("open-sbom", next);
    EXPECT_EQ(failing(gated(":2")), (std::set<std::string>{"sbom", "provenance"}));
    EXPECT_EQ(failing(gated(":2", {"--since", last})), std::set<std::string>{});
    // The fallback tag lists one at a time.
    attach("open-provenance", last);
    attach("open-provenance", next);
    gated(":1");
    EXPECT_EQ(failing(gated(":2")), (std::set<std::string>{"sbom", "provenance"}));
    EXPECT_EQ(failing(gated(":2", {"--since", last})), std::set<std::string>{})
        << gated(":2", {"--since", last}).at("targets").at(0).at("gate").dump(1);
    attach("provenance", last);
    attach("provenance", next);
    gated(":1");
    EXPECT_EQ(failing(gated(":2", {"--since", last})), std::set<std::string>{}) << "in an envelope";
    std::ofstream(file("policy.toml"), std::ios::app) << "mode = \"max\"\n";
    EXPECT_EQ(failing(gated(":2", {"--since", last})), std::set<std::string>{}) << "the same claim";
}

TEST_F(AttachedSince, ALookThatAskedForNothingKnowsNothing) {
    const Ran scan = stratascan({"scan", "--quiet", "--store", file("s.sqlite"), "--format", "json",
                                 name() + ":1"}, command());
    const json since = gated(":2", {"--since", digest_of(report_of(scan))});
    EXPECT_EQ(failing(since), all);
    EXPECT_NE(since.at("gate").at("warnings").dump().find("no gate with this store has looked"),
              std::string::npos) << since.at("gate").at("warnings").dump();
}

// An archive with an attestation beside the image, unsigned, as BuildKit writes them.
TEST_F(AttachedSince, OfAnArchive) {
    std::ofstream(file("policy.toml")) << "id = \"attached\"\n[checks.sbom]\nsignature = \"present\"\n"
                                       << "[checks.provenance]\nsignature = \"present\"\n";
    const fs::path image = recipe("unsigned-bill-of-materials").folder / "image";
    const std::string archive = file("release.tar");
    ASSERT_EQ(run({.words = {"tar", "-C", image.string(), "-cf", archive, "."}}).exit, 0);
    const auto gated_file = [&](std::vector<std::string> more = {}) {
        more.insert(more.begin(), {"gate", "--quiet", "--store", file("a.sqlite"), "--format", "json",
                                   "--policy", file("policy.toml"), archive});
        return report_of(stratascan(std::move(more), command()));
    };
    const json first = gated_file();
    const json again = gated_file({"--since", archive});
    std::size_t old = 0;
    for (std::size_t i = 0; i < first.at("targets").size(); ++i) {
        for (std::size_t n = 0; n < 2; ++n) {
            const auto of = [&](const json& report) -> const json& {
                return report.at("targets").at(i).at("gate").at("policies").at(0).at("checks").at(n);
            };
            EXPECT_EQ(of(again).at("fails"), false) << of(again).dump(1);
            EXPECT_EQ(of(first).at("outcome"), of(again).at("outcome"));
            old += of(first).at("fails") == true ? 1 : 0;
        }
    }
    EXPECT_EQ(old, 1U) << first.dump(1).substr(0, 4000);
}

}  // namespace
}  // namespace stratascan::e2e
