// How a note says that nothing of a rule was carried over, so that who checks a file can
// tell it from notes about what a rule lost.
#pragma once

#include <string_view>

namespace stratascan::match {

/// Stands behind the rule: `FILE:LINE: rule "ID": not carried over: WHY`.
inline constexpr std::string_view nothing_left = "not carried over: ";

/// Whether a note is one of those.
[[nodiscard]] constexpr bool tells_of_lost_rule(std::string_view note) noexcept {
    const std::size_t at = note.find(nothing_left);
    if (at == note.npos) return false;
    const std::string_view subject = note.substr(0, at);
    return subject.ends_with("\": ") || subject.ends_with(": a rule is ");
}

}  // namespace stratascan::match
