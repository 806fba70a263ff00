// Lists of revoked certificates (RFC 5280, 5) that the user has fetched: no network is asked.
// A list counts for the certificates of its issuer, where it is signed by that issuer's key,
// complete (no delta, no part of the issuer's certificates) and in force at the time asked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/policy/x509.hpp"

namespace stratascan::policy {

enum class Revocation : std::uint8_t {
    not_listed,  ///< a list in force does not have it
    revoked,
    not_known,   ///< no list that counts is of its issuer
};

struct RevocationAnswer {
    Revocation outcome = Revocation::not_known;
    std::string words;      ///< for `revoked` and `not_known`: since when and why
    std::int64_t until = 0; ///< of `revoked`: signatures proved older may stand; 0: none may
};

class RevocationLists {
public:
    /// Lists in PEM.
    [[nodiscard]] static Result<RevocationLists> load(const std::string& path);
    [[nodiscard]] static Result<RevocationLists> parse(std::string_view pem,
                                                       const std::string& name);

    /// `now` is in seconds since 1970.
    [[nodiscard]] RevocationAnswer look_up(X509* certificate, X509* issuer,
                                           std::int64_t now) const;

private:
    std::shared_ptr<const std::vector<RevocationList>> lists_;
};

}  // namespace stratascan::policy
