// The public names of a key, from whatever half of it a file holds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stratascan/error.hpp"

namespace stratascan::store {

/// From a private key (PEM, DER, OpenSSH, PuTTY), a public one (PEM, DER, a line of
/// OpenSSH) or a certificate (PEM, DER): "SHA256:…" as ssh-keygen prints it, and the hex
/// SHA-256 of the SubjectPublicKeyInfo; those that the kind of key has. Of an encrypted
/// key only what stands outside of the encryption. Errors: `malformed`. Neither the names
/// nor an error tells anything of a private half.
[[nodiscard]] Result<std::vector<std::string>> key_prints(std::string_view bytes);

}  // namespace stratascan::store
