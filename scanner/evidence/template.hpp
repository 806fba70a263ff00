// Text in which a program will put a value later: a shell variable, a printf
// conversion, a tag of one of the template languages.
#pragma once

#include <string_view>

namespace stratascan::evidence {

/// "template" where `value` is such a text, or has one in it; empty otherwise.
[[nodiscard]] std::string_view template_reason(std::string_view value) noexcept;

}  // namespace stratascan::evidence
