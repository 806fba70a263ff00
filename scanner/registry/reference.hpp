// How an image in a registry is named: "[host[:port]/]repository[:tag][@digest]"
// (distribution, reference grammar). The parts become parts of a URL, so only
// text that has the grammar's form gets through.
#pragma once

#include <string>
#include <string_view>

#include "stratascan/error.hpp"

namespace stratascan::registry {

/// A repository of a registry. "docker.io" is the name; requests go to
/// registry_host().
struct Repository {
    std::string registry;  ///< "host" or "host:port", as users and credential files write it
    std::string name;      ///< "library/debian"
    /// Of a mirror or another location: the registry that the image's name has. It goes along
    /// as `ns` (OCI distribution specification, "Registry Proxying"), so that one proxy may
    /// stand for many registries; what the user gave for that registry does not.
    std::string stands_for{};

    [[nodiscard]] std::string text() const { return registry + '/' + name; }
    auto operator<=>(const Repository&) const = default;
};

struct Reference {
    Repository repository;
    std::string tag;     ///< "latest" where neither tag nor digest was given
    std::string digest;  ///< "sha256:…"; may stand beside a tag, and then decides

    /// What the manifest is asked for by.
    [[nodiscard]] const std::string& selector() const { return digest.empty() ? tag : digest; }
    /// With every default filled in: "docker.io/library/debian:latest".
    [[nodiscard]] std::string text() const;
};

/// `malformed` with the reason. The error repeats the text only as its `where`.
[[nodiscard]] Result<Reference> parse_reference(std::string_view text);

/// A registry without a repository: "host" or "host:port". Docker Hub's other
/// names become "docker.io".
[[nodiscard]] Result<std::string> parse_registry(std::string_view text);

[[nodiscard]] bool is_repository_name(std::string_view text) noexcept;
[[nodiscard]] bool is_tag(std::string_view text) noexcept;

/// Where the requests to a registry go: Docker Hub's API has a name of its own.
[[nodiscard]] std::string registry_host(std::string_view registry);

/// Whether "host" or "host:port" is this machine by its name or address.
[[nodiscard]] bool is_loopback_host(std::string_view registry) noexcept;

}  // namespace stratascan::registry
