#include "scanner/policy/verify_key.hpp"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <new>

#include "scanner/evidence/codec.hpp"
#include "scanner/policy/toml_reader.hpp"

namespace stratascan::policy {

namespace {

constexpr int least_rsa_bits = 2048;

using Bio = std::unique_ptr<BIO, int (*)(BIO*)>;
using Context = std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)>;

std::string parameter(const EVP_PKEY* key, const char* name) {
    std::array<char, 64> text{};
    const int known =
        EVP_PKEY_get_utf8_string_param(key, name, text.data(), text.size(), nullptr);
    return known == 1 ? text.data() : "";
}

// By its name: a curve that the key spells out itself may have a generator of somebody's choice.
bool is_accepted_curve(const EVP_PKEY* key) {
    const std::string curve = parameter(key, OSSL_PKEY_PARAM_GROUP_NAME);
    return parameter(key, OSSL_PKEY_PARAM_EC_ENCODING) == OSSL_PKEY_EC_ENCODING_GROUP &&
           (curve == SN_X9_62_prime256v1 || curve == SN_secp384r1 || curve == SN_secp521r1);
}

bool is_accepted(const EVP_PKEY* key) {
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA: return EVP_PKEY_get_bits(key) >= least_rsa_bits;
        case EVP_PKEY_EC: return is_accepted_curve(key);
        case EVP_PKEY_ED25519: return true;
        default: return false;
    }
}

const EVP_MD* hash_of(image::SignedHash hash) {
    switch (hash) {
        case image::SignedHash::sha384: return EVP_sha384();
        case image::SignedHash::sha512: return EVP_sha512();
        case image::SignedHash::sha256: break;
    }
    return EVP_sha256();
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

bool verified(EVP_PKEY* key, std::string_view message, std::string_view signature,
              image::SignedHash hash, bool pss) {
    const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    if (!context) throw std::bad_alloc();
    const bool edwards = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
    EVP_PKEY_CTX* details = nullptr;
    if (EVP_DigestVerifyInit(context.get(), &details, edwards ? nullptr : hash_of(hash), nullptr,
                             key) != 1) {
        return false;
    }
    if (pss && EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING) != 1) return false;
    return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(),
                            bytes_of(message), message.size()) == 1;
}

// Over a SHA-256 that somebody else has computed.
bool verified_digest(EVP_PKEY* key, std::string_view digest, std::string_view signature, bool pss) {
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519) return false;
    const std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> context(
        EVP_PKEY_CTX_new(key, nullptr), EVP_PKEY_CTX_free);
    if (!context || EVP_PKEY_verify_init(context.get()) != 1) return false;
    if (pss && EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING) != 1) {
        return false;
    }
    return EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) == 1 &&
           EVP_PKEY_verify(context.get(), bytes_of(signature), signature.size(), bytes_of(digest),
                           digest.size()) == 1;
}

}  // namespace

Result<VerifyKey> VerifyKey::parse(std::string_view pem, const std::string& name) {
    if (pem.find("PRIVATE KEY") != pem.npos) {
        return fail(ErrorCode::invalid_argument, "it is a private key", name,
                    "give the public half: openssl pkey -in KEY -pubout");
    }
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    if (!bio) throw std::bad_alloc();
    VerifyKey key;
    if (pem.find("BEGIN CERTIFICATE") != pem.npos) {
        const std::unique_ptr<X509, void (*)(X509*)> certificate(
            PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
        if (certificate) key.key_.reset(X509_get_pubkey(certificate.get()), EVP_PKEY_free);
    } else {
        key.key_.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    }
    ERR_clear_error();
    if (!key.key_) {
        return fail(ErrorCode::malformed, "it is no public key or certificate in PEM", name,
                    "it begins with -----BEGIN PUBLIC KEY-----");
    }
    if (!is_accepted(key.key_.get())) {
        return fail(ErrorCode::unsupported, "keys of this kind or length are not accepted", name,
                    "ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of 2048 bits or more");
    }
    return key;
}

Result<VerifyKey> VerifyKey::of(x509_st* certificate) {
    VerifyKey key;
    key.key_.reset(X509_get_pubkey(certificate), EVP_PKEY_free);
    ERR_clear_error();
    if (!key.key_ || !is_accepted(key.key_.get())) {
        return fail(ErrorCode::unsupported, "keys of this kind or length are not accepted");
    }
    return key;
}

std::string VerifyKey::id() const {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key_.get(), &der);
    if (size <= 0) return {};
    const std::string_view bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    std::string id = evidence::hex(evidence::sha256(bytes));
    OPENSSL_free(der);
    return id;
}

Result<VerifyKey> VerifyKey::load(const std::string& path) {
    const auto pem = read_small_file(path, "key");
    if (!pem) return std::unexpected(pem.error());
    return parse(*pem, path);
}

bool VerifyKey::holds(std::string_view message, std::string_view signature) const {
    const bool rsa = EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_RSA;
    constexpr auto sha256 = image::SignedHash::sha256;
    const bool holds = verified(key_.get(), message, signature, sha256, false) ||
                       (rsa && verified(key_.get(), message, signature, sha256, true));
    ERR_clear_error();
    return holds;
}

bool VerifyKey::holds(const image::Envelope& envelope) const {
    const bool rsa = EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_RSA;
    if (envelope.only_pss && !rsa) return false;
    bool holds = false;
    for (const std::string& signature : envelope.signatures) {
        for (const bool pss : {false, true}) {
            if (holds || (pss && !rsa) || (!pss && envelope.only_pss)) continue;
            holds = envelope.message.empty()
                        ? verified_digest(key_.get(), envelope.message_digest, signature, pss)
                        : verified(key_.get(), envelope.message, signature, envelope.hash, pss);
        }
    }
    ERR_clear_error();
    return holds;
}

}  // namespace stratascan::policy
