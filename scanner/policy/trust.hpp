// Certificates that signers have: whether they lead to an authority that the user trusts, at
// the time of the signature, and whose they are (RFC 5280; Sigstore's Fulcio issues them to
// identities of OpenID, sigstore/fulcio, docs/oid-info.md; Notary's to organisations,
// notaryproject/specifications, signature-specification.md). Whether one was revoked, and whether
// a log promised to publish it, is told by what the user gives: no network is asked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scanner/policy/certificate_log.hpp"
#include "scanner/policy/revocation.hpp"
#include "scanner/policy/verify_key.hpp"
#include "stratascan/error.hpp"

struct x509_store_st;

namespace stratascan::policy {

/// What came of a signer's certificate.
struct Signer {
    std::optional<VerifyKey> key;  ///< where the chain and the identity hold
    std::string who;               ///< printable; as the certificate says it, proved or not
    std::string why_not;
    std::string told;  ///< what was and was not checked beside: clauses, each with "; " in front
    bool out_of_time = false;      ///< all else may hold; it was not valid at the time asked
};

/// When a certificate must have been valid. Seconds since 1970.
struct Moment {
    std::int64_t at = 0;
    std::int64_t now = 0;
    bool proved = false;  ///< that the signature existed at `at`; else it is the day asked
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

    /// Certificates count only where a list says that the signer's was not revoked, and none
    /// that an authority's was. One that was for a reason that spares what is older than the
    /// revocation counts where the signature is proved to be older.
    void refuse_revoked(RevocationLists lists) { revoked_ = std::move(lists); }
    /// Signers' certificates count only with a promise of this log.
    void require_log(CertificateLogKey log) { log_ = std::move(log); }

    /// `certificates` are DER, the signer's first, the rest in any order.
    [[nodiscard]] Signer check(const std::vector<std::string>& certificates,
                               const Moment& moment) const;
    [[nodiscard]] Signer check(const std::vector<std::string>& certificates,
                               std::int64_t at) const {
        return check(certificates, Moment{at, at, false});
    }

private:
    // Why the certificate does not count; what was found goes to `told`.
    [[nodiscard]] std::string revocation(STACK_OF(X509)* chain, const Moment& moment,
                                         std::string& told) const;
    [[nodiscard]] std::string transparency(STACK_OF(X509)* chain, std::string& told) const;

    std::shared_ptr<x509_store_st> store_;
    std::string identity_, issuer_;
    std::optional<RevocationLists> revoked_;
    std::optional<CertificateLogKey> log_;
};

}  // namespace stratascan::policy
