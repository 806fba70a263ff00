// Settings of proxies of any text, as environments have them: "proxy NUL exceptions NUL
// host". What is chosen is one of the settings or nothing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scanner/registry/proxy.hpp"
#include "scanner/registry/url.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::registry;
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const auto next = [&rest] {
        const std::size_t end = std::min(rest.find('\0'), rest.size());
        std::string part(rest.substr(0, end));
        rest.remove_prefix(std::min(rest.size(), end + 1));
        return part;
    };
    const std::string proxy = next(), exceptions = next(), host = next();
    // setenv() keeps every value that ever was; these are taken over as they lie.
    static std::string proxy_entry, exceptions_entry;
    proxy_entry = "https_proxy=" + proxy;
    exceptions_entry = "no_proxy=" + exceptions;
    ::putenv(proxy_entry.data());
    ::putenv(exceptions_entry.data());
    const bool excepted = names_host(exceptions, host);
    const auto url = parse_url("https://" + host + "/v2/");
    if (!url) return 0;
    const std::string chosen = proxy_for(*url);
    if (!chosen.empty() && chosen != proxy) __builtin_trap();
    if (excepted && url->host == host && !chosen.empty()) __builtin_trap();
    return 0;
}
