// The version text that belongs to a literal, and the names that a program goes
// by: the two small matchers behind identify.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <re2/re2.h>

namespace stratascan::program {

struct NearVersion {
    std::string text;
    std::uint64_t distance = 0;  ///< bytes between it and the literal; 0: it overlaps it
};

/// Of all matches of `expression` in `around`, the first capture of the one
/// nearest to the literal at [at, at + length). Embedded libraries' versions
/// and network addresses are passed over. Thread-safe, linear in around.size().
/// REQUIRES: `expression` is Latin-1 and has exactly one capture.
[[nodiscard]] std::optional<NearVersion> nearest_version(const re2::RE2& expression,
                                                         std::string_view around, std::size_t at,
                                                         std::size_t length);

/// `*` is any run of characters, `?` any one, `#` a run of one or more digits
/// and dots: "python#" is python3 and python3.11, but not python-config.
/// REQUIRES: a glob of fewer than 64 characters; a longer one matches nothing.
[[nodiscard]] bool name_matches(std::string_view glob, std::string_view name) noexcept;

}  // namespace stratascan::program
