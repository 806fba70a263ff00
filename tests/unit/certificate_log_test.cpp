// Promises of certificate transparency in certificates that are made here as RFC 6962 says: the
// log signs the certificate without the promise, which is then put into it. OpenSSL's own
// judgement (SCT_validate) is the reference.
#include <gtest/gtest.h>
#include <openssl/ct.h>

#include <fstream>

#include "scanner/policy/certificate_log.hpp"
#include "tests/support/image_builder.hpp"
#include "tests/support/issuing.hpp"

namespace {

using namespace stratascan;
using namespace stratascan::test;
using policy::CertificateLogKey;

std::string number(std::uint64_t value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
    return out;
}

std::string spki_of(const Key& key) {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key.get(), &der);
    std::string bytes(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return bytes;
}

std::string tbs_of(const Certificate& certificate) {
    unsigned char* der = nullptr;
    const int size = i2d_re_X509_tbs(certificate.get(), &der);
    std::string bytes(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return bytes;
}

/// The signer's certificate with a promise of `log` of what `shown` is, as one under `issuer`.
struct Promising {
    Family family;
    Key log = made_key();
    std::uint64_t time_ms = static_cast<std::uint64_t>(now - 3600) * 1000;

    [[nodiscard]] std::string promise(const std::string& tbs) const {
        const std::string text = number(0, 1) + number(0, 1) + number(time_ms, 8) + number(1, 2) +
                                 evidence::sha256(spki_of(family.middle_key)) +
                                 number(tbs.size(), 3) + tbs + number(0, 2);
        const std::string signature = signed_by(log, text);
        const std::string one = number(0, 1) + evidence::sha256(spki_of(log)) + number(time_ms, 8) +
                                number(0, 2) + number(4, 1) + number(3, 1) +  // SHA-256, ECDSA
                                number(signature.size(), 2) + signature;
        return number(one.size() + 2, 2) + number(one.size(), 2) + one;
    }

    [[nodiscard]] Certificate certificate(const std::string& about = "") const {
        Certificate made = family.signer({"signer"});
        const std::string list = promise(about.empty() ? tbs_of(made) : about);
        ASN1_OCTET_STRING* inner = ASN1_OCTET_STRING_new();
        ASN1_OCTET_STRING_set(inner, reinterpret_cast<const unsigned char*>(list.data()),
                              static_cast<int>(list.size()));
        unsigned char* der = nullptr;
        const int size = i2d_ASN1_OCTET_STRING(inner, &der);
        ASN1_OCTET_STRING* outer = ASN1_OCTET_STRING_new();
        ASN1_OCTET_STRING_set(outer, der, size);
        X509_EXTENSION* extension =
            X509_EXTENSION_create_by_NID(nullptr, NID_ct_precert_scts, 0, outer);
        X509_add_ext(made.get(), extension, -1);
        X509_sign(made.get(), family.middle_key.get(), EVP_sha256());
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(outer);
        ASN1_OCTET_STRING_free(inner);
        OPENSSL_free(der);
        return made;
    }

    [[nodiscard]] policy::Promised prove(const Certificate& one, const Key& by) const {
        const auto key = CertificateLogKey::parse(pem_of(by), "log.pem");
        EXPECT_TRUE(key);
        return key->prove(one.get(), family.middle.get());
    }
};

// What OpenSSL says of the first promise.
sct_validation_status_t judged(const Promising& by, const Certificate& certificate) {
    const TempDir folder;
    const std::string file = folder.path("logs.conf");
    std::ofstream(file) << "enabled_logs = one\n[one]\ndescription = Log\nkey = "
                        << evidence::encode_base64(spki_of(by.log)) << "\n";
    CTLOG_STORE* const store = CTLOG_STORE_new();
    EXPECT_EQ(CTLOG_STORE_load_file(store, file.c_str()), 1);
    CT_POLICY_EVAL_CTX* const context = CT_POLICY_EVAL_CTX_new();
    CT_POLICY_EVAL_CTX_set1_cert(context, certificate.get());
    CT_POLICY_EVAL_CTX_set1_issuer(context, by.family.middle.get());
    CT_POLICY_EVAL_CTX_set_shared_CTLOG_STORE(context, store);
    CT_POLICY_EVAL_CTX_set_time(context, static_cast<std::uint64_t>(now) * 1000);
    auto* const all = static_cast<STACK_OF(SCT)*>(
        X509_get_ext_d2i(certificate.get(), NID_ct_precert_scts, nullptr, nullptr));
    EXPECT_EQ(sk_SCT_num(all), 1);
    SCT* const one = sk_SCT_value(all, 0);
    SCT_set_source(one, SCT_SOURCE_X509V3_EXTENSION);
    static_cast<void>(SCT_validate(one, context));
    const auto status = SCT_get_validation_status(one);
    SCT_LIST_free(all);
    CT_POLICY_EVAL_CTX_free(context);
    CTLOG_STORE_free(store);
    return status;
}

TEST(CertificateLog, APromiseHoldsOfTheCertificateThatTheLogSaw) {
    const Promising by;
    const Certificate good = by.certificate();
    EXPECT_EQ(judged(by, good), SCT_VALIDATION_STATUS_VALID) << "the test's own certificate";
    EXPECT_EQ(policy::promises_in(good.get()), 1U);
    const policy::Promised promised = by.prove(good, by.log);
    ASSERT_TRUE(promised.at) << promised.why_not;
    EXPECT_EQ(*promised.at, now - 3600);
    // Another certificate's promise is none of this one.
    const Certificate borrowed = by.certificate(tbs_of(by.family.signer({"another"})));
    EXPECT_EQ(judged(by, borrowed), SCT_VALIDATION_STATUS_INVALID);
    EXPECT_NE(by.prove(borrowed, by.log).why_not.find("does not hold"), std::string::npos);
    EXPECT_NE(by.prove(good, made_key()).why_not.find("another certificate transparency log"),
              std::string::npos);
    const Certificate without = by.family.signer({"signer"});
    EXPECT_EQ(policy::promises_in(without.get()), 0U);
    EXPECT_NE(by.prove(without, by.log).why_not.find("no promise"), std::string::npos);
    EXPECT_FALSE(CertificateLogKey::parse(pem_of(by.log), "log")->prove(good.get(), nullptr).at);
}

TEST(CertificateLog, IsAskedOfSignersWhereItsKeyIsGiven) {
    const Promising by;
    auto trust = *policy::Trust::parse(pem_of(by.family.root), "root.pem", "**", "");
    const auto check = [&](const Certificate& leaf) { return trust.check(by.family.chain(leaf), now); };
    const policy::Signer unasked = check(by.certificate());
    ASSERT_TRUE(unasked.key) << unasked.why_not;
    EXPECT_NE(unasked.told.find("promise of certificate transparency in it was not checked"),
              std::string::npos);
    trust.require_log(*CertificateLogKey::parse(pem_of(by.log), "log.pem"));
    const policy::Signer good = check(by.certificate());
    ASSERT_TRUE(good.key) << good.why_not;
    EXPECT_NE(good.told.find("in certificate transparency by the log's promise"), std::string::npos);
    EXPECT_FALSE(check(by.family.signer({"signer"})).key);
    EXPECT_FALSE(check(by.certificate("something else")).key);
}

// Any change of the promise's bytes makes it one that does not hold, or none.
TEST(CertificateLog, ADamagedPromiseIsNone) {
    const Promising by;
    const Certificate good = by.certificate();
    const std::string der = der_of(good);
    const auto key = *CertificateLogKey::parse(pem_of(by.log), "log.pem");
    const std::size_t at = der.find(evidence::sha256(spki_of(by.log)));
    ASSERT_NE(at, std::string::npos);
    for (std::size_t i = at; i < at + 100; ++i) {
        std::string changed = der;
        changed[i] = static_cast<char>(changed[i] ^ 0x40);
        const policy::Certificate read = policy::certificate_of(changed);
        if (!read) continue;
        EXPECT_FALSE(key.prove(read.get(), by.family.middle.get()).at) << i - at;
    }
}

}  // namespace
