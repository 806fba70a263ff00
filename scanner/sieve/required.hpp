// Strings of which every match of a pattern has one, cheapest to look for first:
// what the sieve goes by where an expression is no plain literal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/match/regex_tree.hpp"

namespace stratascan::sieve {

/// Bytes of a key: what the sieve's first pass tells places by.
inline constexpr std::size_t key_bytes = 4;

/// One of the strings.
struct Required {
    std::string text;
    bool nocase = false;       ///< the text is in lower case, to be met in any; of all or none
    std::uint64_t before = 0;  ///< bytes of a match before it, at most
    std::uint64_t behind = 0;  ///< bytes of a match behind its beginning, at most
};

/// Nothing when no set of strings of `key_bytes` or more, few enough, is required.
[[nodiscard]] std::optional<std::vector<Required>> required_strings(const match::RegexNode& node);

/// Estimate of how often one of the strings' rarest keys is met, per byte of text.
[[nodiscard]] double cost(const std::vector<Required>& strings) noexcept;

/// Estimate of how often the 4 bytes stand in text, per byte of it, in any case.
[[nodiscard]] double likelihood(std::string_view key) noexcept;
/// Where in `text` its rarest key begins.
[[nodiscard]] std::size_t rarest_key(std::string_view text) noexcept;

[[nodiscard]] constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

}  // namespace stratascan::sieve
