// What is attached to images of a registry (Debian's docker-registry): a registry that was
// asked can say that there is nothing, and signatures that openssl made are verified.
#include "tests/e2e/servers.hpp"

namespace stratascan::e2e {
namespace {

class Attached : public RegistryTest {
protected:
    void SetUp() override {
        openssl({"ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file("s.pem")});
        openssl({"pkey", "-in", file("s.pem"), "-pubout", "-out", file("p.pem")});
        openssl({"ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file("s2.pem")});
        openssl({"pkey", "-in", file("s2.pem"), "-pubout", "-out", file("p2.pem")});
        openssl({"req", "-x509", "-new", "-key", file("s.pem"), "-subj", "/CN=signer", "-days", "9",
                 "-out", file("c.pem")});
        std::ofstream(file("policy.toml"))
            << "id = \"attached\"\n[checks.signed]\n[checks.sbom]\nlevel = \"should\"\n"
            << "[checks.provenance]\nlevel = \"should\"\n";
        push(layout(recipe("program-busybox")), registry_.address(), "team/app:1");
    }

    [[nodiscard]] std::string file(const char* name) const { return (folder() / name).string(); }
    void openssl(std::vector<std::string> words) const {
        words.insert(words.begin(), "openssl");
        ASSERT_EQ(run({.words = std::move(words)}).exit, 0);
    }
    [[nodiscard]] json gate(const std::string& reference, std::vector<std::string> more = {}) const {
        more.insert(more.begin(), {"gate", "--quiet", "--no-store", "--format", "json", "--policy",
                                   file("policy.toml")});
        more.push_back(reference);
        return report_of(stratascan(std::move(more), command()));
    }
    [[nodiscard]] static json check(const json& report, const std::string& id) {
        for (const json& one :
             report.at("targets").at(0).at("gate").at("policies").at(0).at("checks")) {
            if (one.at("check") == id) return one;
        }
        return {};
    }
    void attach(const std::string& form, const std::string& digest) const {
        const Ran ran = run({.words = {python(), tools() / "attach.py", "--registry",
                                       registry_.address(), "--repository", "team/app", "--subject",
                                       digest, "--key", file("s.pem"), "--form", form}});
        ASSERT_EQ(ran.exit, 0) << ran.err;
    }
    [[nodiscard]] std::string name() const { return registry_.address() + "/team/app"; }

    DockerRegistry registry_;
};

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
    EXPECT_NE(check(other, "sbom").at("reason").get<std::string>().find("no signature of the key"),
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
