#include "scanner/store/key_prints.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/openssh_key.hpp"
#include "scanner/evidence/public_part.hpp"

namespace stratascan::store {

namespace {

using evidence::KeyHandle;

struct FreeBio {
    void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct FreeCertificate {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};

std::vector<std::string> prints_of(const evidence::Output& output) {
    std::vector<std::string> prints;
    if (!output.public_fingerprint.empty()) prints.push_back(output.public_fingerprint);
    if (!output.spki_sha256.empty()) prints.push_back(output.spki_sha256);
    return prints;
}

std::vector<std::string> prints_of(EVP_PKEY& key) {
    std::vector<std::string> prints;
    if (const std::string blob = evidence::ssh_blob_of(key); !blob.empty()) {
        prints.push_back(evidence::ssh_fingerprint(blob));
    }
    if (const std::string spki = evidence::spki_of(key); !spki.empty()) {
        prints.push_back(evidence::hex(evidence::sha256(spki)));
    }
    return prints;
}

// Nobody is asked for a password.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*context*/) { return -1; }

std::vector<std::string> of_openssl(std::string_view bytes) {
    const auto reader = [bytes] {
        std::unique_ptr<BIO, FreeBio> bio(
            BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
        if (!bio) throw std::bad_alloc();
        return bio;
    };
    using Certificate = std::unique_ptr<X509, FreeCertificate>;
    Certificate certificate(PEM_read_bio_X509(reader().get(), nullptr, no_password, nullptr));
    if (!certificate) certificate.reset(d2i_X509_bio(reader().get(), nullptr));
    KeyHandle key(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
    if (!key) key.reset(PEM_read_bio_PUBKEY(reader().get(), nullptr, no_password, nullptr));
    if (!key) key.reset(d2i_PUBKEY_bio(reader().get(), nullptr));
    if (!key) key.reset(PEM_read_bio_PrivateKey(reader().get(), nullptr, no_password, nullptr));
    if (!key) key.reset(d2i_PrivateKey_bio(reader().get(), nullptr));
    ERR_clear_error();
    return key ? prints_of(*key) : std::vector<std::string>();
}

// "ssh-ed25519 AAAA… comment", also behind the options of an authorized_keys line.
std::vector<std::string> of_ssh_line(std::string_view bytes) {
    const std::string_view line = bytes.substr(0, bytes.find_first_of("\r\n"));
    for (std::size_t at = line.find("AAAA"); at != line.npos; at = line.find("AAAA", at + 1)) {
        const std::string_view field = line.substr(at, line.find_first_of(" \t", at) - at);
        const auto blob = evidence::decode_base64(field);
        if (!blob) continue;
        auto prints = prints_of(evidence::judge_public_blob(*blob));
        if (!prints.empty()) return prints;
    }
    return {};
}

}  // namespace

Result<std::vector<std::string>> key_prints(std::string_view bytes) {
    std::vector<std::string> prints;
    const bool is_private = bytes.find("PRIVATE KEY") != bytes.npos;
    if (is_private) {
        prints = prints_of(evidence::checks::private_key({bytes, bytes, bytes}));
    } else if (bytes.starts_with("PuTTY-User-Key-File")) {
        prints = prints_of(evidence::checks::putty_key({bytes, bytes, bytes}));
    }
    if (prints.empty()) prints = of_openssl(bytes);
    if (prints.empty()) prints = of_ssh_line(bytes);
    if (!prints.empty()) return prints;
    return fail(ErrorCode::malformed,
                is_private ? "the key does not tell its public half"
                           : "this is no key and no certificate that is known",
                {}, is_private ? "give its public key or its certificate" : "");
}

}  // namespace stratascan::store
