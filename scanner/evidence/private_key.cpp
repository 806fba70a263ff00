// Private keys prove themselves: one that parses as a whole is a key, and its
// public half names it. The forms behind the same kind of PEM block are many:
//   RSA, EC, DSA PRIVATE KEY   the traditional ones (RFC 8017, RFC 5915), perhaps
//                              encrypted under a "DEK-Info:" header (RFC 1421)
//   PRIVATE KEY                PKCS #8 (RFC 5958), any algorithm
//   ENCRYPTED PRIVATE KEY      PKCS #8 under a password
//   OPENSSH PRIVATE KEY        OpenSSH's own, see openssh_key.cpp
//   PGP PRIVATE KEY BLOCK      OpenPGP packets with a checksum over the armour
// The same bodies stand without a block round them, as bare DER.
// Bodies are decoded here and given to OpenSSL as DER, never as PEM text: so no
// code path exists that could ask for a passphrase. What OpenSSL may be led to
// compute is limited first, since it derives the public half of some keys from
// numbers in the input, which would take minutes if those were long.
#include <openssl/err.h>
#include <openssl/x509.h>

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>

#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/openssh_key.hpp"
#include "scanner/evidence/pem.hpp"
#include "scanner/evidence/private_key.hpp"
#include "scanner/evidence/public_part.hpp"

