// Certificates that signers have: whether they lead to an authority that the user trusts, at
// the time of the signature, and whose they are (RFC 5280; Sigstore's Fulcio issues them to
// identities of OpenID, sigstore/fulcio, docs/oid-info.md; Notary's to organisations,
// notaryproject/specifications, signature-specification.md). Not looked at: whether one was
// revoked, which takes a network, and what certificate transparency says of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scanner/policy/verify_key.hpp"
#include "stratascan/error.hpp"

struct x509_store_st;

namespace stratascan::policy {

/// What came of a signer's certificate.
struct Signer {
    std::optional<VerifyKey> key;  ///< where the chain and the identity hold
    std::string who;               ///< printable; as the certificate says it, proved or not
    std::string why_not;
    bool out_of_time = false;      ///< all else may hold; it was not valid at the time asked
};

class Trust {
public:
    /// `path` is a file of CA certificates in PEM; each is trusted by itself, so that an
    /// intermediate authority may stand alone. `identity` is a glob (policy/glob.hpp) of a
    /// name that the certificate is for: an e-mail address, URI or DNS name of it, or its
    /// subject as "CN=…,O=…". `issuer`: who vouched for the identity (the URL of an OpenID
    /// provider); empty: anyone.
    [[nodiscard]] static Result<Trust> load(const std::string& path, std::string identity,
                                            std::string issuer);
    [[nodiscard]] static Result<Trust> parse(std::string_view pem, const std::string& name,
                                             std::string identity, std::string issuer);

    /// `certificates` are DER, the signer's first, the rest in any order. `at` is in seconds
    /// since 1970.
    [[nodiscard]] Signer check(const std::vector<std::string>& certificates,
                               std::int64_t at) const;

private:
    std::shared_ptr<x509_store_st> store_;
    std::string identity_, issuer_;
};

}  // namespace stratascan::policy
