// Docker archives from before version 1.10, which have no manifest.json.
#pragma once

#include <string_view>
#include <vector>

#include "scanner/source/candidate.hpp"

namespace stratascan::source {

/// Whether the store has a layer of such an archive: <id>/json and <id>/layer.tar.
[[nodiscard]] bool has_legacy_layers(const BlobStore& store);

/// The reason of a gap: layers that no other names as its parent may have stood behind the last.
inline constexpr std::string_view legacy_without_end =
    "the archive has neither an end marker nor a manifest.json: it may be cut";

/// Every image: those that `repositories` names, and those that no other has for
/// a parent. Whatever layers there are belong to one, also where their chain has
/// no end.
[[nodiscard]] std::vector<Candidate> legacy_images(const BlobStore& store,
                                                   const Selection& selection, Budget& budget);

}  // namespace stratascan::source
