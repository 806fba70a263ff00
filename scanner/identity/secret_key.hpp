// How a secret is named without being told: HMAC-SHA256 under a key of the
// user's. A plain hash would let anyone who reads a report try passwords on it.
// The key lies in a file that only its owner may read; it is made on first use.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "stratascan/error.hpp"

namespace stratascan::identity {

class SecretKey {
public:
    /// Reads the key at `path`. Empty: $XDG_CONFIG_HOME/stratascan/key or
    /// ~/.config/stratascan/key, which is made with mode 0600 when it is not
    /// there. A file that others may read, or of fewer than 16 bytes, is refused.
    [[nodiscard]] static Result<SecretKey> load(const std::string& path);

    /// "hmac-sha256:" and 64 hex digits. White space and the escapes \n and \r
    /// do not count in a PEM block, so that a key is known however it is wrapped.
    [[nodiscard]] std::string name(std::string_view secret) const;

    SecretKey(SecretKey&&) noexcept = default;
    SecretKey& operator=(SecretKey&&) noexcept = default;
    SecretKey(const SecretKey&) = delete;
    SecretKey& operator=(const SecretKey&) = delete;
    ~SecretKey();

private:
    explicit SecretKey(std::string bytes);
    std::string bytes_;
};

/// A secret as it may be shown: its public prefix, and how long it is.
/// `public_prefix` is the number of leading bytes that tell nothing.
[[nodiscard]] std::string redact(std::string_view secret, std::size_t public_prefix);

}  // namespace stratascan::identity
