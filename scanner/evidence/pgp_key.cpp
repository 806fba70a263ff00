// Secret keys of OpenPGP: the packet that a key ring, an export or an armoured block
// begins with (RFC 4880, sections 4.2, 5.5.2 and 5.5.3; algorithms also RFC 6637 and
// RFC 9580, section 9.1). Only what stands in the clear is read: the algorithm, whether
// the key is encrypted, and the public part, whose fingerprint is section 12.2's.
#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <optional>

#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/fields.hpp"

namespace stratascan::evidence::checks {

namespace {

constexpr auto npos = std::string_view::npos;

struct SecretPacket {
    std::string algorithm;       ///< "RSA 2048", "EdDSA"
    std::string fingerprint;     ///< 40 upper-case hex digits
    bool is_protected = false;
    std::size_t secret_at = 0;   ///< where the secret part begins, behind the public one
};

/// Skips a number and gives its bits (RFC 4880, section 3.2).
std::uint64_t skip_number(Fields& fields) {
    const std::uint64_t bits = fields.number(2);
    fields.skip((bits + 7) / 8);
    return bits;
}

constexpr unsigned secret_key = 5, secret_subkey = 7;

/// Skips tag and length; false where this is no secret key's packet.
bool skip_header(Fields& fields) {
    const std::uint64_t tag = fields.number(1);
    const bool newer = (tag & 0xc0U) == 0xc0U;
    const std::uint64_t kind = newer ? tag & 0x3fU : tag >> 2U & 0x0fU;
    if ((tag & 0x80U) == 0 || (kind != secret_key && kind != secret_subkey)) return false;
    if (!newer) {
        constexpr std::array<std::size_t, 4> bytes = {1, 2, 4, 0};
        fields.skip(bytes[tag & 3U]);
        return true;
    }
    const std::uint64_t length = fields.number(1);
    if (length >= 192) fields.skip(length < 224 ? 1 : 4);
    return true;
}

std::string fingerprint_of(std::string_view public_part) {
    std::string hashed = "\x99";
    hashed.push_back(static_cast<char>(public_part.size() >> 8U));
    hashed.push_back(static_cast<char>(public_part.size() & 0xffU));
    hashed += public_part;
    std::string digest(20, '\0');
    unsigned size = 0;
    if (EVP_Digest(hashed.data(), hashed.size(), reinterpret_cast<unsigned char*>(digest.data()),
                   &size, EVP_sha1(), nullptr) != 1) {
        return {};
    }
    std::string text = hex(digest);
    for (char& c : text) c = is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    return text;
}

std::optional<SecretPacket> read_packet(std::string_view bytes) {
    Fields fields(bytes);
    if (!skip_header(fields)) return std::nullopt;
    const std::size_t begin = fields.at();
    if (fields.number(1) != 4) return std::nullopt;
    fields.skip(4);  // when it was made
    SecretPacket packet;
    const std::uint64_t algorithm = fields.number(1);
    const auto skip_curve = [&] {
        fields.skip(fields.number(1));
        skip_number(fields);
    };
    if (algorithm >= 1 && algorithm <= 3) {
        packet.algorithm = "RSA " + std::to_string(skip_number(fields));
        skip_number(fields);
    } else if (algorithm == 16 || algorithm == 17) {
        packet.algorithm = (algorithm == 16 ? "Elgamal " : "DSA ") +
                           std::to_string(skip_number(fields));
        for (int left = algorithm == 16 ? 2 : 3; left > 0; --left) skip_number(fields);
    } else if (algorithm == 18) {
        packet.algorithm = "ECDH";
        skip_curve();
        fields.skip(fields.number(1));  // how the shared secret becomes a key
    } else if (algorithm == 19 || algorithm == 22) {
        packet.algorithm = algorithm == 19 ? "ECDSA" : "EdDSA";
        skip_curve();
    } else {
        return std::nullopt;
    }
    packet.secret_at = fields.at();
    const std::uint64_t usage = fields.number(1);
    if (fields.cut() || (usage != 0 && usage < 253)) return std::nullopt;
    packet.is_protected = usage != 0;
    packet.fingerprint = fingerprint_of(bytes.substr(begin, packet.secret_at - begin));
    return packet;
}

Output told(const SecretPacket& packet) {
    std::string detail =
        packet.algorithm + (packet.is_protected ? ", encrypted" : ", not encrypted");
    if (!packet.fingerprint.empty()) detail += ", fingerprint " + packet.fingerprint;
    return outcome(Evidence::well_formed, std::move(detail), packet.is_protected ? -1 : 0);
}

}  // namespace

/// Behind the armour's lines "Name: value" and an empty one comes base64 up to a checksum.
Output pgp_armor(const Input& input) {
    const std::string_view text = input.match;
    std::size_t at = text.find("BLOCK-----");
    if (at == npos) return {};
    std::string body;
    bool in_body = false;
    for (at = text.find('\n', at); at != npos && body.size() < (std::size_t{16} << 10);) {
        const std::size_t end = text.find('\n', at + 1);
        const std::string_view line = trimmed(text.substr(at + 1, end - at - 1));
        at = end;
        if (line.empty()) {
            in_body = true;
            continue;
        }
        if (line.find(": ") != npos && body.empty()) continue;
        if (line[0] == '=' || line[0] == '-') break;
        if (!in_body && body.empty() && line.find(' ') != npos) break;
        body += line;
    }
    const auto bytes = decode_base64(body.substr(0, body.size() / 4 * 4));
    const auto packet = bytes ? read_packet(*bytes) : std::nullopt;
    return packet ? told(*packet) : Output{};
}

/// The match is the end of a packet's public part, with the octet that says how the
/// secret one is protected as the sixth byte of the secret that was captured.
Output pgp_packet(const Input& input) {
    const std::string_view around = input.around;
    if (input.secret.data() < around.data() ||
        input.secret.data() >= around.data() + around.size()) {
        return not_a_secret("only a public key");
    }
    const auto match = static_cast<std::size_t>(input.secret.data() - around.data());
    constexpr std::size_t longest_public_part = 2100;  // RSA of 16384 bits
    for (std::size_t back = 8; back <= std::min(match, longest_public_part); ++back) {
        const auto packet = read_packet(around.substr(match - back));
        if (packet && packet->secret_at >= back && packet->secret_at - back < input.secret.size() &&
            packet->algorithm != "RSA 0") {
            return told(*packet);
        }
    }
    return not_a_secret("only a public key");
}

}  // namespace stratascan::evidence::checks
