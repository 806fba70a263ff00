// Time stamps (RFC 3161): that a signature existed at a time, by the word of an authority that
// the user trusts. Verified by OpenSSL: the token's signature, the authority's certificate (for
// time stamping, valid at the time that it stamped, and the one that the token names) and the
// digest of what was stamped. Digests are those of SHA-2.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/image/envelope.hpp"
#include "scanner/policy/x509.hpp"
#include "stratascan/error.hpp"

namespace stratascan::policy {

struct Stamped {
    std::optional<std::int64_t> at;  ///< seconds since 1970; the earliest of those that hold
    std::string who;                 ///< the authority, printable
    std::string why_not;             ///< where none holds
};

class StampAuthority {
public:
    /// A file of certificates in PEM: each is trusted by itself. Those of authorities whose
    /// tokens carry no certificate must hold the stamping one as well.
    [[nodiscard]] static Result<StampAuthority> load(const std::string& path);
    [[nodiscard]] static Result<StampAuthority> parse(std::string_view pem,
                                                      const std::string& name);

    [[nodiscard]] Stamped prove(const std::vector<image::TimeStamp>& stamps) const;

private:
    std::shared_ptr<const std::vector<Certificate>> certificates_;
};

}  // namespace stratascan::policy
