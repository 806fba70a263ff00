// Runs of bytes that tokens are made of. Words are shorter than tokens, and long
// names have no digits: that is what most places where a secret's name stands can
// be told by, without a look at the name.
#pragma once

#include <cstdint>
#include <optional>

#include "scanner/match/regex_tree.hpp"
#include "scanner/sieve/byte_kinds.hpp"

namespace stratascan::sieve {

inline constexpr unsigned run_bytes = 16;
inline constexpr unsigned print_bytes = 8;
/// A run this long tells without a digit in it.
inline constexpr unsigned long_run_bytes = 2 * run_bytes;
inline constexpr unsigned near_bytes = 256;

/// Bytes in front of a key in which a telling place may be.
inline constexpr unsigned near_behind_bytes = 64;

/// A telling digit stands in a run of at least `run_bytes` token bytes; so does
/// the middle of a run of `match::digitless`. The middle of a long run is where
/// one has gone on for `run_bytes` and still does for as many.
///
/// How far behind the beginning of any match the first telling place is at most.
/// Nothing when there need not be one.
struct Telling {
    std::optional<std::uint64_t> digit;  ///< a telling digit, in the secret
    std::optional<std::uint64_t> run;    ///< the middle of a long run, in the secret
    std::optional<std::uint64_t> run_anywhere;  ///< one in the match
};
/// `digit`: the rule wants one in a secret (Rule::digit).
[[nodiscard]] Telling telling_places(const match::RegexNode& pattern, bool digit);

/// What stands before the secret in every match; of a pattern that is a secret as
/// a whole, nothing.
[[nodiscard]] match::RegexNode before_secret(const match::RegexNode& pattern);

}  // namespace stratascan::sieve
