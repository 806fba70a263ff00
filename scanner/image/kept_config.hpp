// What a store may keep of an image's config and annotations, so that a gate can later tell
// what of a config is new. A config is where secrets stand that nothing recognises, so no
// value is kept that a check does not need: of variables the names, and of HOME and PATH the
// values; of labels and annotations the names, and values where they are a base's name, a
// date or an amount of resources. Commands and build steps that made a layer are kept without
// the secrets that were found in them, as reports show them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scanner/source/image_source.hpp"
#include "stratascan/report.hpp"

namespace stratascan::image {

/// What stands for a value that is not kept.
inline constexpr std::string_view value_not_kept = "[not kept]";

/// As JSON; empty where the image has no config that can be read. `metadata` are the
/// findings in metadata_texts().
[[nodiscard]] std::string kept_config(const source::ImageRef& image,
                                      const std::vector<Finding>& metadata);

/// Gives `image` the config and the annotations that were kept, for gather_facts().
/// REQUIRES: `kept` is not empty.
void restore_config(std::string_view kept, source::ImageRef& image);

}  // namespace stratascan::image
