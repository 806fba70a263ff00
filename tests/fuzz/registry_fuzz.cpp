// What a registry, a token service, a credential helper or a credential file may
// say. The first byte picks what the rest is taken for.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/registry/address.hpp"
#include "scanner/registry/authorizer.hpp"
#include "scanner/registry/aws_signature.hpp"
#include "scanner/registry/client.hpp"
#include "scanner/registry/credentials.hpp"
#include "scanner/registry/exchange.hpp"
#include "scanner/registry/headers.hpp"
#include "scanner/registry/listing.hpp"
#include "scanner/registry/proxy.hpp"
#include "scanner/registry/reference.hpp"
#include "scanner/registry/registries_conf.hpp"
#include "scanner/registry/registry_source.hpp"
#include "scanner/registry/url.hpp"
#include "scanner/source/schema1.hpp"

namespace {

using namespace stratascan::registry;

void check_reference(std::string_view text) {
    const auto reference = parse_reference(text);
    if (!reference) return;
    // What was read is what is written, and nothing in it leaves its place in a URL.
    const auto again = parse_reference(reference->text());
    if (!again || again->text() != reference->text()) std::abort();
    if (reference->repository.name.find("..") != std::string::npos) std::abort();
    for (const char c : reference->text()) {
        if (c <= ' ' || c == '?' || c == '#' || c == '%' || c == '\\') std::abort();
    }
}

void check_url(std::string_view text) {
    const auto base = parse_url("https://registry.example/v2/a/tags/list?n=1");
    const auto url = resolve_url(*base, text);
    if (!url) return;
    const auto again = parse_url(url->text());
    if (!again || !again->same_origin(*url)) std::abort();
    (void)network_of(url->host);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto now = std::chrono::system_clock::from_time_t(1'700'000'000);
    switch (data[0] % 14) {
        case 0: check_reference(text); break;
        case 1:
            if (parse_challenges(text).size() > 16) std::abort();
            break;
        case 2: (void)parse_next_link(text); break;
        case 3:
            if (const auto wait = parse_retry_after(text, now); wait && wait->count() < 0) std::abort();
            break;
        case 4:
            if (const auto range = parse_content_range(text); range && range->last < range->first) {
                std::abort();
            }
            break;
        case 5: (void)parse_credential_file(text); break;
        case 6:
            (void)parse_helper_answer(text, size % 2 == 0);
            (void)parse_helper_list(text);
            break;
        case 7: (void)parse_token_answer(text); break;
        case 8: (void)stratascan::source::schema1_payload(text); break;
        case 9: (void)visit_names(text, "tags", [](const auto& names) {
                return names.size() < 1000;
            });
            break;
        case 10: check_url(text); break;
        case 11: (void)parse_registries_conf(text); break;
        case 12:
            for (const Service service : {Service::docker_hub, Service::harbor, Service::github,
                                          Service::artifact_registry, Service::quay,
                                          Service::ecr}) {
                const Listing listing{"us-docker.pkg.dev", "a/b", service, ""};
                (void)parse_listing(listing, text, "", "https://api.example/?page=1");
            }
            break;
        default:
            (void)parse_warning(text);
            (void)error_codes(text);
            (void)network_of(text);
            (void)is_accessory_tag(text);
            (void)parse_registry(text);
            (void)normalised_key(text);
            EmbeddedBlobs().note(text);
            (void)names_host(text, "10.1.2.3");
            (void)names_host(text, "registry.example");
            (void)parse_aws_credentials(text, "default");
            if (const auto place = parse_ecr_name(text); place && !parse_url(place->api)) {
                std::abort();
            }
            for (const char* prefix : {"ratelimit-", "x-ratelimit-"}) {
                Headers headers;
                const std::size_t half = text.size() / 2;
                headers.add(std::string(prefix) + "remaining", std::string(text.substr(0, half)));
                headers.add(std::string(prefix) + "reset", std::string(text.substr(half)));
                const auto rate = parse_rate_limit(headers, now);
                if (rate && rate->window.count() < 0) std::abort();
            }
    }
    return 0;
}
