#include "scanner/registry/proxy.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace stratascan::registry {

namespace {

constexpr std::size_t most_kept = 10'000;

std::string first_set(std::initializer_list<const char*> names) {
    for (const char* name : names) {
        const char* value = std::getenv(name);
        if (value != nullptr && *value != '\0') return value;
    }
    return {};
}

/// The 4 or 16 bytes of an address; nothing for a name.
std::optional<std::vector<std::uint8_t>> address_bytes(std::string_view text) {
    if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
        text = text.substr(1, text.size() - 2);
    }
    std::array<char, 64> copy{};
    if (text.empty() || text.size() >= copy.size()) return std::nullopt;
    std::memcpy(copy.data(), text.data(), text.size());
    std::array<std::uint8_t, 16> bytes{};
    if (inet_pton(AF_INET, copy.data(), bytes.data()) == 1) {
        return std::vector<std::uint8_t>(bytes.begin(), bytes.begin() + 4);
    }
    if (inet_pton(AF_INET6, copy.data(), bytes.data()) == 1) {
        return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
    }
    return std::nullopt;
}

bool in_network(const std::vector<std::uint8_t>& address, std::string_view network) {
    const std::size_t slash = network.find('/');
    const auto base = address_bytes(network.substr(0, slash));
    if (!base || base->size() != address.size()) return false;
    unsigned bits = static_cast<unsigned>(address.size()) * 8;
    if (slash != std::string_view::npos) {
        const std::string_view text = network.substr(slash + 1);
        unsigned given = 0;
        const auto end = std::from_chars(text.data(), text.data() + text.size(), given);
        if (end.ec != std::errc() || end.ptr != text.data() + text.size() || given > bits) {
            return false;
        }
        bits = given;
    }
    for (std::size_t at = 0; at < address.size() && bits > 0; ++at) {
        const unsigned here = std::min(bits, 8U);
        const auto mask = static_cast<std::uint8_t>(0xFFU << (8 - here));
        if ((address[at] & mask) != ((*base)[at] & mask)) return false;
        bits -= here;
    }
    return true;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

int strictness(Network network) noexcept {
    switch (network) {
        case Network::open: return 0;
        case Network::private_: return 1;
        case Network::loopback: return 2;
        case Network::forbidden: break;
    }
    return 3;
}

Network look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return Network::open;
    Network network = Network::open;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        const Network of = network_of(*one->ai_addr);
        if (strictness(of) > strictness(network)) network = of;
    }
    freeaddrinfo(found);
    return network;
}

}  // namespace

bool names_host(std::string_view list, std::string_view host) {
    const auto address = address_bytes(host);
    std::string name = lower(host);
    while (name.ends_with('.')) name.pop_back();
    while (!list.empty()) {
        const std::size_t end = list.find_first_of(", \t");
        std::string entry = lower(list.substr(0, end));
        list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
        if (entry == "*") return true;
        if (address) {
            if (!entry.empty() && in_network(*address, entry)) return true;
            continue;
        }
        while (entry.ends_with('.')) entry.pop_back();
        if (entry.starts_with('.')) entry.erase(0, 1);
        if (entry.empty()) continue;
        if (name == entry || name.ends_with('.' + entry)) return true;
    }
    return false;
}

std::string proxy_for(const Url& url) {
    // HTTP_PROXY in capitals is what a CGI program's client may set, and is not read.
    std::string proxy =
        url.is_secure() ? first_set({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
                        : first_set({"http_proxy", "all_proxy", "ALL_PROXY"});
    if (proxy.empty() || names_host(first_set({"no_proxy", "NO_PROXY"}), url.host)) return {};
    return proxy;
}

Network resolved_network(const std::string& host) {
    const Network literal = network_of(std::string_view(host));
    if (literal != Network::open || address_bytes(host)) return literal;
    static std::mutex mutex;
    static std::map<std::string, Network> kept;
    {
        const std::scoped_lock lock(mutex);
        if (const auto found = kept.find(host); found != kept.end()) return found->second;
    }
    const Network network = look_up(host);
    const std::scoped_lock lock(mutex);
    if (kept.size() < most_kept) kept.emplace(host, network);
    return network;
}

}  // namespace stratascan::registry
