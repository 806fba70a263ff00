// An X.509 certificate (RFC 5280) as evidence for the private key that it belongs to.
// Only what a reader of such a finding wants is taken from it: whose key it is, under
// which names, and until when. Nothing is verified, so no library need parse the
// whole: a walk over the outer fields costs microseconds, and an image's bundle of
// authorities has hundreds.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::evidence {

struct Certificate {
    std::array<std::uint8_t, 16> digest{};  ///< of the DER, SHA-256 cut; to know copies by
    std::string spki_sha256;  ///< hex SHA-256 of the DER SubjectPublicKeyInfo
    std::string subject;      ///< "CN=example.org, O=Example", in the certificate's order
    std::vector<std::string> names;  ///< subject alternative names: DNS, IP, mail, URI
    std::string not_after;           ///< "2030-01-02T03:04:05Z"
};

inline constexpr std::size_t certificate_subject_limit = 256;  ///< bytes; a cut shows as "..."
inline constexpr std::size_t certificate_names_limit = 16;
inline constexpr std::size_t certificate_name_limit = 128;

/// From DER. Nothing where it is not one: a tag or length that does not fit, or a
/// field that RFC 5280, section 4.1, asks for and that is not there. Texts are
/// printable ASCII, other bytes '?'. Time and memory are linear in `der`.
[[nodiscard]] std::optional<Certificate> read_certificate(std::string_view der);

}  // namespace stratascan::evidence
