// Values that are pieces of a program, of its texts or of its file names.
#pragma once

#include <string_view>

namespace stratascan::evidence {

/// Why `value` is code, a path or markup: "expression", "call", "path", "URL",
/// "regular expression", "reference", … or empty. `quoted` says whether it stands
/// in quotes, `behind` what follows it ('\0': not known).
[[nodiscard]] std::string_view code_reason(std::string_view value, bool quoted, char behind);

}  // namespace stratascan::evidence
