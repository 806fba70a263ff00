// An image of the container engine on this machine, by the engine's API (Docker
// Engine API, ImageGet: GET /images/{name}/get), which gives a docker archive. It
// is scanned while it arrives.
#pragma once

#include <memory>
#include <string>

#include "scanner/source/candidate.hpp"
#include "scanner/source/image_source.hpp"

namespace stratascan::registry {

/// The path of the engine's socket by DOCKER_HOST ("unix://…"), or the usual one.
/// `unsupported` for engines that are reached in other ways.
[[nodiscard]] Result<std::string> engine_socket();

/// Asks the engine for the image; an Error says that there is no engine, or no such
/// image.
[[nodiscard]] Result<std::unique_ptr<source::ImageSource>> open_daemon_image(
    const std::string& name, source::Selection selection, const source::StreamLimits& limits,
    unsigned stall_seconds);

}  // namespace stratascan::registry
