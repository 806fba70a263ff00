// What several formats say in the same words.
#pragma once

#include <string>
#include <string_view>

#include "stratascan/report.hpp"

namespace stratascan::report {

/// "docker.io/app:1.2", the target where the image has no name.
[[nodiscard]] std::string image_name(const TargetReport& target);

/// One sentence: what was found, where, and whether it is still seen. No secret.
[[nodiscard]] std::string sentence(const Finding& finding);

/// What to do about any secret in an image.
inline constexpr std::string_view remedy =
    "Revoke it where it was issued, and build the image anew without it. Deleting the file in a later "
    "layer does not take it out of the image.";

/// Bytes as a URI's path (RFC 3986, section 3.3): slashes stay, all else that is not
/// unreserved is percent-encoded.
[[nodiscard]] std::string uri_path(std::string_view path);

/// The path in the image and the way into containers, "app.jar!/a.properties"; readers
/// of source code formats take it for a file.
[[nodiscard]] std::string uri_of(const Finding& finding);

/// Text for XML and HTML: markup is escaped, and what XML 1.0 (section 2.2) does not
/// allow at all is shown as printable() does.
[[nodiscard]] std::string xml_text(std::string_view text);

/// A UUID (RFC 9562, version 8) that depends on the text alone.
[[nodiscard]] std::string uuid_of(std::string_view text);

}  // namespace stratascan::report
