// The public part of an OpenSSL key.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>

namespace stratascan::evidence {

struct FreeKey {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeKey>;

/// "RSA 2048", "EC P-256", "Ed25519", …
[[nodiscard]] std::string describe_key(const EVP_PKEY& key);

/// The public key in SSH's wire form; empty for types that SSH has none for.
[[nodiscard]] std::string ssh_blob_of(const EVP_PKEY& key);

/// DER of the SubjectPublicKeyInfo; empty where OpenSSL can't write it.
[[nodiscard]] std::string spki_of(EVP_PKEY& key);

/// Whether the numbers of an RSA key belong together (n = p·q); true for the
/// other types, whose public part is computed or carried whole.
[[nodiscard]] bool parts_agree(const EVP_PKEY& key);

}  // namespace stratascan::evidence
