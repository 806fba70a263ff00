// How a secret is named without being told: HMAC-SHA256 under a key of the
// user's. A plain hash would let anyone who reads a report try passwords on it.
// The key lies in a file that only its owner may read; it is made on first use.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "stratascan/error.hpp"

struct evp_mac_ctx_st;  // OpenSSL's EVP_MAC_CTX

namespace stratascan::identity {

class SecretKey {
public:
    /// Reads the key at `path`. Empty: $XDG_CONFIG_HOME/stratascan/key or
    /// ~/.config/stratascan/key, which is made with mode 0600 when it is not
    /// there. A file that others may read, or of fewer than 16 bytes, is refused.
    [[nodiscard]] static Result<SecretKey> load(const std::string& path);

    /// The same, but where the key at the usual place is not there and can't be made (no
    /// home folder, a file system that is read only or full), a passing one; `why` says
    /// then what could not be done.
    [[nodiscard]] static Result<SecretKey> load_or_pass(const std::string& path,
                                                        std::string& why);

    /// A key that is kept nowhere, for work whose results name no secret.
    [[nodiscard]] static Result<SecretKey> passing();

    /// "hmac-sha256:" and 64 hex digits. White space and the escapes \n and \r
    /// do not count in a PEM block, so that a key is known however it is wrapped.
    [[nodiscard]] std::string name(std::string_view secret) const;

    /// Says which key it is and nothing of it: 32 hex digits, an HMAC of a fixed text.
    [[nodiscard]] std::string public_id() const;

private:
    struct FreeMac {
        void operator()(evp_mac_ctx_st* mac) const noexcept;
    };
    using Mac = std::unique_ptr<evp_mac_ctx_st, FreeMac>;

    /// Wipes the bytes.
    [[nodiscard]] static Result<SecretKey> prepared(std::string bytes);
    [[nodiscard]] Mac begin() const;
    explicit SecretKey(Mac mac) noexcept : mac_(std::move(mac)) {}
    // HMAC-SHA256 under the key, before the first byte; names are made with copies.
    Mac mac_;
};

/// A secret as it may be shown: its public prefix, and how long it is.
/// `public_prefix` is the number of leading bytes that tell nothing.
[[nodiscard]] std::string redact(std::string_view secret, std::size_t public_prefix);

}  // namespace stratascan::identity
