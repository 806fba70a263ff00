// Certificate transparency (RFC 6962): that a log promised to publish a certificate. Fulcio's
// and other authorities' certificates carry the promise in themselves (3.3, an embedded signed
// certificate timestamp). Whether the log kept it takes asking the log, and is not told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/policy/known_log.hpp"
#include "scanner/policy/x509.hpp"

namespace stratascan::policy {

/// How many promises a certificate carries, whoever made them.
[[nodiscard]] std::size_t promises_in(const X509* certificate);

struct Promised {
    std::optional<std::int64_t> at;  ///< seconds since 1970, as the log says it
    std::string why_not;
};

/// A log's id is the SHA-256 of its key (RFC 6962, 3.2).
class CertificateLogKey : public KnownLog<CertificateLogKey> {
public:
    /// Whether the certificate carries a promise of this log about itself, as one of `issuer`.
    [[nodiscard]] Promised prove(const X509* certificate, const X509* issuer) const;

private:
    friend class KnownLog<CertificateLogKey>;
    explicit CertificateLogKey(VerifyKey key) : KnownLog(std::move(key)) {}
};

}  // namespace stratascan::policy
