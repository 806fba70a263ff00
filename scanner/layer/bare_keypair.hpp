// A file that is nothing but a list of 64 numbers may be a key pair of Solana ("file
// system wallet", as solana-keygen writes id.json): no literal stands in it that a rule
// could go by. Its size and first bytes say so, and the numbers prove it: the last 32 are
// the public half of the first 32. What does not prove itself is a list of numbers.
#pragma once

#include <string_view>
#include <vector>

#include "scanner/match/second_look.hpp"

namespace stratascan::layer {

/// Of such a file, written over lines, too.
inline constexpr std::size_t largest_bare_keypair = 1024;

/// Whether a whole file of that many bytes looks like one.
[[nodiscard]] bool may_be_bare_keypair(std::string_view file) noexcept;

/// The key pair, found by the rule that looks for them under a name; or nothing.
[[nodiscard]] std::vector<match::Match> look_at_bare_keypair(const match::RuleSet& rules,
                                                             const match::SecondLook& second_look,
                                                             std::string_view file);

}  // namespace stratascan::layer
