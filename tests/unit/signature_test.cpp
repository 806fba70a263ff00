// Signatures as cosign makes them, with keys made here by OpenSSL.
#include "scanner/policy/signature.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

#include "scanner/evidence/codec.hpp"
#include "tests/support/raw_signature.hpp"

namespace {

using namespace stratascan;
using policy::VerifyKey;

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

Key made(const std::string& kind) {
    EVP_PKEY* key = nullptr;
    if (kind.starts_with("P-") || kind == "secp256k1") {
        key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", kind.c_str());
    } else if (kind.starts_with("RSA")) {
        key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA",
                                static_cast<std::size_t>(std::stoul(kind.substr(3))));
    } else {
        key = EVP_PKEY_Q_keygen(nullptr, nullptr, kind.c_str());
    }
    return {key, EVP_PKEY_free};
}

std::string pem_of(const Key& key, bool is_private = false) {
    BIO* bio = BIO_new(BIO_s_mem());
    if (is_private) {
        PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    } else {
        PEM_write_bio_PUBKEY(bio, key.get());
    }
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string pem(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return pem;
}

std::string signed_by(const Key& key, const std::string& message, bool pss = false) {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free);
    const bool edwards = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_ED25519;
    EVP_PKEY_CTX* details = nullptr;
    EVP_DigestSignInit(context.get(), &details, edwards ? nullptr : EVP_sha256(), nullptr,
                       key.get());
    if (pss) EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING);
    std::size_t size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    EVP_DigestSign(context.get(), nullptr, &size, bytes, message.size());
    std::string signature(size, '\0');
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                   message.size());
    signature.resize(size);
    return signature;
}

const std::string digest = "sha256:" + std::string(64, '7');

std::string payload(const std::string& of = digest) {
    return R"({"critical":{"identity":{"docker-reference":"r.example/app"},"image":)"
           R"({"docker-manifest-digest":")" + of +
           R"("},"type":"cosign container image signature"},"optional":null})";
}

std::vector<image::Attachment> attached(const std::string& bytes, const std::string& signature) {
    image::Attachment one;
    one.subject = digest;
    one.digest = "sha256:" + std::string(64, '8');
    image::AttachedBlob blob;
    blob.media_type = "application/vnd.dev.cosign.simplesigning.v1+json";
    blob.annotations["dev.cosignproject.cosign/signature"] = evidence::encode_base64(signature);
    blob.bytes = bytes;
    one.blobs.push_back(blob);
    return {one};
}

class SignatureOf : public testing::TestWithParam<const char*> {};

TEST_P(SignatureOf, HoldsUnderItsKeyAndItsImageAlone) {
    const Key key = made(GetParam());
    ASSERT_TRUE(key);
    const auto verify = VerifyKey::parse(pem_of(key), "key.pem");
    ASSERT_TRUE(verify) << verify.error().message();
    const std::string good = signed_by(key, payload());
    const auto check = [&](const auto& of, const auto& with) {
        return policy::check_signatures({digest}, of, with, 0);
    };
    EXPECT_TRUE(check(attached(payload(), good), *verify).holds);
    // Another key of the same kind.
    const auto other = VerifyKey::parse(pem_of(made(GetParam())), "other.pem");
    ASSERT_TRUE(other);
    EXPECT_FALSE(check(attached(payload(), good), *other).holds);
    // Other bytes, a changed signature, none.
    EXPECT_FALSE(check(attached(payload() + " ", good), *verify).holds);
    std::string bad = good;
    bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 1);
    EXPECT_FALSE(check(attached(payload(), bad), *verify).holds);
    EXPECT_FALSE(check(attached(payload(), ""), *verify).holds);
    // A good signature of another image.
    const std::string elsewhere = payload("sha256:" + std::string(64, '9'));
    const auto moved = check(attached(elsewhere, signed_by(key, elsewhere)), *verify);
    EXPECT_FALSE(moved.holds);
    EXPECT_NE(moved.detail.find("another image"), std::string::npos) << moved.detail;
}

INSTANTIATE_TEST_SUITE_P(Keys, SignatureOf,
                         testing::Values("P-256", "P-384", "ED25519", "RSA2048", "RSA3072"));

TEST(Signature, RsaWithEitherPadding) {
    const Key key = made("RSA2048");
    const auto verify = VerifyKey::parse(pem_of(key), "key.pem");
    ASSERT_TRUE(verify);
    EXPECT_TRUE(verify->holds("message", signed_by(key, "message", true)));
    EXPECT_TRUE(verify->holds("message", signed_by(key, "message", false)));
    EXPECT_FALSE(verify->holds("massage", signed_by(key, "message", true)));
}

