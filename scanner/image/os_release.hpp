// os-release(5): what a file system says which distribution it is.
#pragma once

#include <string>
#include <string_view>

namespace stratascan::image {

/// The value of `KEY=value`, without its quotes; empty where it is missing.
[[nodiscard]] std::string os_release_value(std::string_view text, std::string_view key);

/// ID or VERSION_ID: lower-case letters, digits, '.', '_' and '-', at most 64. What is
/// anything else is not repeated.
[[nodiscard]] std::string os_release_word(std::string_view text, std::string_view key);

}  // namespace stratascan::image
