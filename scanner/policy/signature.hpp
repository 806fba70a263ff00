// Whether an image, and what is stated about it, is signed by a key that was given. Read
// are cosign's signatures: a blob application/vnd.dev.cosign.simplesigning.v1+json, whose
// annotation dev.cosignproject.cosign/signature is the signature of the blob's bytes in
// base64, and which names the manifest that was signed (cosign, specs/SIGNATURE_SPEC.md);
// and the forms of image/envelope.hpp. Certificates in them, and transparency logs, are
// not asked: what was signed by another key than the one given is told and not verified.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/image/attachments.hpp"
#include "scanner/image/envelope.hpp"
#include "scanner/policy/subject.hpp"
#include "stratascan/error.hpp"

struct evp_pkey_st;

namespace stratascan::policy {

/// A public key: RSA of 2048 bits or more, ECDSA on P-256 or P-384, Ed25519.
class VerifyKey {
public:
    /// Of PEM ("BEGIN PUBLIC KEY", or the key of the first "BEGIN CERTIFICATE", whose dates
    /// and issuer are not looked at). A private key is refused: it has no place in a gate.
    [[nodiscard]] static Result<VerifyKey> parse(std::string_view pem, const std::string& name);
    [[nodiscard]] static Result<VerifyKey> load(const std::string& path);

    /// Over SHA-256 of the message, RSA with PKCS #1 v1.5 or PSS padding; Ed25519 over the
    /// message itself.
    [[nodiscard]] bool holds(std::string_view message, std::string_view signature) const;

    /// Whether one of the envelope's signatures holds over what it says was signed. Of a
    /// digest alone Ed25519 can't tell, so that does not hold.
    [[nodiscard]] bool holds(const image::Envelope& envelope) const;

private:
    std::shared_ptr<evp_pkey_st> key_;
};

/// Whether one of the attached signatures holds under the key and is about one of
/// `manifests`: the image's digest, and those of the indexes that list it. Also which
/// statements the key signed. `now` is in seconds since 1970.
[[nodiscard]] SignatureCheck check_signatures(const std::vector<std::string>& manifests,
                                              const std::vector<image::Attachment>& attached,
                                              const VerifyKey& key, std::int64_t now);

}  // namespace stratascan::policy
