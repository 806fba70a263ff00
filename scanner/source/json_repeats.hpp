// Members that stand twice in one object of a JSON text. RFC 8259, section 4: names
// should be unique, and where they are not "the behavior of software ... is
// unpredictable": some readers take the first, some the last. A parser that builds a tree
// has lost one of them already.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stratascan::source {

/// The first name that an object has twice, however it is escaped, or nothing. Looks at
/// objects nested up to json::deepest, and stops where the text is no JSON.
[[nodiscard]] std::optional<std::string> repeated_name(std::string_view text);

}  // namespace stratascan::source
