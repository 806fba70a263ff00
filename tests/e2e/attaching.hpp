// What is attached to an image in a registry (Debian's docker-registry), by the tools' own forms.
#pragma once

#include "tests/e2e/servers.hpp"

namespace stratascan::e2e {

/// A registry with one image, keys and certificates that openssl makes, and a policy that asks
/// for what is attached.
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
    void attach(const std::string& form, const std::string& digest,
                const std::string& chain = "", const std::string& tsa = "") const {
        std::vector<std::string> words = {python(), tools() / "attach.py", "--registry",
                                          registry_.address(), "--repository", "team/app",
                                          "--subject", digest, "--key", file("s.pem"), "--form",
                                          form};
        if (!chain.empty()) words.insert(words.end(), {"--chain", chain});
        if (!tsa.empty()) words.insert(words.end(), {"--tsa", tsa});
        const Ran ran = run({.words = std::move(words)});
        ASSERT_EQ(ran.exit, 0) << ran.err;
    }
    /// An authority, and the signer's certificate under it for dev@team.example.
    void make_chain() const {
        openssl({"ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file("ca.key")});
        openssl({"req", "-x509", "-new", "-key", file("ca.key"), "-subj", "/CN=Root", "-days", "9",
                 "-out", file("ca.pem")});
        openssl({"req", "-new", "-key", file("s.pem"), "-subj", "/CN=signer", "-out", file("s.csr")});
        std::ofstream(file("s.ext")) << "keyUsage=critical,digitalSignature\n"
                                     << "extendedKeyUsage=codeSigning\n"
                                     << "subjectAltName=email:dev@team.example\n";
        openssl({"x509", "-req", "-in", file("s.csr"), "-CA", file("ca.pem"), "-CAkey", file("ca.key"),
                 "-set_serial", "7", "-days", "9", "-extfile", file("s.ext"), "-out",
                 file("leaf.pem")});
        std::ofstream(file("chain.pem")) << read_file(file("leaf.pem")) << read_file(file("ca.pem"));
    }
    [[nodiscard]] std::string reason(const json& report, const std::string& id) const {
        return check(report, id).at("reason");
    }
    [[nodiscard]] std::string name() const { return registry_.address() + "/team/app"; }

    DockerRegistry registry_;
};

}  // namespace stratascan::e2e
