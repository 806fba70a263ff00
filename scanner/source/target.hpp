// How a user names a target: a path, "-", or either behind a scheme, and after
// some schemes the name of one image.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stratascan::source {

enum class Scheme {
    none,
    oci,
    oci_archive,
    docker_archive,
    layer,
    dir,
    docker_daemon,
    registry,
};

struct TargetName {
    Scheme scheme = Scheme::none;
    std::string rest;  ///< what stands behind the scheme
};

/// Takes the scheme off. Text before a colon that is no scheme is part of the rest.
[[nodiscard]] TargetName parse_target(std::string_view target);

/// The ways to read "path:tag" and "path@sha256:…" as a path and a reference,
/// the longest path first; the whole text as a path is the first of them. A path
/// may hold colons, so the file system has to say which one it is.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> split_reference(
    std::string_view rest);

/// Whether a text that is no existing path looks like the name of an image in a
/// registry: "app:1.2", "registry.example/app", "app@sha256:…".
[[nodiscard]] bool looks_like_registry_reference(std::string_view text) noexcept;

/// Whether open_target() would ask a registry or an engine for it.
[[nodiscard]] bool is_remote_target(std::string_view target);

}  // namespace stratascan::source
