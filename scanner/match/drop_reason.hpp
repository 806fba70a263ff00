// Why a candidate, bytes that a rule's pattern matched, became no finding: a few
// words each, the same in `rules explain`, in `--stats` and in tests. The checks of
// evidence/ and placeholder_reason() add words of their own ("variable", "mask",
// "words"). All are texts that live as long as the program, so a reason costs the
// second look no more than a pointer.
#pragma once

#include <string_view>

namespace stratascan::match::dropped {

// Said by the second look.
inline constexpr std::string_view low_entropy = "low entropy";
inline constexpr std::string_view no_digit = "no digit";
inline constexpr std::string_view no_context = "no context word near";
inline constexpr std::string_view allowed = "allow condition";
inline constexpr std::string_view allow_list = "allowlist";
inline constexpr std::string_view other_path = "not of the rule's path";
inline constexpr std::string_view unlikely = "among other letters, and nothing proves it";

// Said of what a generic rule sees in decoded bytes.
inline constexpr std::string_view no_text = "decoded bytes that are no text";

// Said when the findings of one file, or of its versions in git, are settled.
inline constexpr std::string_view same_bytes = "same bytes as a more telling rule";
inline constexpr std::string_view overlapped = "overlapped by a more specific rule";
inline constexpr std::string_view other_version = "same secret in another version of the file";
inline constexpr std::string_view seen_inside = "told with its way into the container";

}  // namespace stratascan::match::dropped
