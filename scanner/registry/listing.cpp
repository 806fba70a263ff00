// Forms and paths follow the services' documentation: Docker Hub API "List
// repositories", Harbor 2 "listAllRepositories" and "listRepositories", GitHub REST
// "List packages for an organization", Artifact Registry REST "packages.list", Azure
// "Repository - Get List", Quay "listRepos", GitLab "Container registry API", Amazon ECR
// API Reference "DescribeRepositories".
#include "scanner/registry/listing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "scanner/registry/aws_signature.hpp"
#include "scanner/registry/reference.hpp"
#include "scanner/source/json_document.hpp"

namespace stratascan::registry {

namespace {

using nlohmann::json;
using source::list_member;
using source::text_member;

constexpr std::uint64_t max_pages = 100'000;

Service service_in(const Listing& listing) noexcept {
    return listing.service.value_or(service_of(listing.registry));
}

/// Letters, digits and "._-", in parts between slashes: what may go into a path.
bool is_owner(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 255 && text.find("..") == std::string_view::npos &&
           std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-' || c == '/' || c == ':';
           });
}

std::string api_of(const Listing& listing, Service service) {
    if (!listing.api.empty()) return listing.api;
    switch (service) {
        case Service::docker_hub: return "https://hub.docker.com";
        case Service::github: return "https://api.github.com";
        case Service::artifact_registry: return "https://artifactregistry.googleapis.com";
        case Service::gitlab:
            return "https://" + (listing.registry.starts_with("registry.")
                                     ? listing.registry.substr(9)
                                     : listing.registry);
        default: return "https://" + listing.registry;
    }
}

std::string percent_decode(std::string_view text) {
    const auto digit = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    };
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool coded = text[at] == '%' && at + 2 < text.size() && digit(text[at + 1]) >= 0 &&
                           digit(text[at + 2]) >= 0;
        out += coded ? static_cast<char>(digit(text[at + 1]) * 16 + digit(text[at + 2])) : text[at];
        if (coded) at += 2;
    }
    return out;
}

/// `asked` with `name=value` in place of what it has of that name.
std::string with_value(const std::string& asked, std::string_view name, std::string_view value) {
    const std::size_t question = asked.find('?');
    std::string url = asked.substr(0, question) + '?';
    std::string_view rest = question == std::string::npos
                                ? std::string_view()
                                : std::string_view(asked).substr(question + 1);
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        if (pair.substr(0, pair.find('=')) == name) continue;
        url += std::string(pair) + '&';
    }
    return url + std::string(name) + '=' + percent_encode(value);
}

/// Where a service's list stands in its answer, and what a repository is called there.
struct Form {
    const char* list;  ///< null: the answer is the list
    const char* name;
    const char* token;       ///< member with the token of the next page, or with its URL
    const char* parameter;   ///< in which that token goes; null: it is a URL
};

Form form_of(Service service) noexcept {
    switch (service) {
        case Service::docker_hub: return {"results", "name", "next", nullptr};
        case Service::artifact_registry:
            return {"packages", "name", "nextPageToken", "pageToken"};
        case Service::quay: return {"repositories", "name", "next_page", "next_page"};
        case Service::gitlab: return {nullptr, "path", nullptr, nullptr};
        case Service::ecr: return {"repositories", "repositoryName", nullptr, nullptr};
        default: return {nullptr, "name", nullptr, nullptr};
    }
}

/// The repository's name as the registry knows it.
std::string full_name(const Listing& listing, Service service, const json& entry,
                      const std::string& name) {
    switch (service) {
        case Service::docker_hub: return listing.owner + '/' + name;
        case Service::quay: {
            const std::string space = text_member(entry, "namespace");
            return (space.empty() ? listing.owner : space) + '/' + name;
        }
        case Service::github: {
            const json* const owner = source::object_member(entry, "owner");
            const std::string login = owner == nullptr ? "" : text_member(*owner, "login");
            std::string full = (login.empty() ? listing.owner : login) + '/' + name;
            std::ranges::transform(full, full.begin(), [](char c) {
                return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
            });
            return full;
        }
        case Service::artifact_registry: {
            constexpr std::string_view marker = "/packages/";
            const std::size_t at = name.find(marker);
            if (at == std::string::npos) return {};
            return listing.owner + '/' + percent_decode(name.substr(at + marker.size()));
        }
        default: return name;
    }
}