TEST(Signature, PayloadsThatReadersDisagreeOnAreNotBelieved) {
    const Key key = made("P-256");
    const auto verify = VerifyKey::parse(pem_of(key), "key.pem");
    ASSERT_TRUE(verify);
    for (const std::string& bytes :
         {R"({"critical":{"image":{"docker-manifest-digest":"x"}},)" + payload().substr(1),
          std::string("[]"), std::string("{"), digest,
          R"({"critical":{"image":{"docker-manifest-digest":")" + digest + R"("}}})"}) {
        EXPECT_FALSE(
            policy::check_signatures({digest}, attached(bytes, signed_by(key, bytes)), *verify, 0)
                .holds)
            << bytes;
    }
    EXPECT_FALSE(policy::check_signatures({""}, attached(payload(""), signed_by(key, payload(""))),
                                          *verify, 0).holds);
}

TEST(Signature, NoneAndUnreadAreToldApart) {
    const auto verify = VerifyKey::parse(pem_of(made("P-256")), "key.pem");
    ASSERT_TRUE(verify);
    EXPECT_NE(policy::check_signatures({digest}, {}, *verify, 0).detail.find("no signature"),
              std::string::npos);
    EXPECT_NE(policy::check_signatures({digest}, attached("", "x"), *verify, 0).detail.find("not read"),
              std::string::npos);
}

TEST(VerifyKey, WhatIsNoneIsRefused) {
    for (const char* text : {"", "x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"}) {
        EXPECT_FALSE(VerifyKey::parse(text, "key.pem")) << text;
    }
    const auto secret = VerifyKey::parse(pem_of(made("P-256"), true), "key.pem");
    ASSERT_FALSE(secret);
    EXPECT_NE(secret.error().what.find("private key"), std::string::npos);
    EXPECT_FALSE(VerifyKey::parse(pem_of(made("RSA1024")), "short.pem"));
    EXPECT_FALSE(VerifyKey::parse(pem_of(made("X25519")), "agreement.pem"));
    EXPECT_FALSE(VerifyKey::parse(pem_of(made("P-192")), "short.pem"));
    EXPECT_FALSE(VerifyKey::parse(pem_of(made("secp256k1")), "other-curve.pem"));
    EXPECT_TRUE(VerifyKey::parse(pem_of(made("P-521")), "long.pem"));
    // A curve that is spelled out, be it a known one, is whatever its author made of it.
    const Key spelled = made("P-256");
    ASSERT_EQ(EVP_PKEY_set_utf8_string_param(spelled.get(), OSSL_PKEY_PARAM_EC_ENCODING,
                                             OSSL_PKEY_EC_ENCODING_EXPLICIT),
              1);
    EXPECT_FALSE(VerifyKey::parse(pem_of(spelled), "spelled.pem"));
    EXPECT_FALSE(VerifyKey::load("/no/such/key.pem"));
}

// A statement of in-toto in an envelope, signed as DSSE says.
std::string dsse(const Key& key, const std::string& predicate, const std::string& of = digest) {
    const std::string type = "application/vnd.in-toto+json";
    const std::string statement =
        R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"","digest":{"sha256":")" +
        of.substr(7) + R"("}}],"predicateType":")" + predicate + R"(","predicate":{}})";
    const std::string text = "DSSEv1 " + std::to_string(type.size()) + " " + type + " " +
                             std::to_string(statement.size()) + " " + statement;
    return R"({"payload":")" + evidence::encode_base64(statement) + R"(","payloadType":")" + type +
           R"(","signatures":[{"sig":")" + evidence::encode_base64(signed_by(key, text)) + R"("}]})";
}

std::string bundle(const std::string& content) {
    return R"({"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",)"
           R"("verificationMaterial":{"publicKey":{"hint":"x"}},)" + content + "}";
}

std::vector<image::Attachment> one_blob(const std::string& type, const std::string& bytes) {
    image::Attachment one;
    one.subject = digest;
    one.digest = "sha256:" + std::string(64, '8');
    image::AttachedBlob blob;
    blob.digest = "sha256:" + std::string(64, '9');
    blob.media_type = type;
    blob.bytes = bytes;
    one.blobs.push_back(blob);
    return {one};
}

const std::string bundle_type = "application/vnd.dev.sigstore.bundle.v0.3+json";
const std::string cosign_sign = "https://sigstore.dev/cosign/sign/v1";

