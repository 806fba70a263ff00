// Signatures as cosign makes them, with keys made here by OpenSSL.
#include "scanner/policy/signature.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

#include "scanner/evidence/codec.hpp"

namespace {

using namespace stratascan;
using policy::VerifyKey;

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

Key made(const std::string& kind) {
    EVP_PKEY* key = nullptr;
    if (kind == "P-256" || kind == "P-384" || kind == "P-192") {
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
        return policy::check_signatures(digest, of, with);
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
            policy::check_signatures(digest, attached(bytes, signed_by(key, bytes)), *verify).holds)
            << bytes;
    }
    EXPECT_FALSE(policy::check_signatures("", attached(payload(""), signed_by(key, payload(""))),
                                          *verify).holds);
}

TEST(Signature, NoneAndUnreadAreToldApart) {
    const auto verify = VerifyKey::parse(pem_of(made("P-256")), "key.pem");
    ASSERT_TRUE(verify);
    EXPECT_NE(policy::check_signatures(digest, {}, *verify).detail.find("no signature"),
              std::string::npos);
    EXPECT_NE(policy::check_signatures(digest, attached("", "x"), *verify).detail.find("not read"),
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
    EXPECT_FALSE(VerifyKey::load("/no/such/key.pem"));
}

}  // namespace
