// Whether an image, and what is stated about it, is signed by whom it should be: by a key
// that was given, or by the holder of a certificate that leads to an authority that was
// given. The forms are those of image/envelope.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scanner/image/attachments.hpp"
#include "scanner/image/envelope.hpp"
#include "scanner/policy/subject.hpp"
#include "scanner/policy/time_stamp.hpp"
#include "scanner/policy/transparency.hpp"
#include "scanner/policy/trust.hpp"
#include "scanner/policy/verify_key.hpp"

namespace stratascan::policy {

/// Whose signatures count. With `log`, only those that this transparency log has taken in,
/// as far as what is kept beside them proves it. `stamps`: whose time stamps prove when a
/// signature was made; one is not asked for.
struct Verifier {
    std::optional<VerifyKey> key;
    std::optional<Trust> trust;
    std::optional<LogKey> log;
    std::optional<StampAuthority> stamps;

    Verifier() = default;
    Verifier(VerifyKey only) : key(std::move(only)) {}

    [[nodiscard]] bool any() const { return key || trust; }
};

/// Whether one of the attached signatures holds and is about one of `manifests`: the image's
/// digest, and those of the indexes that list it. Also which statements are signed so. `now`
/// is in seconds since 1970.
[[nodiscard]] SignatureCheck check_signatures(const std::vector<std::string>& manifests,
                                              const std::vector<image::Attachment>& attached,
                                              const Verifier& verifier, std::int64_t now);

}  // namespace stratascan::policy