/// One page after the other by POST, the token of the next one in its body.
Result<ListEnd> list_ecr(Client& client, const Listing& listing, const EcrPlace& place,
                         const AwsKeys& keys, const Client::Page& visit) {
    const auto url = parse_url((listing.api.empty() ? place.api : listing.api) + "/");
    if (!url) return std::unexpected(url.error());
    ListEnd end;
    std::set<std::string> seen;
    std::string token;
    const auto stop_short = [&](std::string reason) {
        end.complete = false;
        end.reason = std::move(reason);
        return end;
    };
    for (;;) {
        json body = {{"registryId", place.account}, {"maxResults", 1000}};
        if (!token.empty()) body["nextToken"] = token;
        AwsRequest request{"POST", "/", "",
                           {{"content-type", "application/x-amz-json-1.1"},
                            {"host", host_and_port(*url)},
                            {"x-amz-target", "AmazonEC2ContainerRegistry_V20150921."
                                             "DescribeRepositories"}},
                           body.dump(-1, ' ', false, json::error_handler_t::replace)};
        if (!keys.session_token.empty()) {
            request.headers.emplace_back("x-amz-security-token", keys.session_token);
        }
        const auto sign = [&] {
            const std::string time = aws_time(std::chrono::system_clock::now());
            AwsRequest dated = request;
            dated.headers.emplace_back("x-amz-date", time);
            std::vector<std::string> headers;
            for (const auto& [name, value] : dated.headers) {
                if (name != "host") headers.push_back(fmt::format("{}: {}", name, value));
            }
            headers.push_back("Authorization: " + aws_authorization(dated, keys, place.region,
                                                                    "ecr", time));
            return headers;
        };
        auto response = client.post_api(*url, sign, request.body, "the list of repositories");
        if (!response) {
            if (end.pages == 0) return std::unexpected(response.error());
            return stop_short(response.error().message());
        }
        auto page = parse_listing(listing, response->body, "", url->text());
        const auto parsed = source::parse_json(response->body);
        if (!page || !parsed) {
            if (end.pages == 0) return std::unexpected(page ? parsed.error() : page.error());
            return stop_short("a page of the list is of another form");
        }
        ++end.pages;
        if (!visit(std::move(page->names))) return stop_short("as many as were asked for");
        token = text_member(*parsed, "nextToken");
        if (token.empty()) return end;
        if (!seen.insert(token).second) return stop_short("a page of the list comes again");
        if (end.pages == max_pages) return stop_short("the list does not end");
    }
}

}  // namespace

