// Signs that bytes of compiled code may hold a secret: something random, or what a password is
// called. They only choose what is read more closely; rules say what is a secret.
#pragma once

#include <string_view>

namespace stratascan::nested {

/// Whether a file's bytes have 16 letters and digits in a row that look random, or a password's
/// name. Costs a small part of what it costs to scan them. Of random values of 16 letters and
/// digits one in eight does not look so, of 24 one in thirty, of 40 characters of base64 one in
/// fifteen, of 32 hex digits none.
[[nodiscard]] bool may_hold_secret(std::string_view file);

/// Whether "passw", "passp", "passc", "pwd" or a "pass" at a word's end stands in it.
[[nodiscard]] bool names_password(std::string_view bytes);

/// Whether a string has something that a key or a token has: 16 letters and digits in a row,
/// or a password in a URL or behind its name.
[[nodiscard]] bool may_be_secret(std::string_view value);

/// Whether a string is short and has no blanks.
[[nodiscard]] bool may_be_name(std::string_view text);

}  // namespace stratascan::nested