namespace stratascan::evidence::checks {

namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::string_view begin_mark = "-----BEGIN ";

/// Of a body; an RSA key of 16384 bits has 9.3 KB.
constexpr std::size_t max_der_bytes = std::size_t{16} * 1024;
/// Of a body whose public half OpenSSL may compute: EC, and DSA in PKCS #8, where
/// 3072 bits take 0.9 KB. The traditional form of DSA carries it.
constexpr std::size_t max_computed_bytes = 1024;
/// Of the private number of DSA in PKCS #8, which OpenSSL raises a number to; it
/// is no longer than q, which has 32 bytes at most.
constexpr std::size_t max_exponent_bytes = 48;

/// Takes back what a failed parse leaves in OpenSSL's queue of errors, which
/// belongs to the thread and not to this check.
class ErrorMark {
public:
    ErrorMark() noexcept { ERR_set_mark(); }
    ErrorMark(const ErrorMark&) = delete;
    ErrorMark& operator=(const ErrorMark&) = delete;
    ~ErrorMark() { ERR_pop_to_mark(); }
};

Output broken() { return outcome(Evidence::pattern, "does not parse as a key", -2); }

struct FreePkcs8 {
    void operator()(PKCS8_PRIV_KEY_INFO* info) const noexcept { PKCS8_PRIV_KEY_INFO_free(info); }
};
using Pkcs8Handle = std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreePkcs8>;

const unsigned char* start_of(std::string_view bytes) noexcept {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

/// The tag that follows the version in `SEQUENCE { INTEGER version, … }`, which
/// tells the forms apart; 0 for anything else.
unsigned char tag_behind_version(std::string_view der) noexcept {
    constexpr unsigned char sequence = 0x30;
    constexpr unsigned char integer = 0x02;
    const auto at = [der](std::size_t index) {
        return index < der.size() ? static_cast<unsigned char>(der[index]) : std::uint8_t{0};
    };
    if (at(0) != sequence) return 0;
    const std::size_t header = at(1) < 0x80 ? 2 : 2 + (at(1) & 0x7FU);
    if (at(header) != integer || at(header + 1) >= 0x80) return 0;
    return at(header + 2 + at(header + 1));
}

constexpr unsigned char tag_algorithm = 0x30;  ///< of PKCS #8
constexpr unsigned char tag_number = 0x02;     ///< RSA's modulus, DSA's p
constexpr unsigned char tag_octets = 0x04;     ///< EC's private number

/// REQUIRES: `der` is not PKCS #8. OpenSSL's reader of traditional keys would take
/// that too, of any algorithm, and without the limits of pkcs8_key().
KeyHandle traditional_key(int type, std::string_view der) {
    const std::size_t limit = type == EVP_PKEY_EC ? max_computed_bytes : max_der_bytes;
    if (der.size() > limit) return nullptr;
    const unsigned char* at = start_of(der);
    return KeyHandle(d2i_PrivateKey(type, nullptr, &at, static_cast<long>(der.size())));
}

/// The algorithm that a PKCS #8 body names; NID_undef for one that is not tried.
int algorithm_of(const PKCS8_PRIV_KEY_INFO& info) {
    const ASN1_OBJECT* object = nullptr;
    int private_size = 0;
    const unsigned char* private_part = nullptr;
    if (PKCS8_pkey_get0(&object, &private_part, &private_size, nullptr, &info) != 1) {
        return NID_undef;
    }
    constexpr std::array known = {EVP_PKEY_RSA,   EVP_PKEY_RSA_PSS, EVP_PKEY_EC,   EVP_PKEY_DSA,
                                  EVP_PKEY_ED25519, EVP_PKEY_ED448, EVP_PKEY_X25519, EVP_PKEY_X448};
    const int id = OBJ_obj2nid(object);
    if (id == EVP_PKEY_DSA && static_cast<std::size_t>(private_size) > max_exponent_bytes) {
        return NID_undef;
    }
    for (const int each : known) {
        if (each == id) return id;
    }
    return NID_undef;
}

KeyHandle pkcs8_key(std::string_view der) {
    if (der.size() > max_der_bytes) return nullptr;
    const unsigned char* at = start_of(der);
    const Pkcs8Handle info(
        d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
    if (!info) return nullptr;
    const int algorithm = algorithm_of(*info);
    if (algorithm == NID_undef) return nullptr;
    const bool computed = algorithm != EVP_PKEY_RSA && algorithm != EVP_PKEY_RSA_PSS;
    if (computed && der.size() > max_computed_bytes) return nullptr;
    return KeyHandle(EVP_PKCS82PKEY(info.get()));
}

/// The body says which form it is in; writers get the label wrong. Only DSA and
/// RSA begin alike.
KeyHandle parse_key(std::string_view label, std::string_view der) {
    switch (tag_behind_version(der)) {
        case tag_algorithm: return pkcs8_key(der);
        case tag_octets: return traditional_key(EVP_PKEY_EC, der);
        case tag_number:
            return traditional_key(label.starts_with("DSA") ? EVP_PKEY_DSA : EVP_PKEY_RSA, der);
        default: return nullptr;
    }
}

Output told_of(EVP_PKEY& key) {
    Output output = verified(describe_key(key) + ", not encrypted");
    if (const std::string blob = ssh_blob_of(key); !blob.empty()) {
        output.public_fingerprint = ssh_fingerprint(blob);
    }
    if (const std::string spki = spki_of(key); !spki.empty()) {
        output.spki_sha256 = hex(sha256(spki));
    }
    if (!parts_agree(key)) {
        output.level = Evidence::well_formed;
        output.detail += ", its numbers do not agree";
        output.confidence_shift = 0;
    }
    return output;
}

Output judge_plain(const Pem& pem) {
    const ErrorMark mark;
    const KeyHandle key = parse_key(pem.label, pem.body.view());
    if (!key) return broken();
    return told_of(*key);
}

/// EncryptedPrivateKeyInfo: an algorithm with its parameters, and the bytes.
Output judge_encrypted_pkcs8(const Pem& pem) {
    const ErrorMark mark;
    const std::string_view der = pem.body.view();
    if (der.size() > max_der_bytes) return broken();
    const unsigned char* at = start_of(der);
    X509_SIG* info = d2i_X509_SIG(nullptr, &at, static_cast<long>(der.size()));
    if (info == nullptr) return broken();
    X509_SIG_free(info);
    return outcome(Evidence::well_formed, "PKCS #8, encrypted", -1);
}

/// "DEK-Info: AES-128-CBC,…": the cipher's name, or an empty text.
std::string cipher_of(std::string_view headers) {
    constexpr std::string_view name = "DEK-Info:";
    const std::size_t at = headers.find(name);
    if (at == npos) return {};
    const std::string_view value = headers.substr(at + name.size());
    return printable(trimmed(value.substr(0, value.find_first_of(",\n"))), 32);
}

Output judge_encrypted_traditional(const Pem& pem) {
    constexpr std::size_t cipher_block = 8;  // of DES; those of AES are twice that
    if (pem.body.view().size() % cipher_block != 0) return broken();
    const std::string type = pem.label.substr(0, pem.label.find(' '));
    const std::string cipher = cipher_of(pem.headers);
    return outcome(Evidence::well_formed,
                   printable(type, 8) + ", encrypted" + (cipher.empty() ? "" : " (" + cipher + ")"),
                   -1);
}

/// CRC-24 of RFC 9580, section 6.1.1.
std::uint32_t crc24(std::string_view bytes) noexcept {
    std::uint32_t value = 0xB704CEU;
    for (const char c : bytes) {
        value ^= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << 16U;
        for (int bit = 0; bit < 8; ++bit) {
            value <<= 1U;
            if ((value & 0x1000000U) != 0) value ^= 0x1864CFBU;
        }
    }
    return value & 0xFFFFFFU;
}

Output judge_openpgp(const Pem& pem) {
    const std::string_view body = pem.body.view();
    const auto first = static_cast<unsigned char>(body.front());
    // The first packet's tag stands in 4 bits of the old form or 6 of the new.
    const unsigned tag = (first & 0x40U) != 0 ? first & 0x3FU : (first >> 2U) & 0x0FU;
    constexpr unsigned secret_key_tag = 5;
    if ((first & 0x80U) == 0 || tag != secret_key_tag) return broken();
    const auto sum = decode_base64(pem.armor_sum);
    if (sum && sum->size() == 3) {
        const std::string expected = little_endian(crc24(body));
        if (std::string(sum->rbegin(), sum->rend()) == expected.substr(0, 3)) {
            return verified("OpenPGP secret key, CRC-24 holds");
        }
        return outcome(Evidence::bad_checksum, "OpenPGP secret key, CRC-24 does not hold", -1);
    }
    return outcome(Evidence::well_formed, "OpenPGP secret key");
}

Output judge(const Pem& pem) {
    if (pem.label.find("PRIVATE KEY") == std::string::npos || pem.body.empty()) return broken();
    if (pem.label.starts_with("OPENSSH")) return judge_openssh_key(pem.body.view());
    if (pem.label.starts_with("PGP")) return judge_openpgp(pem);
    if (pem.label.starts_with("ENCRYPTED")) return judge_encrypted_pkcs8(pem);
    if (pem.headers.find("ENCRYPTED") != std::string::npos ||
        pem.headers.find("DEK-Info") != std::string::npos) {
        return judge_encrypted_traditional(pem);
    }
    return judge_plain(pem);
}

Output with_known_name(Output output) {
    if (const std::string name = published_key(output.public_fingerprint, output.spki_sha256);
        !name.empty()) {
        output.level = Evidence::known_example;
        output.detail += ", " + name;
        output.confidence_shift = -1;
    }
    return output;
}

/// Of the DER element that `bytes` begin with, as its header says (X.690, section 8.1).
std::size_t element_size(std::string_view bytes) noexcept {
    const auto at = [bytes](std::size_t index) {
        return index < bytes.size() ? static_cast<unsigned char>(bytes[index]) : std::size_t{0};
    };
    if (at(1) < 0x80) return 2 + at(1);
    if (at(1) == 0x81) return 3 + at(2);
    return 4 + 256 * at(2) + at(3);
}

/// Of Ed25519 and its kin any bytes behind the prefix are a key. In a program's table
/// of prefixes those behind it are text, or numbers with many zeros. Of 32 drawn bytes
/// fewer than 22 different ones are met once in a billion times, fewer than four above
/// 0x7f once in a million.
bool is_prefix_in_a_program(std::string_view der) noexcept {
    constexpr std::size_t raw_key = 32, longest = 80, least_different = 22, least_high = 4;
    if (der.size() < raw_key || der.size() > longest) return false;
    std::bitset<256> different;
    std::size_t high = 0;
    for (const char c : der.substr(der.size() - raw_key)) {
        different.set(static_cast<unsigned char>(c));
        high += static_cast<unsigned char>(c) >> 7U;
    }
    return different.count() < least_different || high < least_high;
}

/// An AlgorithmIdentifier of a password in front, where a plain key has its version.
bool is_encrypted(std::string_view der) noexcept {
    const std::string_view head = der.substr(0, 32);
    return head.find("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d") != npos ||
           head.find("\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01") != npos;
}

/// The text that has the block in it: the capture, or the match round it.
std::string_view block_text(const Input& input) noexcept {
    return input.secret.find(begin_mark) != npos ? input.secret : input.match;
}

}  // namespace

Output private_key(const Input& input) {
    std::string_view text = block_text(input);
    // A whole block in base64 once more, as Kubernetes and CI systems store it.
    Wiped decoded;
    if (text.find(begin_mark) == npos) {
        auto bytes = decode_base64(trimmed(input.secret));
        if (bytes) decoded = Wiped(std::move(*bytes));
        text = decoded.view();
    }
    const auto pem = read_pem(text);
    if (!pem) return broken();
    return with_known_name(judge(*pem));
}

/// A key as DER, without PEM round it.
Output private_key_der(const Input& input) {
    std::string_view der = seen_from_match(input);
    // What stands in front of it may be in the match, too.
    if (input.secret.data() > der.data() && input.secret.data() < der.data() + der.size()) {
        der.remove_prefix(static_cast<std::size_t>(input.secret.data() - der.data()));
    }
    der = der.substr(0, element_size(der));
    if (is_prefix_in_a_program(der)) return not_a_secret("template");
    Pem pem;
    pem.label = "PRIVATE KEY";
    pem.body = Wiped(std::string(der));
    if (is_encrypted(der)) {
        Output output = judge_encrypted_pkcs8(pem);
        return output.level == Evidence::well_formed ? output : not_a_secret("template");
    }
    return with_known_name(judge_plain(pem));
}

/// The "private_key" of a service account's JSON, and the account that is named
/// next to it.
Output gcp_service_account(const Input& input) {
    Output output = private_key(input);
    constexpr std::string_view member = "\"client_email\"";
    for (const std::string_view text : {input.match, input.around}) {
        std::size_t at = text.find(member);
        if (at == npos) continue;
        at = text.find('"', at + member.size());
        if (at == npos) continue;
        const std::string_view value = text.substr(at + 1, 120);
        const std::size_t end = value.find('"');
        if (end == npos || end == 0) continue;
        output.detail = printable(value.substr(0, end), 100) + ", " + output.detail;
        break;
    }
    return output;
}

}  // namespace stratascan::evidence::checks

namespace stratascan::evidence {

Output output_of_key(EVP_PKEY& key) { return checks::with_known_name(checks::told_of(key)); }

}  // namespace stratascan::evidence
