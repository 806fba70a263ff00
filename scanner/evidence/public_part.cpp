// A key is worth the same under any name, so it is known by two fingerprints:
// the one that `ssh-keygen -l` prints, and the SHA-256 of the
// SubjectPublicKeyInfo, which certificates and pinning use. Both are of the
// public half alone and can stand in any report.
#include "scanner/evidence/public_part.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/ssh_key.hpp"

namespace stratascan::evidence {

namespace {

struct FreeNumber {
    void operator()(BIGNUM* number) const noexcept { BN_clear_free(number); }
};
using NumberHandle = std::unique_ptr<BIGNUM, FreeNumber>;

NumberHandle number_of(const EVP_PKEY& key, const char* name) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(&key, name, &number) != 1) return nullptr;
    return NumberHandle(number);
}

std::string bytes_of(const BIGNUM& number, std::size_t size = 0) {
    std::string bytes(std::max(size, static_cast<std::size_t>(BN_num_bytes(&number))), '\0');
    const int written = BN_bn2binpad(&number, reinterpret_cast<unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
    return written < 0 ? std::string() : bytes;
}

/// Appends the named numbers; false where the key lacks one.
template <typename... Names>
bool put_numbers(std::string& wire, const EVP_PKEY& key, Names... names) {
    bool whole = true;
    for (const char* name : {names...}) {
        const NumberHandle number = number_of(key, name);
        if (!number) {
            whole = false;
            break;
        }
        put_integer(wire, bytes_of(*number));
    }
    return whole;
}

struct Curve {
    std::string_view group;  ///< OpenSSL's name
    std::string_view name;
    std::string_view ssh_name;  ///< empty: SSH has none
    std::size_t coordinate_size;
};
constexpr std::array<Curve, 4> curves = {{{"prime256v1", "EC P-256", "nistp256", 32},
                                          {"secp384r1", "EC P-384", "nistp384", 48},
                                          {"secp521r1", "EC P-521", "nistp521", 66},
                                          {"secp256k1", "EC secp256k1", "", 32}}};

std::string group_of(const EVP_PKEY& key) {
    std::array<char, 80> name{};
    std::size_t size = 0;
    if (EVP_PKEY_get_group_name(&key, name.data(), name.size(), &size) != 1) return {};
    return {name.data(), std::min(size, name.size())};
}

const Curve* curve_of(const EVP_PKEY& key) {
    const std::string group = group_of(key);
    for (const Curve& curve : curves) {
        if (curve.group == group) return &curve;
    }
    return nullptr;
}

std::string ec_blob(const EVP_PKEY& key) {
    const Curve* curve = curve_of(key);
    if (curve == nullptr || curve->ssh_name.empty()) return {};
    const NumberHandle x = number_of(key, OSSL_PKEY_PARAM_EC_PUB_X);
    const NumberHandle y = number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y);
    if (!x || !y) return {};
    std::string wire;
    put_string(wire, "ecdsa-sha2-" + std::string(curve->ssh_name));
    put_string(wire, curve->ssh_name);
    put_string(wire, "\x04" + bytes_of(*x, curve->coordinate_size) +
                         bytes_of(*y, curve->coordinate_size));
    return wire;
}

std::string ed25519_blob(const EVP_PKEY& key) {
    std::array<unsigned char, 32> point{};
    std::size_t size = point.size();
    if (EVP_PKEY_get_raw_public_key(&key, point.data(), &size) != 1) return {};
    std::string wire;
    put_string(wire, "ssh-ed25519");
    put_string(wire, {reinterpret_cast<const char*>(point.data()), size});
    return wire;
}

}  // namespace

std::string describe_key(const EVP_PKEY& key) {
    switch (EVP_PKEY_get_base_id(&key)) {
        case EVP_PKEY_RSA: return fmt::format("RSA {}", EVP_PKEY_get_bits(&key));
        case EVP_PKEY_RSA_PSS: return fmt::format("RSA-PSS {}", EVP_PKEY_get_bits(&key));
        case EVP_PKEY_DSA: return fmt::format("DSA {}", EVP_PKEY_get_bits(&key));
        case EVP_PKEY_ED25519: return "Ed25519";
        case EVP_PKEY_ED448: return "Ed448";
        case EVP_PKEY_X25519: return "X25519";
        case EVP_PKEY_X448: return "X448";
        case EVP_PKEY_EC: break;
        default: return "key";
    }
    if (const Curve* curve = curve_of(key)) return std::string(curve->name);
    const std::string group = group_of(key);
    return group.empty() ? "EC" : "EC " + group;
}

std::string ssh_blob_of(const EVP_PKEY& key) {
    std::string wire;
    switch (EVP_PKEY_get_base_id(&key)) {
        case EVP_PKEY_RSA:
            put_string(wire, "ssh-rsa");
            if (!put_numbers(wire, key, OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_N)) return {};
            return wire;
        case EVP_PKEY_DSA:
            put_string(wire, "ssh-dss");
            if (!put_numbers(wire, key, OSSL_PKEY_PARAM_FFC_P, OSSL_PKEY_PARAM_FFC_Q,
                             OSSL_PKEY_PARAM_FFC_G, OSSL_PKEY_PARAM_PUB_KEY)) {
                return {};
            }
            return wire;
        case EVP_PKEY_EC: return ec_blob(key);
        case EVP_PKEY_ED25519: return ed25519_blob(key);
        default: return {};
    }
}

std::string spki_of(EVP_PKEY& key) {
    unsigned char* text = nullptr;
    const int size = i2d_PUBKEY(&key, &text);
    if (size <= 0) return {};
    std::string bytes(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
    return bytes;
}

bool parts_agree(const EVP_PKEY& key) {
    const int type = EVP_PKEY_get_base_id(&key);
    if (type != EVP_PKEY_RSA && type != EVP_PKEY_RSA_PSS) return true;
    const NumberHandle modulus = number_of(key, OSSL_PKEY_PARAM_RSA_N);
    const NumberHandle p = number_of(key, OSSL_PKEY_PARAM_RSA_FACTOR1);
    const NumberHandle q = number_of(key, OSSL_PKEY_PARAM_RSA_FACTOR2);
    const NumberHandle third = number_of(key, OSSL_PKEY_PARAM_RSA_FACTOR3);
    if (!modulus || !p || !q) return false;
    if (third) return true;  // of more than two primes: rare, and left unchecked
    const NumberHandle product(BN_new());
    BN_CTX* scratch = BN_CTX_secure_new();
    const bool agree = product && scratch != nullptr &&
                       BN_mul(product.get(), p.get(), q.get(), scratch) == 1 &&
                       BN_cmp(product.get(), modulus.get()) == 0;
    BN_CTX_free(scratch);
    return agree;
}

}  // namespace stratascan::evidence
