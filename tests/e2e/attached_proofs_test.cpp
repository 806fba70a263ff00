// What is proved beside a signature: when it was made, by time stamps of an authority that
// `openssl ts` plays, and whether its certificate was revoked, by lists that `openssl ca` makes.
#include "tests/e2e/attaching.hpp"
#include "tests/e2e/gating.hpp"

namespace stratascan::e2e {
namespace {

class Proofs : public Attached {
protected:
    void SetUp() override {
        Attached::SetUp();
        make_chain();
        digest_ = gate(name() + ":1").at("targets").at(0).at("image").at("digest");
    }

    /// An authority for time stamps in a folder of its own, with the configuration that
    /// `openssl ts -reply` reads. `use`: what its certificate says that its key is for.
    [[nodiscard]] std::string stamper(const std::string& folder_name,
                                      const std::string& use = "critical,timeStamping") const {
        const fs::path at = folder() / folder_name;
        fs::create_directories(at);
        const auto in = [&](const char* file) { return (at / file).string(); };
        openssl({"ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", in("tsa.key")});
        openssl({"req", "-x509", "-new", "-key", in("tsa.key"), "-subj", "/CN=" + folder_name, "-days",
                 "9", "-addext", "extendedKeyUsage=" + use, "-addext", "keyUsage=digitalSignature",
                 "-addext", "basicConstraints=critical,CA:FALSE", "-out", in("tsa.pem")});
        std::ofstream(at / "serial") << "01\n";
        std::ofstream(at / "ts.cnf")
            << "[tsa]\ndefault_tsa = one\n[one]\nserial = " << in("serial") << "\nsigner_cert = "
            << in("tsa.pem") << "\nsigner_key = " << in("tsa.key")
            << "\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256\n"
            << "ess_cert_id_alg = sha256\n";
        return at.string();
    }
    /// A list of what the authority revoked, with the signer's certificate in it or not.
    [[nodiscard]] std::string list(const char* file_name, const std::string& reason = "") const {
        std::ofstream(file("ca.cnf"))
            << "[ca]\ndefault_ca = one\n[one]\ndatabase = " << file("index.txt")
            << "\ndefault_md = sha256\n";
        // Of openssl's own form: revoked, its end, when and why, its number, no file, its name.
        std::ofstream index(file("index.txt"));
        if (!reason.empty()) {
            index << "R\t991231235959Z\t" << "260101000000Z" << ',' << reason << "\t07\tunknown\t/CN=signer\n";
        }
        index.close();
        openssl({"ca", "-gencrl", "-config", file("ca.cnf"), "-keyfile", file("ca.key"), "-cert",
                 file("ca.pem"), "-crldays", "9", "-out", file(file_name)});
        return file(file_name);
    }
    [[nodiscard]] json trusting(std::vector<std::string> more) const {
        more.insert(more.begin(), {"--trust", file("ca.pem"), "--identity", "*@team.example"});
        return gate(name() + ":1", std::move(more));
    }
    [[nodiscard]] static bool says(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }

