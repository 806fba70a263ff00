// OpenSSH's form (PROTOCOL.key in its source): a magic word; the names of cipher
// and key derivation, both "none" for a bare key; the number of keys, in practice
// one; the public key in the clear; and a private part, which begins with one
// random number written twice, so that a wrong passphrase shows. The public key
// stands there even when the rest is encrypted: an encrypted key has a
// fingerprint too, and can be recognised without its passphrase.
#include "scanner/evidence/openssh_key.hpp"

#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/ssh_key.hpp"

namespace stratascan::evidence {

namespace {

constexpr std::string_view magic("openssh-key-v1\0", 15);

Output broken() {
    return checks::outcome(Evidence::pattern, "does not parse as a key", -1);
}

/// Whether the bare private part is whole: the doubled number, and the type of
/// the public key again.
bool private_part_holds(std::string_view part, std::string_view type) noexcept {
    WireReader wire(part);
    const auto first = wire.number();
    const auto second = wire.number();
    const auto private_type = wire.string();
    return first && second && private_type && *first == *second && *private_type == type &&
           wire.rest().size() > 32;
}

}  // namespace

Output judge_public_blob(std::string_view blob) {
    const auto key = read_public_blob(blob);
    if (!key) return broken();
    Output output;
    output.detail = key->description;
    output.public_fingerprint = ssh_fingerprint(blob);
    if (!key->spki.empty()) output.spki_sha256 = hex(sha256(key->spki));
    return output;
}

Output judge_openssh_key(std::string_view body) {
    WireReader wire(body);
    const auto head = wire.bytes(magic.size());
    const auto cipher = wire.string();
    const auto derivation = wire.string();
    const auto options = wire.string();
    const auto count = wire.number();
    const auto blob = wire.string();
    const auto part = wire.string();
    if (!head || *head != magic || !cipher || !derivation || !options || !count || !blob) {
        return broken();
    }
    Output output = judge_public_blob(*blob);
    if (output.public_fingerprint.empty()) return output;
    if (!part || part->size() < 8) {
        output.detail += ", cut off";
        output.confidence_shift = -1;
    } else if (*cipher != "none") {
        output.level = Evidence::well_formed;
        output.detail += ", encrypted (" + printable(*cipher, 32) + ")";
        output.confidence_shift = -1;
    } else if (private_part_holds(*part, read_public_blob(*blob)->type)) {
        output.level = Evidence::verified;
        output.detail += ", not encrypted";
        output.confidence_shift = 1;
    } else {
        output.detail += ", private part does not hold";
        output.confidence_shift = -1;
    }
    return output;
}

}  // namespace stratascan::evidence
