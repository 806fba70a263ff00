// A URL as libcurl reads it, so that what is checked is what is connected to.
#pragma once

#include <string>
#include <string_view>

#include "stratascan/error.hpp"

namespace stratascan::registry {

struct Url {
    std::string scheme;  ///< "http" or "https", no other
    std::string host;    ///< lower case; an IPv6 address stands in brackets
    std::string port;    ///< always there: "443" where the text had none
    std::string path;    ///< with the query; begins with '/'

    [[nodiscard]] std::string origin() const { return scheme + "://" + host + ':' + port; }
    [[nodiscard]] std::string text() const { return origin() + path; }
    [[nodiscard]] bool same_origin(const Url& other) const { return origin() == other.origin(); }
    [[nodiscard]] bool is_secure() const { return scheme == "https"; }
};

/// Errors: `malformed`; `unsupported` for other schemes and for URLs with a user
/// or password in them. They do not repeat the text, which may be signed.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// What `reference` (absolute or relative) means where `base` is.
[[nodiscard]] Result<Url> resolve_url(const Url& base, std::string_view reference);

/// "host", or "host:port" where the port is not the scheme's own.
[[nodiscard]] std::string host_and_port(const Url& url);

/// For a value of a query or a form: everything but letters, digits and "-._~"
/// as %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace stratascan::registry
