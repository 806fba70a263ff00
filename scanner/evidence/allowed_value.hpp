// What a value is that a rule's allow condition matched, for people to read.
#pragma once

#include <string_view>

namespace stratascan::evidence {

/// A named reason by the look of the value alone, as the checks and placeholder_reason()
/// name theirs; empty where it looks like nothing in particular. Lives as long as the
/// program.
[[nodiscard]] std::string_view allowed_reason(std::string_view value);

}  // namespace stratascan::evidence
