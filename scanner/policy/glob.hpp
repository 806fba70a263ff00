// Patterns of names and paths: `*` stands for any bytes but '/', `**` for any bytes,
// `?` for one byte but '/'. Everything else is itself.
#pragma once

#include <cstddef>
#include <string_view>

namespace stratascan::policy {

/// No system opens a longer path. What a pattern allows or suppresses is never longer.
inline constexpr std::size_t longest_globbed = 4096;

/// Takes at most the product of both lengths.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

/// Whether the pattern says nothing of what it matches: it has no letter and no digit.
[[nodiscard]] bool glob_is_blanket(std::string_view pattern) noexcept;

}  // namespace stratascan::policy
