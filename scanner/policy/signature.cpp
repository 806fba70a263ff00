#include "scanner/policy/signature.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "scanner/evidence/codec.hpp"
#include "scanner/image/document.hpp"
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

bool verified(EVP_PKEY* key, std::string_view message, std::string_view signature, bool pss) {
    const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const bool edwards = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
    EVP_PKEY_CTX* details = nullptr;
    if (EVP_DigestVerifyInit(context.get(), &details, edwards ? nullptr : EVP_sha256(), nullptr,
                             key) != 1) {
        return false;
    }
    if (pss && EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING) != 1) return false;
    return EVP_DigestVerify(context.get(),
                            reinterpret_cast<const unsigned char*>(signature.data()),
                            signature.size(),
                            reinterpret_cast<const unsigned char*>(message.data()),
                            message.size()) == 1;
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
    VerifyKey key;
    key.key_.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    ERR_clear_error();
    if (!key.key_) {
        return fail(ErrorCode::malformed, "it is no public key in PEM", name,
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
    const bool holds = verified(key_.get(), message, signature, false) ||
                       (rsa && verified(key_.get(), message, signature, true));
    ERR_clear_error();
    return holds;
}

SignatureCheck check_signatures(const std::string& manifest_digest,
                                const std::vector<image::Attachment>& attached,
                                const VerifyKey& key) {
    SignatureCheck check{true, false, {}};
    std::size_t seen = 0, unread = 0, other = 0;
    for (const image::Attachment& one : attached) {
        for (const image::AttachedBlob& blob : one.blobs) {
            if (blob.media_type != simple_signing) continue;
            ++seen;
            const auto text = blob.annotations.find(signature_key);
            if (blob.bytes.empty() || text == blob.annotations.end()) {
                ++unread;
                continue;
            }
            const auto signature = evidence::decode_base64(text->second);
            if (!signature || !key.holds(blob.bytes, *signature)) continue;
            if (manifest_digest.empty() || signed_digest(blob.bytes) != manifest_digest) {
                ++other;
                continue;
            }
            check.holds = true;
            check.detail = "the signature " + one.digest.substr(0, 19) + " holds under the key";
            return check;
        }
    }
    if (seen == 0) check.detail = "no signature that could be verified is kept with the image here";
    else if (other > 0) check.detail = "what the key signed is another image";
    else if (unread == seen) check.detail = "the signatures' bytes were not read";
    else check.detail = "no signature holds under the key";
    return check;
}

}  // namespace stratascan::policy
