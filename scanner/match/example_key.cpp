// Keys have structure that no drawn text has, so examples of them are real ones,
// made by OpenSSL and thrown away with the process. The making is slow for RSA
// and DSA; hence each kind is made once. DSA takes its smallest size: nothing is
// signed with it.
#include "scanner/match/example_key.hpp"

#include <openssl/dsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/public_part.hpp"
#include "scanner/evidence/ssh_key.hpp"

namespace stratascan::match {

namespace {

using evidence::KeyHandle;

struct FreeContext {
    void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};
using ContextHandle = std::unique_ptr<EVP_PKEY_CTX, FreeContext>;

struct FreeBio {
    void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};
using BioHandle = std::unique_ptr<BIO, FreeBio>;

KeyHandle make_rsa() { return KeyHandle(EVP_RSA_gen(2048)); }
KeyHandle make_ec() { return KeyHandle(EVP_EC_gen("P-256")); }
KeyHandle make_ed25519() { return KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

KeyHandle make_dsa() {
    const ContextHandle domain(EVP_PKEY_CTX_new_id(EVP_PKEY_DSA, nullptr));
    EVP_PKEY* parameters = nullptr;
    if (!domain || EVP_PKEY_paramgen_init(domain.get()) != 1 ||
        EVP_PKEY_CTX_set_dsa_paramgen_bits(domain.get(), 1024) != 1 ||
        EVP_PKEY_paramgen(domain.get(), &parameters) != 1) {
        return nullptr;
    }
    const KeyHandle held(parameters);
    const ContextHandle maker(EVP_PKEY_CTX_new(parameters, nullptr));
    EVP_PKEY* key = nullptr;
    if (!maker || EVP_PKEY_keygen_init(maker.get()) != 1 ||
        EVP_PKEY_keygen(maker.get(), &key) != 1) {
        return nullptr;
    }
    return KeyHandle(key);
}

std::string random_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size));
    return bytes;
}

enum class Form { traditional, pkcs8 };

std::string written(EVP_PKEY* key, Form form, const EVP_CIPHER* cipher) {
    const BioHandle bio(BIO_new(BIO_s_mem()));
    if (key == nullptr || !bio) return {};
    const std::string passphrase = random_bytes(16);
    const auto* bytes = reinterpret_cast<const unsigned char*>(passphrase.data());
    const int size = cipher == nullptr ? 0 : static_cast<int>(passphrase.size());
    const int done =
        form == Form::traditional
            ? PEM_write_bio_PrivateKey_traditional(bio.get(), key, cipher, bytes, size, nullptr,
                                                   nullptr)
            : PEM_write_bio_PKCS8PrivateKey(bio.get(), key, cipher, passphrase.data(), size,
                                            nullptr, nullptr);
    if (done != 1) return {};
    const char* text = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(length)};
}

/// OpenSSH's own form (PROTOCOL.key), which OpenSSL doesn't write.
std::string openssh_form(const EVP_PKEY& key) {
    std::array<unsigned char, 32> seed{};
    std::array<unsigned char, 32> point{};
    std::size_t seed_size = seed.size();
    std::size_t point_size = point.size();
    if (EVP_PKEY_get_raw_private_key(&key, seed.data(), &seed_size) != 1 ||
        EVP_PKEY_get_raw_public_key(&key, point.data(), &point_size) != 1) {
        return {};
    }
    const std::string public_half(point.begin(), point.end());
    const std::string type = "ssh-ed25519";
    std::string blob;
    evidence::put_string(blob, type);
    evidence::put_string(blob, public_half);

    const std::string check = random_bytes(4);
    std::string part = check + check;
    evidence::put_string(part, type);
    evidence::put_string(part, public_half);
    evidence::put_string(part, std::string(seed.begin(), seed.end()) + public_half);
    evidence::put_string(part, "example");
    for (char padding = 1; part.size() % 8 != 0; ++padding) part.push_back(padding);

    std::string body("openssh-key-v1\0", 15);
    evidence::put_string(body, "none");
    evidence::put_string(body, "none");
    evidence::put_string(body, "");
    evidence::put_number(body, 1);
    evidence::put_string(body, blob);
    evidence::put_string(body, part);

    const std::string label = "OPENSSH PRIVATE KEY-----\n";
    std::string text = "-----BEGIN " + label;
    const std::string base64 = evidence::encode_base64(body);
    for (std::size_t at = 0; at < base64.size(); at += 70) text += base64.substr(at, 70) + "\n";
    return text + "-----END " + label;
}

std::string make(std::string_view kind) {
    if (kind == "rsa") return written(make_rsa().get(), Form::traditional, nullptr);
    if (kind == "ec") return written(make_ec().get(), Form::traditional, nullptr);
    if (kind == "dsa") return written(make_dsa().get(), Form::traditional, nullptr);
    if (kind == "pkcs8") return written(make_rsa().get(), Form::pkcs8, nullptr);
    if (kind == "pkcs8-ec") return written(make_ec().get(), Form::pkcs8, nullptr);
    if (kind == "ed25519") return written(make_ed25519().get(), Form::pkcs8, nullptr);
    if (kind == "pkcs8-encrypted") {
        return written(make_rsa().get(), Form::pkcs8, EVP_aes_256_cbc());
    }
    if (kind == "rsa-encrypted") {
        return written(make_rsa().get(), Form::traditional, EVP_aes_128_cbc());
    }
    if (kind == "openssh") {
        const KeyHandle key = make_ed25519();
        return key ? openssh_form(*key) : std::string();
    }
    return {};
}

}  // namespace

std::string example_key(std::string_view kind) {
    static std::mutex guard;
    static std::map<std::string, std::string, std::less<>> made;
    const std::lock_guard lock(guard);
    if (const auto found = made.find(kind); found != made.end()) return found->second;
    std::string text = make(kind);
    if (!text.empty()) made.emplace(kind, text);
    return text;
}

}  // namespace stratascan::match
