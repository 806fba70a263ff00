// Keys, certificates and signatures that OpenSSL makes here: an authority, one below it, a signer.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "scanner/evidence/codec.hpp"
#include "scanner/policy/trust.hpp"

namespace stratascan::test {

using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;

inline constexpr std::int64_t day = 86'400, now = 1'790'000'000;
inline const std::string digest = "sha256:" + std::string(64, '7');

inline Key made_key(const char* curve = "P-256") {
    return {EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve), EVP_PKEY_free};
}

inline std::string pem_of(const auto& write) {
    BIO* bio = BIO_new(BIO_s_mem());
    write(bio);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string pem(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return pem;
}
inline std::string pem_of(const Key& key) {
    return pem_of([&](BIO* bio) { PEM_write_bio_PUBKEY(bio, key.get()); });
}
inline std::string pem_of(const Certificate& certificate) {
    return pem_of([&](BIO* bio) { PEM_write_bio_X509(bio, certificate.get()); });
}
inline std::string der_of(const Certificate& certificate) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate.get(), &der);
    std::string bytes(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return bytes;
}

struct Wanted {
    std::string name;
    bool authority = false;
    std::string alternative{};  ///< "email:a@b.example"
    std::string usage = "codeSigning";
    std::string provider{};     ///< Fulcio's issuer
    std::int64_t from = now - day, to = now + day;
};

inline void extend(const Certificate& certificate, int kind, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    ASSERT_NE(extension, nullptr) << value;
    X509_add_ext(certificate.get(), extension, -1);
    X509_EXTENSION_free(extension);
}

inline Certificate issue(const Wanted& wanted, const Key& key, const Key& by, const Certificate& issuer) {
    Certificate made(X509_new(), X509_free);
    X509_set_version(made.get(), 2);
    static long serial = 1;
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++);
    ASN1_TIME_set(X509_getm_notBefore(made.get()), wanted.from);
    ASN1_TIME_set(X509_getm_notAfter(made.get()), wanted.to);
    X509_NAME* name = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(wanted.name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made.get(), X509_get_subject_name(issuer ? issuer.get() : made.get()));
    X509_set_pubkey(made.get(), key.get());
    if (wanted.authority) {
        extend(made, NID_basic_constraints, "critical,CA:TRUE");
        extend(made, NID_key_usage, "critical,keyCertSign");
    } else {
        extend(made, NID_key_usage, "critical,digitalSignature");
        if (!wanted.usage.empty()) extend(made, NID_ext_key_usage, wanted.usage);
    }
    if (!wanted.alternative.empty()) extend(made, NID_subject_alt_name, wanted.alternative);
    if (!wanted.provider.empty()) {
        ASN1_OBJECT* oid = OBJ_txt2obj("1.3.6.1.4.1.57264.1.1", 1);
        ASN1_OCTET_STRING* text = ASN1_OCTET_STRING_new();
        ASN1_OCTET_STRING_set(text, reinterpret_cast<const unsigned char*>(wanted.provider.data()),
                              static_cast<int>(wanted.provider.size()));
        X509_EXTENSION* extension = X509_EXTENSION_create_by_OBJ(nullptr, oid, 0, text);
        X509_add_ext(made.get(), extension, -1);
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(text);
        ASN1_OBJECT_free(oid);
    }
    X509_sign(made.get(), by.get(), EVP_sha256());
    return made;
}

inline std::string signed_by(const Key& key, const std::string& message) {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key.get());
    std::size_t size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    EVP_DigestSign(context, nullptr, &size, bytes, message.size());
    std::string signature(size, '\0');
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                   message.size());
    EVP_MD_CTX_free(context);
    signature.resize(size);
    return signature;
}

inline std::string b64(const std::string& bytes) { return evidence::encode_base64(bytes); }

inline Wanted authority(const char* name) {
    return {.name = name, .authority = true, .from = now - 100 * day};
}

/// An authority, one below it, and a signer under that.
struct Family {
    Key root_key = made_key("P-384"), middle_key = made_key(), key = made_key();
    Certificate root = issue(authority("Root"), root_key, root_key, nullptr);
    Certificate middle = issue(authority("Middle"), middle_key, root_key, root);

    [[nodiscard]] Certificate signer(Wanted wanted) const {
        return issue(wanted, key, middle_key, middle);
    }
    [[nodiscard]] std::vector<std::string> chain(const Certificate& leaf) const {
        return {der_of(leaf), der_of(middle)};
    }
    [[nodiscard]] policy::Signer check(const Certificate& leaf, const std::string& identity = "**",
                                       const std::string& issuer = "", std::int64_t at = now) const {
        const auto trust = policy::Trust::parse(pem_of(root), "root.pem", identity, issuer);
        EXPECT_TRUE(trust);
        return trust->check(chain(leaf), at);
    }
};

}  // namespace stratascan::test
