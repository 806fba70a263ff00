// What was signed, as the forms say it that signatures and statements about images are
// kept in. Parsing only; whether a signature holds is the policy's question.
//   - DSSE (secure-systems-lab/dsse, protocol.md and envelope.md): payload, payloadType,
//     signatures; what is signed is the pre-authentication encoding. The payload is an
//     in-toto statement (in-toto/attestation, spec/v1/statement.md).
//   - Sigstore bundles up to v0.3 (sigstore/protobuf-specs, sigstore_bundle.proto, in its
//     JSON form): a DSSE envelope, or a signature over the digest of a message.
//   - cosign's signatures: a blob application/vnd.dev.cosign.simplesigning.v1+json, whose
//     annotation dev.cosignproject.cosign/signature is the signature of the blob's bytes in
//     base64, and which names the manifest (cosign, specs/SIGNATURE_SPEC.md).
//   - Notary signatures as JWS (notaryproject/specifications, signature-envelope-jws.md;
//     RFC 7515, flattened) and in COSE (cose.cpp), whose payload names the target.
// With a signature come its certificates, what a transparency log said of it, and time stamps
// (RFC 3161): verificationMaterial.timestampVerificationData of a bundle, cosign's annotation
// dev.sigstore.cosign/rfc3161timestamp, Notary's header io.cncf.notary.timestampSignature.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/image/log_entry.hpp"

namespace stratascan::image {

using Annotations = std::map<std::string, std::string>;

enum class SignedHash : std::uint8_t { sha256, sha384, sha512 };

/// A time stamp as it is kept beside a signature; a claim of whoever wrote it.
struct TimeStamp {
    std::string der;      ///< a TimeStampResp or its token
    std::string message;  ///< what it should be of: the signature's bytes, as its form has them
};

struct Envelope {
    /// "a DSSE envelope", "a Sigstore bundle", "a Notary signature", "a cosign signature"
    std::string form;
    std::string message;  ///< the bytes that were signed
    /// SHA-256 of what was signed where the message itself is not there: 32 bytes.
    std::string message_digest;
    std::vector<std::string> signatures;  ///< raw bytes; of ECDSA in DER
    SignedHash hash = SignedHash::sha256;
    bool only_pss = false;              ///< RSA with PSS padding only
    std::vector<std::string> subjects;  ///< "sha256:…" of what it is about
    std::string predicate_type;         ///< of an in-toto statement
    std::string payload;                ///< the statement itself
    std::string expires;                ///< RFC 3339; empty: never
    std::vector<std::string> certificates;  ///< DER, the signer's first; claims of whoever wrote it
    std::vector<LogEntry> log_entries;      ///< likewise
    std::vector<TimeStamp> time_stamps;     ///< likewise
    /// Why it can't be verified; the other members may then be empty.
    std::string doubt;
};

/// Subjects of one statement; one with more is not read.
inline constexpr std::size_t most_subjects = 1000;
inline constexpr std::size_t most_signatures = 16;
inline constexpr std::size_t most_time_stamps = 4;
inline constexpr std::size_t longest_time_stamp = 64 << 10;

/// Nothing where the bytes are none of the forms; with `doubt` where they are one that is
/// damaged or says what is not understood. `annotations` are the blob's.
[[nodiscard]] std::optional<Envelope> read_envelope(std::string_view media_type,
                                                    std::string_view bytes,
                                                    const Annotations& annotations = {});

/// Whether it signs the image itself and is no statement of something else: a Notary
/// signature, a digest, or a statement of cosign's own type.
[[nodiscard]] bool is_signature(const Envelope& envelope);

}  // namespace stratascan::image
