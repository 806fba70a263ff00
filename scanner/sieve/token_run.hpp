// Runs of bytes that tokens are made of. Words are shorter than tokens, and long
// names have no digits: that is what most places where a secret's name stands can
// be told by, without a look at the name.
#pragma once

#include <cstdint>
#include <optional>

#include "scanner/match/regex_tree.hpp"

namespace stratascan::sieve {

inline constexpr unsigned run_bytes = 16;
inline constexpr unsigned print_bytes = 8;
/// A run this long tells without a digit in it.
inline constexpr unsigned long_run_bytes = 2 * run_bytes;
inline constexpr unsigned near_bytes = 256;

/// A letter, a digit, or one of -_+/.=~:!@#%^*|
[[nodiscard]] bool is_token_byte(unsigned char byte) noexcept;

/// A place is telling where a digit stands in a run of at least `run_bytes` token
/// bytes, or where such a run has gone on for `run_bytes` and still does for as
/// many: the middle of a long one.
///
/// Gives how far behind the beginning of any match that leads to a finding the
/// first telling place of the secret is at most. `digit`: the rule wants one in a
/// secret (Rule::digit). Nothing when there need not be one.
[[nodiscard]] std::optional<std::uint64_t> telling_place_within(const match::RegexNode& pattern,
                                                                bool digit);

/// What stands before the secret in every match; of a pattern that is a secret as
/// a whole, nothing.
[[nodiscard]] match::RegexNode before_secret(const match::RegexNode& pattern);

}  // namespace stratascan::sieve