std::optional<EcrPlace> parse_ecr_name(std::string_view registry) {
    const auto digits = [](std::string_view text) {
        return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    };
    EcrPlace place;
    if (registry.size() < 13 || registry[12] != '.' || !digits(registry.substr(0, 12))) {
        return std::nullopt;
    }
    place.account = registry.substr(0, 12);
    std::string_view rest = registry.substr(12);
    bool fips = false;
    if (rest.starts_with(".dkr.ecr-fips.")) {
        fips = true;
        rest.remove_prefix(14);
    } else if (rest.starts_with(".dkr.ecr.")) {
        rest.remove_prefix(9);
    } else {
        return std::nullopt;
    }
    const std::size_t dot = rest.find('.');
    place.region = rest.substr(0, dot);
    const std::string_view domain =
        dot == std::string_view::npos ? std::string_view() : rest.substr(dot);
    const bool plain = !place.region.empty() && std::ranges::all_of(place.region, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (!plain || (domain != ".amazonaws.com" && domain != ".amazonaws.com.cn")) {
        return std::nullopt;
    }
    place.api = std::string(fips ? "https://ecr-fips." : "https://api.ecr.") + place.region +
                std::string(domain);
    return place;
}

Service service_of(std::string_view registry) noexcept {
    if (registry == "docker.io") return Service::docker_hub;
    if (registry == "ghcr.io") return Service::github;
    if (registry == "quay.io") return Service::quay;
    if (registry.ends_with("-docker.pkg.dev")) return Service::artifact_registry;
    if (registry.ends_with(".azurecr.io")) return Service::azure;
    if (parse_ecr_name(registry)) return Service::ecr;
    if (registry == "registry.gitlab.com") return Service::gitlab;
    return Service::catalog;
}

Result<std::string> first_page(const Listing& listing) {
    const Service service = service_in(listing);
    const std::string api = api_of(listing, service);
    const bool optional = service == Service::harbor || service == Service::ecr || service == Service::azure ||
                          service == Service::catalog;
    if (!is_owner(listing.owner) && !(optional && listing.owner.empty())) {
        return fail(ErrorCode::invalid_argument,
                    listing.owner.empty() ? "this service lists the repositories of one owner only"
                                          : "no name of an owner",
                    listing.registry, "name a namespace, organisation, project or group");
    }
    const std::string owner = percent_encode(listing.owner);
    switch (service) {
        case Service::docker_hub:
            return api + "/v2/namespaces/" + owner + "/repositories?page_size=100";
        case Service::harbor:
            return api + (owner.empty() ? "/api/v2.0/repositories"
                                        : "/api/v2.0/projects/" + owner + "/repositories") +
                   "?page=1&page_size=100";
        case Service::github: {
            const bool user = listing.owner.starts_with("users/");
            const std::string name = percent_encode(user ? listing.owner.substr(6) : listing.owner);
            return api + (user ? "/users/" : "/orgs/") + name +
                   "/packages?package_type=container&per_page=100";
        }
        case Service::artifact_registry: {
            const std::size_t slash = listing.owner.find('/');
            const std::size_t end = listing.registry.find("-docker.pkg.dev");
            if (slash == std::string::npos || end == std::string::npos) {
                return fail(ErrorCode::invalid_argument, "the owner is project/repository",
                            listing.registry);
            }
            return api + "/v1/projects/" + percent_encode(listing.owner.substr(0, slash)) +
                   "/locations/" + percent_encode(listing.registry.substr(0, end)) +
                   "/repositories/" + percent_encode(listing.owner.substr(slash + 1)) +
                   "/packages?pageSize=1000";
        }
        case Service::quay:
            return api + "/api/v1/repository?public=true&namespace=" + owner;
        case Service::gitlab:
            return api + "/api/v4/groups/" + owner + "/registry/repositories?per_page=100";
        case Service::azure:
        case Service::ecr:
        case Service::catalog: break;
    }
    return fail(ErrorCode::invalid_argument, "this service is listed by its catalog",
                listing.registry);
}

Result<ListingPage> parse_listing(const Listing& listing, std::string_view body,
                                  std::string_view link, const std::string& asked) {
    const auto parsed = source::parse_json(body);
    if (!parsed) return std::unexpected(parsed.error());
    const Service service = service_in(listing);
    const Form form = form_of(service);
    const json* list = form.list == nullptr ? (parsed->is_array() ? &*parsed : nullptr)
                                            : list_member(*parsed, form.list);
    ListingPage page;
    if (list == nullptr && !(parsed->is_object() && form.list != nullptr)) {
        return fail(ErrorCode::malformed, "the service's answer is no list of repositories");
    }
    if (list != nullptr) {
        for (const json& entry : *list) {
            const std::string name = text_member(entry, form.name);
            std::string full = name.empty() ? "" : full_name(listing, service, entry, name);
            if (!full.empty()) page.names.push_back(std::move(full));
        }
    }
    if (form.token != nullptr) {
        const std::string token = text_member(*parsed, form.token);
        if (!token.empty()) {
            page.next = form.parameter == nullptr ? token : with_value(asked, form.parameter, token);
        }
    } else if (auto next = parse_next_link(link)) {
        page.next = *std::move(next);
    }
    return page;
}

Result<ListEnd> list_repositories(Client& client, const Listing& listing,
                                  const Client::Page& visit) {
    const Service service = service_in(listing);
    if (service == Service::catalog) return client.catalog(listing.registry, visit);
    if (service == Service::azure) return client.catalog(listing.registry, visit, "/acr/v1/_catalog");
    if (service == Service::ecr) {
        const auto place = parse_ecr_name(listing.registry);
        if (!place) {
            return fail(ErrorCode::invalid_argument, "no name of a registry of Amazon ECR",
                        listing.registry, "as in 123456789012.dkr.ecr.eu-west-1.amazonaws.com");
        }
        const auto keys = find_aws_keys();
        if (!keys) return client.catalog(listing.registry, visit);
        return list_ecr(client, listing, *place, *keys, visit);
    }
    const auto first = first_page(listing);
    if (!first) return std::unexpected(first.error());
    const auto home = parse_url(*first);
    if (!home) return std::unexpected(home.error());
    const auto how = service == Service::harbor ? Client::ApiCredentials::basic
                                                : Client::ApiCredentials::bearer;
    ListEnd end;
    std::set<std::string> seen;
    Result<Url> url = home;
    const auto stop_short = [&](std::string reason) {
        end.complete = false;
        end.reason = std::move(reason);
        return end;
    };
    while (url) {
        if (!url->same_origin(*home)) return stop_short("the next page is on another host");
        if (!seen.insert(url->text()).second) return stop_short("a page of the list comes again");
        if (end.pages == max_pages) return stop_short("the list does not end");
        auto response = client.api(*url, listing.registry, how, "the list of repositories");
        if (!response) {
            if (end.pages == 0) return std::unexpected(response.error());
            return stop_short(response.error().message());
        }
        auto page = parse_listing(listing, response->body, response->headers.get("link"),
                                  url->text());
        if (!page) {
            if (end.pages == 0) return std::unexpected(page.error());
            return stop_short("a page of the list is of another form");
        }
        ++end.pages;
        if (!visit(std::move(page->names))) return stop_short("as many as were asked for");
        if (page->next.empty()) return end;
        url = resolve_url(*url, page->next);
    }
    return stop_short("the next page has a malformed URL");
}

}  // namespace stratascan::registry
