// Texts that hold a fake secret, built from a recipe at the moment a test needs
// them, so that no file of the project holds anything that looks like a secret.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stratascan/error.hpp"

namespace stratascan::match {

/// Fills in the placeholders of a rule's example. The same template and seed give
/// the same text, except for {{pem:…}}: its keys are made anew once a process, one
/// of each kind. Thread-safe.
///
/// Drawn characters, N of them (1 to 65536):
///   {{alnum:N}} {{alpha:N}} {{lower:N}} {{upper:N}} {{digit:N}} {{hex:N}} {{HEX:N}}
///   {{lowernum:N}} {{uppernum:N}} {{base32:N}} A-Z2-7  {{b64:N}} A-Za-z0-9+/
///   {{b64url:N}} A-Za-z0-9_-  {{word:N}} A-Za-z0-9_  {{password:N}} letters, digits
///   and !#%*+- with at least one of each
/// Drawn values are never degenerate: they have the kinds of characters and the
/// spread that a drawn value of their length is expected to have.
///
/// Whole things: {{uuid}} {{jwt}} {{age}} {{grafana}} {{atlassian}} {{bitbucket}}
///   {{confluent}} {{gitlab}} (routable) {{zuplo}} {{xprv}} {{wif}}, all with true checksums;
///   {{solana}} and {{solana-list}}, pairs of keys that belong together; and
///   {{pem:KIND}} or {{pem-escaped:KIND}} (line ends as `\n` in two characters), KIND
///   one of rsa ec dsa pkcs8 pkcs8-ec pkcs8-encrypted openssh rsa-encrypted ed25519;
///   {{der:KIND}} the bytes of one that has DER in its block, without the block
///   {{keystore:KIND}}: the bytes of a store of keys, KIND one of pkcs12, with a
///   password of its own, pkcs12-changeit, jks, jks-changeit, jks-certificates
///   {{pgp:KIND}}: the bytes of a packet, KIND one of rsa, rsa-protected, rsa-public, eddsa,
///   eddsa-public
/// Of other text: {{crc32b62}} the six base-62 digits of the CRC-32 of the
///   placeholder before it; {{b64of:TEXT}} its base64, after [[kind:N]] in it is
///   filled in; {{lit:TEXT}} TEXT as it stands.
///
/// An unknown placeholder is an error that names it.
[[nodiscard]] Result<std::string> expand_example(std::string_view text_template,
                                                 std::uint64_t seed);

}  // namespace stratascan::match