TEST(Envelopes, BundleWithAStatementIsVerified) {
    for (const char* kind : {"P-256", "P-384", "RSA2048", "ED25519"}) {
        const Key key = made(kind), other = made(kind);
        const auto verify = VerifyKey::parse(pem_of(key), "key");
        ASSERT_TRUE(verify) << kind;
        const auto check = [&](const std::string& bytes) {
            return policy::check_signatures({"sha256:x", digest}, one_blob(bundle_type, bytes),
                                            *verify, 0);
        };
        const std::string good = bundle("\"dsseEnvelope\":" + dsse(key, cosign_sign));
        EXPECT_TRUE(check(good).holds) << kind;
        EXPECT_EQ(check(good).verified.size(), 1U);
        EXPECT_FALSE(check(bundle("\"dsseEnvelope\":" + dsse(other, cosign_sign))).holds);
        const std::string elsewhere = "sha256:" + std::string(64, '6');
        const auto another =
            check(bundle("\"dsseEnvelope\":" + dsse(key, cosign_sign, elsewhere)));
        EXPECT_FALSE(another.holds);
        EXPECT_NE(another.detail.find("another image"), std::string::npos);
        // A statement of something else signs no image.
        const auto sbom =
            check(bundle("\"dsseEnvelope\":" + dsse(key, "https://spdx.dev/Document")));
        EXPECT_FALSE(sbom.holds);
        EXPECT_EQ(sbom.verified.size(), 1U);
    }
}

TEST(Envelopes, BundleOverADigestIsVerified) {
    const std::string manifest = "the bytes of a manifest";
    const std::string of = "sha256:" + evidence::hex(evidence::sha256(manifest));
    for (const char* kind : {"P-256", "RSA2048"}) {
        const Key key = made(kind);
        const auto verify = VerifyKey::parse(pem_of(key), "key");
        const std::string bytes = bundle(
            R"("messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":")" +
            evidence::encode_base64(evidence::sha256(manifest)) + R"("},"signature":")" +
            evidence::encode_base64(signed_by(key, manifest)) + R"("})");
        EXPECT_TRUE(
            policy::check_signatures({of}, one_blob(bundle_type, bytes), *verify, 0).holds);
        EXPECT_FALSE(
            policy::check_signatures({digest}, one_blob(bundle_type, bytes), *verify, 0).holds);
    }
}

std::string url64(const std::string& bytes) {
    std::string text = evidence::encode_base64(bytes);
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    while (text.ends_with('=')) text.pop_back();
    return text;
}

std::string jws(const Key& key, const std::string& header, const std::string& of = digest) {
    const std::string payload =
        url64(R"({"targetArtifact":{"mediaType":"x","digest":")" + of + R"(","size":1}})");
    const std::string signature =
        test::raw_signature(signed_by(key, url64(header) + "." + payload));
    return R"({"payload":")" + payload + R"(","protected":")" + url64(header) +
           R"(","header":{"x5c":[]},"signature":")" + url64(signature) + R"("})";
}

TEST(Envelopes, NotaryInJwsIsVerified) {
    const Key key = made("P-256");
    const auto verify = VerifyKey::parse(pem_of(key), "key");
    const auto check = [&](const std::string& type, const std::string& bytes) {
        return policy::check_signatures({digest}, one_blob(type, bytes), *verify, 1'780'000'000);
    };
    const std::string jose = "application/jose+json";
    const std::string header = R"({"alg":"ES256","cty":"x","crit":["io.cncf.notary.expiry"],)"
                               R"("io.cncf.notary.expiry":"2099-01-01T00:00:00Z"})";
    EXPECT_TRUE(check(jose, jws(key, header)).holds) << check(jose, jws(key, header)).detail;
    EXPECT_FALSE(check(jose, jws(key, header, "sha256:" + std::string(64, '1'))).holds);
    EXPECT_FALSE(check(jose, jws(made("P-256"), header)).holds);
    const auto old = check(jose, jws(key, R"({"alg":"ES256","io.cncf.notary.expiry":"2001-01-01"})"));
    EXPECT_FALSE(old.holds);
    EXPECT_NE(old.detail.find("ran out"), std::string::npos) << old.detail;
    EXPECT_NE(check(jose, jws(key, R"({"alg":"ES256","crit":["unheard-of"]})"))
                  .detail.find("critical header"), std::string::npos);
    EXPECT_NE(check(jose, jws(key, R"({"alg":"none"})")).detail.find("algorithm"),
              std::string::npos);
    EXPECT_NE(check("application/cose", "\x84").detail.find("damaged"), std::string::npos);
}

TEST(Envelopes, WhatIsDamagedIsNoSignature) {
    const Key key = made("P-256");
    const auto verify = VerifyKey::parse(pem_of(key), "key");
    const std::string good = bundle("\"dsseEnvelope\":" + dsse(key, cosign_sign));
    const auto holds = [&](const std::string& bytes) {
        return policy::check_signatures({digest}, one_blob(bundle_type, bytes), *verify, 0).holds;
    };
    ASSERT_TRUE(holds(good));
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(holds(good.substr(0, size))) << size;
    }
    std::string twice = good;
    twice.insert(twice.size() - 1, ",\"dsseEnvelope\":" + dsse(made("P-256"), cosign_sign));
    EXPECT_FALSE(holds(twice)) << "readers disagree about which of two counts";
}

}  // namespace
