// What is attached to images of a registry (Debian's docker-registry): a registry that was
// asked can say that there is nothing, and signatures that openssl made are verified.
#include "tests/e2e/attaching.hpp"

namespace stratascan::e2e {
namespace {

TEST_F(Attached, NothingIsSaidWhereARegistryWasAsked) {
    const json report = gate(name() + ":1");
    EXPECT_EQ(report.at("gate").at("verdict"), "fail");
    for (const char* id : {"signed", "sbom", "provenance"}) {
        EXPECT_EQ(check(report, id).at("outcome"), "fail") << id;
        EXPECT_EQ(check(report, id).at("reason"), "the registry has none") << id;
    }
    // An image that was named by its digest may have statements in an index nobody named,
    // and a layout does not know what a registry has.
    const std::string digest = report.at("targets").at(0).at("image").at("digest");
    EXPECT_EQ(check(gate(name() + "@" + digest), "signed").at("outcome"), "unknown");
    EXPECT_EQ(check(gate(layout(recipe("program-busybox"))), "signed").at("outcome"), "unknown");
}

TEST_F(Attached, SignaturesOfEachFormAreVerified) {
    const std::string digest =
        gate(name() + ":1").at("targets").at(0).at("image").at("digest").get<std::string>();
    for (const char* form : {"cosign", "bundle", "notary"}) {
        attach(form, digest);
        const json present = gate(name() + ":1");
        EXPECT_EQ(check(present, "signed").at("outcome"), "pass") << form;
        EXPECT_NE(check(present, "signed").at("reason").get<std::string>().find("was not checked"),
                  std::string::npos) << form;
        for (const char* key : {"p.pem", "c.pem"}) {
            const json verified = gate(name() + ":1", {"--verify-key", file(key)});
            EXPECT_EQ(check(verified, "signed").at("outcome"), "pass") << form << key
                << check(verified, "signed").at("reason");
        }
    }
    EXPECT_EQ(check(gate(name() + ":1", {"--verify-key", file("p2.pem")}), "signed").at("outcome"),
              "fail");
}

TEST_F(Attached, CertificatesThatLeadToAnAuthorityAreBelievedOfWhomTheyName) {
    make_chain();
    const std::string digest =
        gate(name() + ":1").at("targets").at(0).at("image").at("digest").get<std::string>();
    const auto trusting = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"--trust", file("ca.pem")});
        return gate(name() + ":1", std::move(more));
    };
    for (const char* form : {"cosign", "bundle", "notary", "cose"}) {
        attach(form, digest, file("chain.pem"));
        const json good = trusting({"--identity", "*@team.example"});
        EXPECT_EQ(check(good, "signed").at("outcome"), "pass") << form << reason(good, "signed");
        EXPECT_NE(reason(good, "signed").find("under a certificate of dev@team.example"),
                  std::string::npos) << form << reason(good, "signed");
        EXPECT_EQ(check(gate(name() + ":1", {"--verify-key", file("p.pem")}), "signed").at("outcome"),
                  "pass") << form;
    }
    EXPECT_EQ(check(trusting({"--identity", "ops@team.example"}), "signed").at("outcome"), "fail");
    // Long after its end: nothing proves when it was signed.
    const json late = trusting({"--identity", "*@team.example", "--at", "2040-01-01"});
    EXPECT_EQ(check(late, "signed").at("outcome"), "fail");
    EXPECT_NE(reason(late, "signed").find("that was given proves when"), std::string::npos)
        << reason(late, "signed");
    const json foreign = gate(name() + ":1", {"--trust", file("c.pem"), "--identity", "**"});
    EXPECT_EQ(check(foreign, "signed").at("outcome"), "fail");
    EXPECT_EQ(stratascan({"gate", name() + ":1", "--trust", file("ca.pem")}, command()).exit, 3)
        << "whose signature counts must be said";
    EXPECT_EQ(stratascan({"gate", name() + ":1", "--log-key", file("p.pem")}, command()).exit, 3);
}

TEST_F(Attached, AnUnsignedStatementIsWorthLessWhereThePolicyAsks) {
    const std::string digest =
        gate(name() + ":1").at("targets").at(0).at("image").at("digest").get<std::string>();
    attach("open-sbom", digest);
    const auto under = [&](const char* signature, std::vector<std::string> more = {}) {
        std::ofstream(file("policy.toml")) << "id = \"attached\"\n[checks.sbom]\nsignature = \""
                                           << signature << "\"\n";
        return check(gate(name() + ":1", std::move(more)), "sbom");
    };
    const json open = under("none");
    EXPECT_EQ(open.at("outcome"), "pass");
    EXPECT_NE(open.at("reason").get<std::string>().find("it is not signed"), std::string::npos);
    EXPECT_EQ(under("present").at("outcome"), "fail");
    EXPECT_EQ(under("verified").at("outcome"), "fail");
    attach("sbom", digest);  // the fallback tag lists this one alone now
    const json unverified = under("present");
    EXPECT_EQ(unverified.at("outcome"), "pass");
    EXPECT_NE(unverified.at("reason").get<std::string>().find("its validity was not checked"),
              std::string::npos);
    EXPECT_EQ(under("verified").at("outcome"), "unknown");
    EXPECT_EQ(under("verified", {"--verify-key", file("p.pem")}).at("outcome"), "pass");
    EXPECT_EQ(under("verified", {"--verify-key", file("p2.pem")}).at("outcome"), "fail");
}

TEST_F(Attached, AStatementIsNoSignatureOfTheImage) {
    const std::string digest =
        gate(name() + ":1").at("targets").at(0).at("image").at("digest").get<std::string>();
    attach("sbom", digest);
    const json report = gate(name() + ":1", {"--verify-key", file("p.pem")});
    EXPECT_EQ(check(report, "signed").at("outcome"), "fail");
    EXPECT_EQ(check(report, "sbom").at("outcome"), "pass");
    EXPECT_NE(check(report, "sbom").at("reason").get<std::string>().find("holds under the key"),
              std::string::npos) << check(report, "sbom").at("reason");
    const json other = gate(name() + ":1", {"--verify-key", file("p2.pem")});
    EXPECT_NE(check(other, "sbom").at("reason").get<std::string>().find("none is of the key"),
              std::string::npos);
}

TEST_F(Attached, WhatSignsAnIndexSignsItsImages) {
    push(layout(recipe("two-platforms-and-an-attestation")), registry_.address(), "team/app:many",
         {"--all"});
    const Ran raw = run({.words = {"skopeo", "inspect", "--raw", "--tls-verify=false",
                                   "docker://" + name() + ":many"}});
    ASSERT_EQ(raw.exit, 0) << raw.err;
    std::ofstream(file("index"), std::ios::binary) << raw.out;
    const Ran sum = run({.words = {"sha256sum", file("index")}});
    attach("cosign", "sha256:" + sum.out.substr(0, 64));
    const json report = gate(name() + ":many", {"--verify-key", file("p.pem")});
    std::size_t images = 0;
    for (const json& target : report.at("targets")) {
        if (target.at("image").value("kind", "image") != "image") continue;
        if (target.at("gate").at("policies").at(0).at("checks").at(0).at("outcome") == "pass") ++images;
    }
    EXPECT_GE(images, 2U) << report.at("gate").dump();
}

}  // namespace
}  // namespace stratascan::e2e
