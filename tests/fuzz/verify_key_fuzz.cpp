// Any bytes as the key, the authority and the log's key that a user gives a gate, and any
// signature under a key that was made here: no private key is taken, a key is known by its
// contents and not by what stands around them, and nothing but what was signed holds. Pieces are
// cut at NULs: the key, then what is done to a sound signature and to its message, three
// bytes each: where, and what is added there.
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/policy/transparency.hpp"
#include "scanner/policy/trust.hpp"
#include "scanner/policy/verify_key.hpp"

namespace {

using namespace stratascan::policy;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

constexpr std::string_view message = "what was signed";

struct Sound {
    VerifyKey key;
    std::string signature;
};

Sound sound_of(EVP_PKEY* key, const EVP_MD* hash) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), &BIO_free_all);
    PEM_write_bio_PUBKEY(out.get(), key);
    char* text = nullptr;
    const auto bytes = BIO_get_mem_data(out.get(), &text);
    auto parsed = VerifyKey::parse({text, static_cast<std::size_t>(bytes)}, "own.pem");
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                         &EVP_MD_CTX_free);
    std::size_t size = 1024;
    std::string signature(size, '\0');
    const auto* const signed_bytes = reinterpret_cast<const unsigned char*>(message.data());
    if (!parsed || EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, key) != 1 ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       signed_bytes, message.size()) != 1) {
        __builtin_trap();
    }
    signature.resize(size);
    return {*std::move(parsed), signature};
}

std::vector<Sound> sound_ones() {
    std::vector<Sound> made;
    const Key p256(EVP_EC_gen("P-256"), &EVP_PKEY_free), p384(EVP_EC_gen("P-384"), &EVP_PKEY_free),
        rsa(EVP_RSA_gen(2048), &EVP_PKEY_free),
        edwards(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
    for (EVP_PKEY* const key : {p256.get(), p384.get(), rsa.get()}) {
        made.push_back(sound_of(key, EVP_sha256()));
    }
    made.push_back(sound_of(edwards.get(), nullptr));
    return made;
}

void check_given(const std::string& pem) {
    const auto given = VerifyKey::parse(pem, "given.pem");
    const bool is_private = pem.find("PRIVATE KEY") != std::string::npos;
    if (given && is_private) __builtin_trap();
    if (given) {
        if (given->id().size() != 64) __builtin_trap();
        const auto again = VerifyKey::parse(pem + "\nand more\n", "given.pem");
        if (!again || again->id() != given->id()) __builtin_trap();
        static_cast<void>(given->holds(message, pem));
    } else if (const auto& error = given.error();
               pem.size() > 20 && error.message().contains(pem) && !error.hint.contains(pem)) {
        __builtin_trap();
    }
    if (LogKey::parse(pem, "log.pem").has_value() != given.has_value()) __builtin_trap();
    const auto trust = Trust::parse(pem, "authority.pem", "**", "");
    if (trust && trust->check({pem, "no certificate"}, 1'800'000'000).key) __builtin_trap();
}

// Empty changes leave it as it was.
std::string changed(std::string_view sound, std::string_view changes) {
    std::string made(sound);
    for (; changes.size() >= 3; changes.remove_prefix(3)) {
        const auto at = static_cast<unsigned char>(changes[0]) * 256U +
                        static_cast<unsigned char>(changes[1]);
        char& byte = made[at % made.size()];
        byte = static_cast<char>(byte + changes[2]);
    }
    if (!changes.empty()) made.resize(made.size() - 1);
    return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<Sound> sound = sound_ones();
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const auto next = [&rest] {
        const std::size_t end = std::min(rest.find('\0'), rest.size());
        const std::string_view piece = rest.substr(0, end);
        rest.remove_prefix(std::min(rest.size(), end + 1));
        return piece;
    };
    check_given(std::string(next()));
    const std::string_view of_signature = next(), of_message = next();
    for (const Sound& one : sound) {
        const std::string signature = changed(one.signature, of_signature);
        const std::string text = changed(message, of_message);
        const bool same = signature == one.signature && text == message;
        if (one.key.holds(text, signature) != same) __builtin_trap();
    }
    return 0;
}
