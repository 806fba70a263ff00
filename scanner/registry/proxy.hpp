// Which requests go through a proxy, as the environment has it (http_proxy, https_proxy,
// HTTPS_PROXY, all_proxy, ALL_PROXY, no_proxy, NO_PROXY, by libcurl's rules). It is
// decided here and not left to libcurl, because the guard over addresses has to know:
// behind a proxy the address that is connected to is the proxy's.
#pragma once

#include <string>
#include <string_view>

#include "scanner/registry/address.hpp"
#include "scanner/registry/url.hpp"

namespace stratascan::registry {

/// The proxy's URL for a request; empty: none.
[[nodiscard]] std::string proxy_for(const Url& url);

/// Whether a list like that of no_proxy names the host: "*", names (with all below
/// them, a leading dot or not), addresses, and networks as "10.0.0.0/8". Separated by
/// commas or spaces.
[[nodiscard]] bool names_host(std::string_view list, std::string_view host);

/// The network that a host is in as this machine resolves its name; the strictest of its
/// addresses. `open` where it can't be resolved here: then the proxy alone knows. May
/// wait for a name server; what came out is kept.
[[nodiscard]] Network resolved_network(const std::string& host);

}  // namespace stratascan::registry
