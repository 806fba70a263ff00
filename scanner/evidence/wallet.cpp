// Keys of crypto wallets that prove themselves: base58check holds a checksum, and a key
// pair of Solana holds its own public half.
#include <openssl/evp.h>

#include <charconv>
#include <memory>
#include <optional>

#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/codec.hpp"

namespace stratascan::evidence::checks {

namespace {

struct FreeKey {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};

/// The public half of an Ed25519 key, from its 32 bytes.
std::optional<std::string> ed25519_public(std::string_view seed) {
    const std::unique_ptr<EVP_PKEY, FreeKey> key(EVP_PKEY_new_raw_private_key(
        EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(seed.data()),
        seed.size()));
    std::string half(32, '\0');
    std::size_t size = half.size();
    if (!key || EVP_PKEY_get_raw_public_key(
                    key.get(), reinterpret_cast<unsigned char*>(half.data()), &size) != 1) {
        return std::nullopt;
    }
    return half;
}

/// The bytes of "1, 2, 3"; nothing where a number is none or too large.
std::optional<std::string> listed_bytes(std::string_view list) {
    std::string bytes;
    const char* at = list.data();
    const char* const end = list.data() + list.size();
    while (at < end) {
        if (!is_digit(*at)) {
            ++at;
            continue;
        }
        unsigned value = 0;
        const auto [behind, error] = std::from_chars(at, end, value);
        if (error != std::errc() || value > 255) return std::nullopt;
        bytes.push_back(static_cast<char>(value));
        at = behind;
    }
    return bytes;
}

}  // namespace

/// Bytes and the first four of the SHA-256 of their SHA-256, in base 58 (BIP 32,
/// "Serialization format"; Bitcoin's "Wallet import format").
Output base58check(const Input& input) {
    constexpr std::size_t sum_size = 4;
    const auto bytes = decode_base58(input.secret);
    if (bytes && bytes->size() > sum_size) {
        const std::string_view all = *bytes;
        const std::string_view payload = all.substr(0, all.size() - sum_size);
        if (sha256(sha256(payload)).substr(0, sum_size) == all.substr(payload.size()))
            return verified("base58 checksum holds");
    }
    if (!placeholder_reason(input.secret).empty()) return placeholder();
    return outcome(Evidence::bad_checksum, "base58 checksum does not hold", -1);
}

/// 64 bytes, in base 58 or as numbers of a JSON array: an Ed25519 key and its public half
/// (Solana, "File system wallet").
Output solana_keypair(const Input& input) {
    constexpr std::size_t half = 32;
    const bool is_list = input.secret.find(',') != std::string_view::npos;
    const auto bytes = is_list ? listed_bytes(input.secret) : decode_base58(input.secret);
    if (bytes && bytes->size() == 2 * half) {
        const std::string_view all = *bytes;
        if (ed25519_public(all.substr(0, half)) == all.substr(half))
            return verified("the public half is that of the key");
    }
    if (!placeholder_reason(input.secret).empty()) return placeholder();
    return outcome(Evidence::bad_checksum, "the public half is not that of the key", -1);
}

}  // namespace stratascan::evidence::checks