    std::string digest_;
};

TEST_F(Proofs, ATimeStampProvesThatACertificateWasValidThen) {
    const std::string tsa = stamper("stamper"), other = stamper("other");
    for (const char* form : {"cosign", "bundle", "notary", "cose"}) {
        attach(form, digest_, file("chain.pem"), tsa);
        const std::vector<std::string> late = {"--at", "2040-01-01"};
        const auto with = [&](const std::string& authority) {
            std::vector<std::string> words = late;
            words.insert(words.end(), {"--tsa", authority + "/tsa.pem"});
            return trusting(words);
        };
        // What is beside the image only says that there is one.
        const std::string present = reason(trusting({}), "signed");
        EXPECT_TRUE(says(present, "with a time stamp that was not checked")) << form << present;
        EXPECT_EQ(check(trusting(late), "signed").at("outcome"), "fail") << form;
        const json good = with(tsa);
        EXPECT_EQ(check(good, "signed").at("outcome"), "pass") << form << reason(good, "signed");
        EXPECT_TRUE(says(reason(good, "signed"), "valid when it was time-stamped")) << form;
        EXPECT_TRUE(says(reason(good, "signed"), "by CN=stamper")) << reason(good, "signed");
        const json foreign = with(other);
        EXPECT_EQ(check(foreign, "signed").at("outcome"), "fail") << form;
        EXPECT_TRUE(says(reason(foreign, "signed"), "of its time stamp: it does not hold"))
            << reason(foreign, "signed");
        // Under a key nothing depends on the time, and the words tell it.
        const json by_key = gate(name() + ":1", {"--verify-key", file("p.pem"), "--tsa", tsa + "/tsa.pem"});
        EXPECT_TRUE(says(reason(by_key, "signed"), "under the key, time-stamped on ")) << form;
    }
    EXPECT_EQ(stratascan({"gate", name() + ":1", "--tsa", tsa + "/tsa.pem"}, command()).exit, 3)
        << "a time stamp alone says of nobody that they count";
    EXPECT_EQ(stratascan({"gate", name() + ":1", "--verify-key", file("p.pem"), "--tsa", file("p.pem")},
                         command()).exit, 3) << "a key is no certificate";
}

TEST_F(Proofs, AnAuthorityThatIsNotForTimeStampsStampsNothing) {
    const std::string tsa = stamper("stamper");
    attach("bundle", digest_, file("chain.pem"), tsa);
    // The same key under a certificate for something else.
    openssl({"req", "-x509", "-new", "-key", tsa + "/tsa.key", "-subj", "/CN=stamper", "-days", "9",
             "-addext", "extendedKeyUsage=codeSigning", "-out", tsa + "/other.pem"});
    const json report = trusting({"--at", "2040-01-01", "--tsa", tsa + "/other.pem"});
    EXPECT_EQ(check(report, "signed").at("outcome"), "fail") << reason(report, "signed");
}

TEST_F(Proofs, ARevokedCertificateCountsNoMore) {
    attach("bundle", digest_, file("chain.pem"));
    EXPECT_TRUE(says(reason(trusting({}), "signed"), "whether it was revoked was not checked"));
    const json clean = trusting({"--crl", list("clean.crl")});
    EXPECT_EQ(check(clean, "signed").at("outcome"), "pass") << reason(clean, "signed");
    EXPECT_TRUE(says(reason(clean, "signed"), "it was not revoked")) << reason(clean, "signed");
    const json stolen = trusting({"--crl", list("stolen.crl", "keyCompromise")});
    EXPECT_EQ(check(stolen, "signed").at("outcome"), "fail");
    EXPECT_TRUE(says(reason(stolen, "signed"), "was revoked on 2026-01-01 (its key was compromised)"))
        << reason(stolen, "signed");
    // A list that is not in force tells nothing of who is not on it.
    const json old = trusting({"--crl", file("clean.crl"), "--at", day(12)});
    EXPECT_EQ(check(old, "signed").at("outcome"), "fail");
    // Nor does another authority's.
    openssl({"req", "-x509", "-new", "-key", file("s2.pem"), "-subj", "/CN=Elsewhere", "-days", "9",
             "-out", file("elsewhere.pem")});
    openssl({"ca", "-gencrl", "-config", file("ca.cnf"), "-keyfile", file("s2.pem"), "-cert",
             file("elsewhere.pem"), "-crldays", "9", "-out", file("elsewhere.crl")});
    const json elsewhere = trusting({"--crl", file("elsewhere.crl")});
    EXPECT_EQ(check(elsewhere, "signed").at("outcome"), "fail");
    EXPECT_TRUE(says(reason(elsewhere, "signed"), "no list of revoked certificates is of its issuer"))
        << reason(elsewhere, "signed");
    EXPECT_EQ(stratascan({"gate", name() + ":1", "--verify-key", file("p.pem"), "--crl",
                          file("clean.crl")}, command()).exit, 3);
    EXPECT_EQ(stratascan({"gate", name() + ":1", "--trust", file("ca.pem"), "--identity", "**", "--crl",
                          file("ca.pem")}, command()).exit, 3) << "no list in it";
}

}  // namespace
}  // namespace stratascan::e2e
