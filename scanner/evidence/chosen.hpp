// Passwords that people choose of words, and the spellings they hide behind.
#pragma once

#include <string>
#include <string_view>

namespace stratascan::evidence {

/// "opensesame", "p4ssw0rd", "Hunter2": words, also where digits and symbols stand
/// for letters. Most that stand in files are of documentation and tests.
[[nodiscard]] bool is_chosen_word(std::string_view password);

/// `text` with each %XX of a URL as the byte that it stands for.
[[nodiscard]] std::string percent_decoded(std::string_view text);

/// The text that a value in base64 holds, when it is one for people to read; or
/// nothing.
[[nodiscard]] std::string text_inside_base64(std::string_view value);

}  // namespace stratascan::evidence
