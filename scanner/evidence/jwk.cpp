// A JSON Web Key with its private part (RFC 7517; RFC 7518, section 6; RFC 8037): numbers
// in base64url, each a member. The object need not be in sight as a whole: as many of its
// members are looked for as the key takes, within the braces round the private one.
// The public half is never taken on trust: of an EC or OKP key it must be that of the
// private number, of an RSA key the product of its primes.
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>

#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/private_key.hpp"
#include "scanner/evidence/wiped.hpp"

namespace stratascan::evidence::checks {

namespace {

constexpr auto npos = std::string_view::npos;
/// Of RSA numbers: 16384 bits.
constexpr std::size_t largest_number = 2048;

struct FreeParameters {
    void operator()(OSSL_PARAM* parameters) const noexcept { OSSL_PARAM_free(parameters); }
};
struct FreeBuilder {
    void operator()(OSSL_PARAM_BLD* builder) const noexcept { OSSL_PARAM_BLD_free(builder); }
};
struct FreeNumber {
    void operator()(BIGNUM* number) const noexcept { BN_clear_free(number); }
};
struct FreeContext {
    void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};
using Number = std::unique_ptr<BIGNUM, FreeNumber>;

const unsigned char* start_of(std::string_view bytes) noexcept {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

/// The object that a member at `place` of `text` is of, as far as it is in sight.
std::string_view object_round(std::string_view text, std::size_t place) noexcept {
    const std::size_t open = text.rfind('{', place);
    if (open == npos) return {};
    return text.substr(open, text.find('}', place) - open);
}

/// A string member; empty where there is none.
std::string_view member(std::string_view object, std::string_view name) {
    const std::string quoted = '"' + std::string(name) + '"';
    for (std::size_t at = object.find(quoted); at != npos; at = object.find(quoted, at + 1)) {
        constexpr std::string_view blanks = " \t\r\n";
        std::size_t behind = object.find_first_not_of(blanks, at + quoted.size());
        if (behind == npos || object[behind] != ':') continue;
        behind = object.find_first_not_of(blanks, behind + 1);
        if (behind == npos || object[behind] != '"') continue;
        const std::size_t end = object.find('"', behind + 1);
        if (end != npos) return object.substr(behind + 1, end - behind - 1);
    }
    return {};
}

std::optional<Wiped> bytes_of(std::string_view object, std::string_view name) {
    const std::string_view value = member(object, name);
    auto bytes = value.empty() ? std::nullopt : decode_base64(value);
    if (!bytes || bytes->empty() || bytes->size() > largest_number) return std::nullopt;
    return Wiped(std::move(*bytes));
}

KeyHandle from_parameters(const char* type, OSSL_PARAM_BLD* builder) {
    const std::unique_ptr<OSSL_PARAM, FreeParameters> parameters(
        OSSL_PARAM_BLD_to_param(builder));
    const std::unique_ptr<EVP_PKEY_CTX, FreeContext> context(
        EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters.get()) != 1) {
        return nullptr;
    }
    return KeyHandle(key);
}

/// RFC 7518, section 6.3. Without primes in sight there is nothing to check it by.
KeyHandle rsa_key(std::string_view object) {
    struct Part {
        const char* name;
        const char* parameter;
    };
    constexpr std::array parts = {
        Part{"n", OSSL_PKEY_PARAM_RSA_N}, Part{"e", OSSL_PKEY_PARAM_RSA_E},
        Part{"d", OSSL_PKEY_PARAM_RSA_D}, Part{"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
        Part{"q", OSSL_PKEY_PARAM_RSA_FACTOR2}};
    const std::unique_ptr<OSSL_PARAM_BLD, FreeBuilder> builder(OSSL_PARAM_BLD_new());
    if (!builder) return nullptr;
    std::array<Number, parts.size()> numbers;  // the builder refers to them
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto bytes = bytes_of(object, parts[i].name);
        if (!bytes) return nullptr;
        numbers[i].reset(BN_bin2bn(start_of(bytes->view()),
                                   static_cast<int>(bytes->view().size()), nullptr));
        if (!numbers[i] ||
            OSSL_PARAM_BLD_push_BN(builder.get(), parts[i].parameter, numbers[i].get()) != 1) {
            return nullptr;
        }
    }
    constexpr int fewest_bits = 256;
    if (BN_num_bits(numbers.front().get()) < fewest_bits) return nullptr;
    return from_parameters("RSA", builder.get());
}

/// RFC 7518, section 6.2.1.1; RFC 8812, section 3.1. OpenSSL calls them the same.
struct Curve {
    std::string_view name;
    std::size_t size;
};
constexpr std::array ec_curves = {Curve{"P-256", 32}, Curve{"P-384", 48}, Curve{"P-521", 66},
                                  Curve{"secp256k1", 32}};

/// RFC 7518, section 6.2.
KeyHandle ec_key(std::string_view object) {
    const std::string name(member(object, "crv"));
    for (const Curve& curve : ec_curves) {
        if (curve.name != name) continue;
        const auto x = bytes_of(object, "x"), y = bytes_of(object, "y"), d = bytes_of(object, "d");
        if (!x || !y || !d || x->view().size() != curve.size || y->view().size() != curve.size ||
            d->view().size() > curve.size) {
            return nullptr;
        }
        const std::string point = '\x04' + std::string(x->view()) + std::string(y->view());
        const Number number(
            BN_bin2bn(start_of(d->view()), static_cast<int>(d->view().size()), nullptr));
        const std::unique_ptr<OSSL_PARAM_BLD, FreeBuilder> builder(OSSL_PARAM_BLD_new());
        if (!number || !builder ||
            OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                            name.c_str(), 0) != 1 ||
            OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                             point.size()) != 1 ||
            OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get()) != 1) {
            return nullptr;
        }
        KeyHandle key = from_parameters("EC", builder.get());
        const std::unique_ptr<EVP_PKEY_CTX, FreeContext> context(
            key ? EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr) : nullptr);
        if (!context || EVP_PKEY_pairwise_check(context.get()) != 1) return nullptr;
        return key;
    }
    return nullptr;
}

