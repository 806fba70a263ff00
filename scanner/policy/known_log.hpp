// A log that is known by its public key: what LogKey and CertificateLogKey have in common.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "scanner/policy/verify_key.hpp"

namespace stratascan::policy {

/// REQUIRES: `Log` can be made of a VerifyKey by this class.
template <typename Log>
class KnownLog {
public:
    /// A public key in PEM, as VerifyKey has them.
    [[nodiscard]] static Result<Log> load(const std::string& path) {
        return made(VerifyKey::load(path));
    }
    [[nodiscard]] static Result<Log> parse(std::string_view pem, const std::string& name) {
        return made(VerifyKey::parse(pem, name));
    }

protected:
    VerifyKey key_;
    std::string id_;  ///< hex SHA-256 of the key, which both kinds are called by

private:
    friend Log;  // alone: no other class can name itself as the Log of one

    explicit KnownLog(VerifyKey key) : key_(std::move(key)), id_(key_.id()) {}

    static Result<Log> made(Result<VerifyKey> key) {
        if (!key) return std::unexpected(key.error());
        return Log(std::move(*key));
    }
};

}  // namespace stratascan::policy
