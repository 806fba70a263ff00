#include "scanner/policy/signature.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>

#include "scanner/evidence/codec.hpp"
#include "scanner/image/document.hpp"
#include "scanner/policy/date.hpp"
#include "scanner/policy/toml_reader.hpp"

namespace stratascan::policy {

namespace {

constexpr std::string_view simple_signing = "application/vnd.dev.cosign.simplesigning.v1+json";
constexpr const char* signature_key = "dev.cosignproject.cosign/signature";
constexpr int least_rsa_bits = 2048;

using Bio = std::unique_ptr<BIO, int (*)(BIO*)>;
using Context = std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)>;

bool is_accepted(const EVP_PKEY* key) {
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA: return EVP_PKEY_get_bits(key) >= least_rsa_bits;
        case EVP_PKEY_EC: return EVP_PKEY_get_bits(key) >= 256;
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

// The manifest that a payload speaks of, or "".
std::string signed_digest(const std::string& payload) {
    const auto document = image::parse_document(payload);
    // Readers disagree on which of two equal keys counts.
    if (!document || document->repeated_keys) return {};
    const auto* critical = image::member(document->root, "critical");
    if (critical == nullptr || image::string_member(*critical, "type") !=
                                   "cosign container image signature") {
        return {};
    }
    const auto* image = image::member(*critical, "image");
    return image == nullptr ? std::string()
                            : std::string(image::string_member(*image, "docker-manifest-digest"));
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
                    "ECDSA P-256, Ed25519, or RSA of 2048 bits or more");
    }
    return key;
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

namespace {

// One look over all that is attached.
class Look {
public:
    Look(const std::vector<std::string>& manifests, const VerifyKey& key, std::int64_t now)
        : manifests_(manifests), key_(key), now_(now) {}

    void see(const image::Attachment& attached, const image::AttachedBlob& blob) {
        if (blob.media_type == simple_signing) return see_simple(attached, blob);
        const auto envelope = image::read_envelope(blob.media_type, blob.bytes);
        if (!envelope) return;
        const bool signature = image::is_signature(*envelope);
        if (signature) ++seen_;
        if (std::string why = trouble(*envelope); !why.empty()) {
            if (signature) not_verified_ = envelope->form + " is there and not verified: " + why;
            return;
        }
        if (!key_.holds(*envelope)) return;
        if (std::none_of(envelope->subjects.begin(), envelope->subjects.end(),
                         [&](const std::string& one) { return is_asked(one); })) {
            ++other_;
            return;
        }
        check_.verified.insert(blob.digest);
        if (signature) accept(envelope->form, attached);
    }

    SignatureCheck take() {
        if (check_.holds) return std::move(check_);
        if (seen_ == 0) {
            check_.detail = "no signature that could be verified is kept with the image here";
        } else if (other_ > 0) {
            check_.detail = "what the key signed is another image";
        } else if (unread_ == seen_) {
            check_.detail = "the signatures' bytes were not read";
        } else if (!not_verified_.empty()) {
            check_.detail = not_verified_;
        } else {
            check_.detail = "no signature holds under the key";
        }
        return std::move(check_);
    }

private:
    [[nodiscard]] bool is_asked(const std::string& digest) const {
        return !digest.empty() &&
               std::find(manifests_.begin(), manifests_.end(), digest) != manifests_.end();
    }

    [[nodiscard]] std::string trouble(const image::Envelope& envelope) const {
        if (!envelope.doubt.empty()) return envelope.doubt;
        if (envelope.expires.empty()) return {};
        const auto end = read_date(envelope.expires);
        if (!end) return "its end is no date";
        return *end < now_ ? "it ran out on " + written_date(*end) : std::string();
    }

    void accept(const std::string& what, const image::Attachment& attached) {
        if (check_.holds) return;
        check_.holds = true;
        check_.detail = what + " " + attached.digest.substr(0, 19) + " holds under the key";
    }

    void see_simple(const image::Attachment& attached, const image::AttachedBlob& blob) {
        ++seen_;
        const auto text = blob.annotations.find(signature_key);
        if (blob.bytes.empty() || text == blob.annotations.end()) {
            ++unread_;
            return;
        }
        const auto signature = evidence::decode_base64(text->second);
        if (!signature || !key_.holds(blob.bytes, *signature)) return;
        if (is_asked(signed_digest(blob.bytes))) {
            accept("the signature", attached);
        } else {
            ++other_;
        }
    }

    const std::vector<std::string>& manifests_;
    const VerifyKey& key_;
    std::int64_t now_;
    SignatureCheck check_{true, false};
    std::size_t seen_ = 0, unread_ = 0, other_ = 0;
    std::string not_verified_;
};

}  // namespace

SignatureCheck check_signatures(const std::vector<std::string>& manifests,
                                const std::vector<image::Attachment>& attached,
                                const VerifyKey& key, std::int64_t now) {
    Look look(manifests, key, now);
    for (const image::Attachment& one : attached) {
        for (const image::AttachedBlob& blob : one.blobs) look.see(one, blob);
    }
    return look.take();
}

}  // namespace stratascan::policy
