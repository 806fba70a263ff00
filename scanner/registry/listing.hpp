// The repositories of a registry. The distribution API has only `_catalog`, which
// is in no OCI specification and is refused, empty or costly at most of the large
// services; each of them lists in an API of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/registry/client.hpp"

namespace stratascan::registry {

enum class Service : std::uint8_t {
    catalog,            ///< the distribution API's `_catalog`
    docker_hub,         ///< GET /v2/namespaces/{owner}/repositories
    harbor,             ///< GET /api/v2.0/repositories, or of a project
    github,             ///< GET /orgs/{owner}/packages, or /users/{owner}/packages
    artifact_registry,  ///< GET /v1/projects/…/repositories/…/packages
    azure,              ///< GET /acr/v1/_catalog
    quay,               ///< GET /api/v1/repository?namespace={owner}
    ecr,                ///< DescribeRepositories, signed; `_catalog` where there are no AWS keys
    gitlab,             ///< GET /api/v4/groups/{owner}/registry/repositories
};

struct Listing {
    std::string registry;  ///< "docker.io", "harbor.example"
    /// The namespace, project, organisation or group whose repositories are wanted.
    /// "project/repository" at Google's Artifact Registry. Harbor and catalogs go
    /// without. GitHub: "users/NAME" for a user's.
    std::string owner;
    std::optional<Service> service;  ///< by the registry's name where nothing is said
    std::string api;                 ///< "https://host" in place of the service's usual one
};

/// What a registry's name tells; Harbor has none that tells, and is a catalog unless
/// it is named.
[[nodiscard]] Service service_of(std::string_view registry) noexcept;

/// What the name of a registry of Amazon's ECR says.
struct EcrPlace {
    std::string account;  ///< 12 digits
    std::string region;   ///< "eu-central-1"
    std::string api;      ///< "https://api.ecr.eu-central-1.amazonaws.com"
};
/// Nothing where it is none.
[[nodiscard]] std::optional<EcrPlace> parse_ecr_name(std::string_view registry);

/// The URL of the first page. Errors: an owner is needed, or has an impossible form.
[[nodiscard]] Result<std::string> first_page(const Listing& listing);

struct ListingPage {
    std::vector<std::string> names;  ///< of repositories, without the registry
    std::string next;                ///< URL or path of the next page; empty: none
};

/// One answer of a service to the question `asked`, a URL.
[[nodiscard]] Result<ListingPage> parse_listing(const Listing& listing, std::string_view body,
                                                std::string_view link, const std::string& asked);

/// Calls `visit` with each page of repositories. Credentials are those for the
/// registry: of a service with an API host of its own, the password is sent to it as
/// a bearer token, as its documentation has it for personal access tokens.
[[nodiscard]] Result<ListEnd> list_repositories(Client& client, const Listing& listing,
                                                const Client::Page& visit);

}  // namespace stratascan::registry
