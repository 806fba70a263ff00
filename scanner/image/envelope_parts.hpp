// What the forms of signatures have in common. For the files of this folder that read them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/image/envelope.hpp"

namespace stratascan::image {

inline constexpr std::string_view key_stands_twice = "a key stands twice in it";
inline constexpr std::string_view is_damaged = "it is damaged";
inline constexpr std::string_view unread_bytes = "its bytes were not read";
inline constexpr const char* notary_time_stamp = "io.cncf.notary.timestampSignature";
inline constexpr std::string_view notary_form = "a Notary signature";

/// An envelope that can't be verified.
[[nodiscard]] Envelope doubtful(std::string_view form, std::string_view doubt);

/// ECDSA's two numbers, one behind the other (RFC 7518, 3.4; RFC 9053, 2.1), in DER.
[[nodiscard]] std::optional<std::string> der_signature(const std::string& raw);

/// "sha256:…" of hex digits.
[[nodiscard]] std::string digest_text(std::string_view hex);

/// Takes a certificate in DER within the limits.
void add_certificate(Envelope& envelope, std::string der);

/// Takes a time stamp of these bytes within the limits.
void add_time_stamp(Envelope& envelope, std::string der, std::string_view message);

/// Notary's payload: what `targetArtifact` names, or a doubt.
void read_notary_payload(const std::string& payload, Envelope& envelope);

/// Notary's critical headers that are understood.
[[nodiscard]] bool is_understood_header(std::string_view name);

/// A Notary signature in COSE (RFC 9052, COSE_Sign1; notaryproject/specifications,
/// signature-envelope-cose.md).
[[nodiscard]] Envelope read_cose(std::string_view bytes);

}  // namespace stratascan::image