/// RFC 8037, section 2.
struct OkpCurve {
    std::string_view name;
    int type;
    std::size_t size;
};
constexpr std::array okp_curves = {
    OkpCurve{"Ed25519", EVP_PKEY_ED25519, 32}, OkpCurve{"X25519", EVP_PKEY_X25519, 32},
    OkpCurve{"Ed448", EVP_PKEY_ED448, 57}, OkpCurve{"X448", EVP_PKEY_X448, 56}};

KeyHandle okp_key(std::string_view object) {
    const std::string_view name = member(object, "crv");
    for (const OkpCurve& curve : okp_curves) {
        if (curve.name != name) continue;
        const auto x = bytes_of(object, "x"), d = bytes_of(object, "d");
        if (!x || !d || d->view().size() != curve.size || x->view().size() != curve.size) {
            return nullptr;
        }
        KeyHandle key(EVP_PKEY_new_raw_private_key(curve.type, nullptr, start_of(d->view()),
                                                   curve.size));
        std::string half(curve.size, '\0');
        std::size_t size = half.size();
        if (!key || EVP_PKEY_get_raw_public_key(
                        key.get(), reinterpret_cast<unsigned char*>(half.data()), &size) != 1 ||
            half != x->view()) {
            return nullptr;
        }
        return key;
    }
    return nullptr;
}

template <typename Curves>
bool knows_curve(const Curves& curves, std::string_view object) {
    const std::string_view name = member(object, "crv");
    return std::any_of(curves.begin(), curves.end(),
                       [name](const auto& curve) { return curve.name == name; });
}

bool has_all(std::string_view object, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        if (member(object, name).empty()) return false;
    }
    return true;
}

}  // namespace

Output jwk(const Input& input) {
    const auto place = static_cast<std::size_t>(input.match.data() - input.around.data());
    if (place > input.around.size()) return {};
    const std::string_view object = object_round(input.around, place);
    const std::string_view type = member(object, "kty");
    KeyHandle key;
    bool whole = false;
    ERR_set_mark();
    if (type == "RSA") {
        whole = has_all(object, {"n", "e", "d", "p", "q"});
        if (whole) key = rsa_key(object);
    } else if (type == "EC") {
        whole = knows_curve(ec_curves, object) && has_all(object, {"x", "y", "d"});
        if (whole) key = ec_key(object);
    } else if (type == "OKP") {
        whole = knows_curve(okp_curves, object) && has_all(object, {"x", "d"});
        if (whole) key = okp_key(object);
    }
    Output output;
    if (key) output = output_of_key(*key);
    ERR_pop_to_mark();
    if (key) return output;
    // A part that is not in sight, or was left out, says nothing against the key.
    if (!whole) return outcome(Evidence::pattern, type.empty() ? "" : printable(type, 8) + " key");
    return outcome(Evidence::bad_checksum, "its public half is not that of the key", -1);
}

}  // namespace stratascan::evidence::checks
