// OpenSSL's handles of certificates, and reading them from DER and PEM. For the files of this
// folder that judge certificates.
#pragma once

#include <openssl/bio.h>
#include <openssl/x509.h>

#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "stratascan/error.hpp"

namespace stratascan::policy {

/// Frees what a handle points at, by OpenSSL's function for it.
template <auto Free>
struct Freed {
    void operator()(auto* handle) const { Free(handle); }
};

inline void free_certificates(STACK_OF(X509)* all) { sk_X509_pop_free(all, X509_free); }

using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Certificates = std::unique_ptr<STACK_OF(X509), Freed<free_certificates>>;
using RevocationList = std::unique_ptr<X509_CRL, Freed<X509_CRL_free>>;

/// Null where the bytes are not one certificate and nothing else.
[[nodiscard]] Certificate certificate_of(const std::string& der);

/// Of a PEM text with nothing but certificates and words between them, 1 to 1000.
[[nodiscard]] Result<std::vector<Certificate>> certificates_in(std::string_view pem,
                                                               const std::string& name);
/// Likewise of lists of revoked certificates.
[[nodiscard]] Result<std::vector<RevocationList>> revocation_lists_in(std::string_view pem,
                                                                      const std::string& name);

/// A name as "CN=…,O=…" (RFC 2253).
[[nodiscard]] std::string name_text(const X509_NAME* name);

/// Seconds since 1970; 0 where the time is none.
[[nodiscard]] std::int64_t seconds_of(const ASN1_TIME* time);

[[nodiscard]] Bio memory_of(std::string_view bytes);

template <typename Handle>
[[nodiscard]] Handle* made(Handle* handle) {
    if (handle == nullptr) throw std::bad_alloc();
    return handle;
}

}  // namespace stratascan::policy
