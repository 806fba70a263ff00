// A public key, and what holds under it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "scanner/image/envelope.hpp"
#include "stratascan/error.hpp"

struct evp_pkey_st;
struct x509_st;

namespace stratascan::policy {

/// A public key: RSA of 2048 bits or more, ECDSA on P-256, P-384 or P-521 by
/// the curve's name, Ed25519.
class VerifyKey {
public:
    /// Of PEM ("BEGIN PUBLIC KEY", or the key of the first "BEGIN CERTIFICATE", whose dates
    /// and issuer are not looked at). A private key is refused: it has no place in a gate.
    [[nodiscard]] static Result<VerifyKey> parse(std::string_view pem, const std::string& name);
    [[nodiscard]] static Result<VerifyKey> load(const std::string& path);

    /// That of a certificate; one of another kind or length is an Error.
    [[nodiscard]] static Result<VerifyKey> of(x509_st* certificate);

    /// Over SHA-256 of the message, RSA with PKCS #1 v1.5 or PSS padding; Ed25519 over the
    /// message itself.
    [[nodiscard]] bool holds(std::string_view message, std::string_view signature) const;

    /// Whether one of the envelope's signatures holds over what it says was signed. Of a
    /// digest alone Ed25519 can't tell, so that does not hold.
    [[nodiscard]] bool holds(const image::Envelope& envelope) const;

    /// Hex SHA-256 of the key's DER form (SubjectPublicKeyInfo).
    [[nodiscard]] std::string id() const;

private:
    std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace stratascan::policy
