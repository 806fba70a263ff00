// Where a registry may send its client. A registry names further places: the
// realm that gives tokens, the host that a blob is redirected to, the next page
// of a list. A scanner often runs inside a network and with a cloud's
// credentials in reach, so a hostile registry would use it to ask what it can't
// ask itself. What a registry names may therefore be in the open, or in the same
// kind of network as the registry itself, and never link-local (where clouds
// keep their metadata services).
#pragma once

#include <sys/socket.h>

#include <string_view>

namespace stratascan::registry {

enum class Network {
    open,        ///< everybody's
    private_,    ///< RFC 1918, RFC 6598, RFC 4193
    loopback,    ///< this machine
    forbidden,   ///< link-local, multicast, unspecified and reserved addresses
};

/// The network of a connected socket's address; `forbidden` for what is neither
/// IPv4 nor IPv6. IPv4 inside IPv6 counts as IPv4.
[[nodiscard]] Network network_of(const sockaddr& address) noexcept;

/// The same of an address as text, with or without brackets. `open` where it is
/// no address but a name; then the answer comes with the connection. The name
/// "localhost" is `loopback`.
[[nodiscard]] Network network_of(std::string_view host) noexcept;

/// Whether a registry in network `home` may lead to an address in `target`.
[[nodiscard]] constexpr bool may_lead_to(Network home, Network target) noexcept {
    return target == Network::open || (target != Network::forbidden && target == home);
}

}  // namespace stratascan::registry
