// An image in a registry as a target: what the documents of a layout are to a
// folder, manifests and configs are to a repository, so the same walk reads them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "scanner/registry/client.hpp"
#include "scanner/registry/reference.hpp"
#include "scanner/registry/registries_conf.hpp"
#include "scanner/source/candidate.hpp"
#include "scanner/source/image_source.hpp"

namespace stratascan::registry {

/// Nothing is asked before images() is called. An Error of that is why nothing
/// could be read: not reached, not allowed, not there. `places` are where to ask, in
/// order; the first that has the image gives all of it. `client` outlives it.
[[nodiscard]] std::unique_ptr<source::ImageSource> open_registry_image(
    Client& client, Reference reference, std::vector<Place> places, source::Selection selection);

/// The tags under which a repository keeps what is about the manifest `digest`:
/// "sha256-<hex>" (referrers tag schema), and with ".sig", ".att", ".sbom" (cosign).
[[nodiscard]] std::vector<std::string> accessory_tags(std::string_view digest);

/// Whether a tag has that form, so that it names no image of its own.
[[nodiscard]] bool is_accessory_tag(std::string_view tag) noexcept;

}  // namespace stratascan::registry
