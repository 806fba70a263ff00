// The public blob has all that a SubjectPublicKeyInfo has, in another spelling.
// So the latter is written here by hand, by the rules of DER (X.690): a tag, a
// length, contents. That takes fewer lines than to build an OpenSSL key from the
// parts, and can't be led to compute anything with a hostile number.
#include "scanner/evidence/ssh_key.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include <fmt/format.h>

#include "scanner/evidence/codec.hpp"

namespace stratascan::evidence {

namespace {

/// Object identifiers, already encoded.
constexpr std::string_view oid_rsa("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 11);
constexpr std::string_view oid_dsa("\x06\x07\x2a\x86\x48\xce\x38\x04\x01", 9);
constexpr std::string_view oid_ec("\x06\x07\x2a\x86\x48\xce\x3d\x02\x01", 9);
constexpr std::string_view oid_p256("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10);
constexpr std::string_view oid_p384("\x06\x05\x2b\x81\x04\x00\x22", 7);
constexpr std::string_view oid_p521("\x06\x05\x2b\x81\x04\x00\x23", 7);
constexpr std::string_view oid_ed25519("\x06\x03\x2b\x65\x70", 5);
constexpr std::string_view der_null("\x05\x00", 2);

constexpr char tag_integer = 0x02;
constexpr char tag_bits = 0x03;
constexpr char tag_sequence = 0x30;

std::string der(char tag, std::string_view contents) {
    std::string text(1, tag);
    if (contents.size() < 0x80) {
        text.push_back(static_cast<char>(contents.size()));
    } else {
        std::string length;
        for (std::size_t left = contents.size(); left != 0; left >>= 8U) {
            length.insert(length.begin(), static_cast<char>(left & 0xFFU));
        }
        text.push_back(static_cast<char>(0x80U | length.size()));
        text += length;
    }
    return text.append(contents);
}

std::string bit_string(std::string_view bytes) {
    std::string contents(1, '\0');  // no unused bits
    contents.append(bytes);
    return der(tag_bits, contents);
}

std::string spki(const std::string& algorithm, std::string_view key) {
    return der(tag_sequence, der(tag_sequence, algorithm) + bit_string(key));
}

std::string joined(std::string_view left, std::string_view right) {
    std::string text(left);
    return text.append(right);
}

/// Bits of a positive number in the wire form, whose first byte may be zero.
std::size_t bits_of(std::string_view number) noexcept {
    while (!number.empty() && number.front() == '\0') number.remove_prefix(1);
    if (number.empty()) return 0;
    const auto first = static_cast<unsigned char>(number.front());
    return (number.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(unsigned{first}));
}

std::optional<SshPublicKey> read_rsa(WireReader wire, SshPublicKey key) {
    const auto exponent = wire.string();
    const auto modulus = wire.string();
    if (!exponent || !modulus || !wire.rest().empty()) return std::nullopt;
    key.description = fmt::format("RSA {}", bits_of(*modulus));
    const std::string numbers = der(tag_integer, *modulus) + der(tag_integer, *exponent);
    key.spki = spki(joined(oid_rsa, der_null), der(tag_sequence, numbers));
    return key;
}

std::optional<SshPublicKey> read_dsa(WireReader wire, SshPublicKey key) {
    const auto p = wire.string();
    const auto q = wire.string();
    const auto g = wire.string();
    const auto y = wire.string();
    if (!p || !q || !g || !y || !wire.rest().empty()) return std::nullopt;
    key.description = fmt::format("DSA {}", bits_of(*p));
    const std::string domain =
        der(tag_sequence, der(tag_integer, *p) + der(tag_integer, *q) + der(tag_integer, *g));
    key.spki = spki(joined(oid_dsa, domain), der(tag_integer, *y));
    return key;
}

std::optional<SshPublicKey> read_ec(WireReader wire, SshPublicKey key) {
    struct Curve {
        std::string_view ssh_name;
        std::string_view name;
        std::string_view oid;
        std::size_t coordinate_size;
    };
    static constexpr std::array<Curve, 3> curves = {{{"nistp256", "EC P-256", oid_p256, 32},
                                                     {"nistp384", "EC P-384", oid_p384, 48},
                                                     {"nistp521", "EC P-521", oid_p521, 66}}};
    const auto name = wire.string();
    const auto point = wire.string();
    if (!name || !point || !wire.rest().empty()) return std::nullopt;
    const auto curve = std::find_if(curves.begin(), curves.end(),
                                    [&name](const Curve& each) { return each.ssh_name == *name; });
    if (curve == curves.end() || point->size() != 2 * curve->coordinate_size + 1) {
        return std::nullopt;
    }
    key.description = curve->name;
    key.spki = spki(joined(oid_ec, curve->oid), *point);
    return key;
}

std::optional<SshPublicKey> read_ed25519(WireReader wire, SshPublicKey key) {
    const auto point = wire.string();
    if (!point || point->size() != 32 || !wire.rest().empty()) return std::nullopt;
    key.description = "Ed25519";
    key.spki = spki(std::string(oid_ed25519), *point);
    return key;
}

}  // namespace

std::optional<std::uint32_t> WireReader::number() noexcept {
    const auto four = bytes(4);
    if (!four) return std::nullopt;
    std::uint32_t value = 0;
    for (const char c : *four) value = (value << 8U) | static_cast<unsigned char>(c);
    return value;
}

std::optional<std::string_view> WireReader::string() noexcept {
    const auto size = number();
    return size ? bytes(*size) : std::nullopt;
}

std::optional<std::string_view> WireReader::bytes(std::size_t size) noexcept {
    if (size > rest_.size()) {
        rest_ = {};
        return std::nullopt;
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
}

void put_number(std::string& wire, std::uint32_t value) {
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        wire.push_back(static_cast<char>((value >> shift) & 0xFFU));
    }
}

void put_string(std::string& wire, std::string_view bytes) {
    put_number(wire, static_cast<std::uint32_t>(bytes.size()));
    wire.append(bytes);
}

void put_integer(std::string& wire, std::string_view big_endian) {
    while (!big_endian.empty() && big_endian.front() == '\0') big_endian.remove_prefix(1);
    std::string number(big_endian);
    // A set top bit would make it negative.
    if (!number.empty() && (static_cast<unsigned char>(number.front()) & 0x80U) != 0) {
        number.insert(number.begin(), '\0');
    }
    put_string(wire, number);
}

std::optional<SshPublicKey> read_public_blob(std::string_view blob) {
    WireReader wire(blob);
    const auto type = wire.string();
    constexpr std::size_t longest_type = 64;
    if (!type || type->empty() || type->size() > longest_type) return std::nullopt;
    SshPublicKey key;
    key.type = printable(*type, longest_type);
    key.description = key.type;
    if (*type == "ssh-rsa") return read_rsa(wire, std::move(key));
    if (*type == "ssh-dss") return read_dsa(wire, std::move(key));
    if (*type == "ssh-ed25519") return read_ed25519(wire, std::move(key));
    if (type->starts_with("ecdsa-sha2-")) return read_ec(wire, std::move(key));
    return key;
}

}  // namespace stratascan::evidence
