#include "scanner/registry/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

namespace stratascan::registry {

namespace {

Network network_of_ipv4(std::uint32_t address) noexcept {
    struct Range {
        std::uint32_t first;
        unsigned bits;
        Network network;
    };
    // RFC 6890 and its register.
    static constexpr std::array<Range, 12> ranges = {{
        {0x00000000, 8, Network::forbidden},   // "this network"
        {0x0A000000, 8, Network::private_},    // 10/8
        {0x64400000, 10, Network::private_},   // 100.64/10
        {0x7F000000, 8, Network::loopback},    // 127/8
        {0xA9FE0000, 16, Network::forbidden},  // 169.254/16
        {0xAC100000, 12, Network::private_},   // 172.16/12
        {0xC0000000, 24, Network::forbidden},  // 192.0.0/24
        {0xC0A80000, 16, Network::private_},   // 192.168/16
        {0xC6120000, 15, Network::private_},   // 198.18/15
        {0xE0000000, 4, Network::forbidden},   // multicast
        {0xF0000000, 4, Network::forbidden},   // reserved, broadcast
        {0xA83F8110, 32, Network::forbidden},  // 168.63.129.16, a cloud's own services
    }};
    for (const Range& range : ranges) {
        const std::uint32_t mask = ~std::uint32_t{0} << (32U - range.bits);
        if ((address & mask) == range.first) return range.network;
    }
    return Network::open;
}

std::uint32_t ipv4_at(const std::array<std::uint8_t, 16>& bytes, std::size_t at) noexcept {
    return (std::uint32_t{bytes[at]} << 24U) | (std::uint32_t{bytes[at + 1]} << 16U) |
           (std::uint32_t{bytes[at + 2]} << 8U) | std::uint32_t{bytes[at + 3]};
}

Network network_of_ipv6(const in6_addr& address) noexcept {
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &address, bytes.size());
    bool zeros = true;
    for (std::size_t at = 0; at < 10; ++at) zeros = zeros && bytes[at] == 0;
    if (zeros && bytes[10] == 0xFF && bytes[11] == 0xFF) return network_of_ipv4(ipv4_at(bytes, 12));
    if (zeros && bytes[10] == 0 && bytes[11] == 0) {
        const std::uint32_t last = ipv4_at(bytes, 12);
        if (last == 1) return Network::loopback;
        return last == 0 ? Network::forbidden : network_of_ipv4(last);
    }
    // 64:ff9b::/96 (RFC 6052) is IPv4 behind a translator, 2002::/16 behind a relay.
    if (bytes[0] == 0x00 && bytes[1] == 0x64 && bytes[2] == 0xFF && bytes[3] == 0x9B) {
        return network_of_ipv4(ipv4_at(bytes, 12));
    }
    if (bytes[0] == 0x20 && bytes[1] == 0x02) return network_of_ipv4(ipv4_at(bytes, 2));
    if ((bytes[0] & 0xFEU) == 0xFC) return Network::private_;
    if (bytes[0] == 0xFE && (bytes[1] & 0xC0U) == 0x80) return Network::forbidden;
    if (bytes[0] == 0xFF) return Network::forbidden;
    return Network::open;
}

}  // namespace

Network network_of(const sockaddr& address) noexcept {
    if (address.sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        return network_of_ipv4(ntohl(v4.sin_addr.s_addr));
    }
    if (address.sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &address, sizeof v6);
        return network_of_ipv6(v6.sin6_addr);
    }
    return Network::forbidden;
}

Network network_of(std::string_view host) noexcept {
    if (host == "localhost" || host.ends_with(".localhost")) return Network::loopback;
    if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
    host = host.substr(0, host.find('%'));
    std::array<char, 64> text{};
    if (host.size() >= text.size()) return Network::open;
    std::memcpy(text.data(), host.data(), host.size());
    in_addr v4{};
    in6_addr v6{};
    if (inet_pton(AF_INET, text.data(), &v4) == 1) return network_of_ipv4(ntohl(v4.s_addr));
    if (inet_pton(AF_INET6, text.data(), &v6) == 1) return network_of_ipv6(v6);
    return Network::open;
}

}  // namespace stratascan::registry
