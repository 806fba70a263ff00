// Signatures of ECDSA as tokens and COSE have them.
#pragma once

#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include <string>

namespace stratascan::test {

/// Of a DER signature under P-256 its two numbers, 32 bytes each, one behind the other
/// (RFC 7518, 3.4; RFC 9053, 2.1).
inline std::string raw_signature(const std::string& der) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* const signature = d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size()));
    std::string raw(64, '\0');
    auto* const out = reinterpret_cast<unsigned char*>(raw.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + 32, 32);
    ECDSA_SIG_free(signature);
    return raw;
}

}  // namespace stratascan::test
