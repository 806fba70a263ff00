// A rule's pattern as a tree, to reason about it: how wide can a match be, and
// does every match contain one of the anchors, and how early?
//
// Those answers decide what is never missed, so they are proved and not sampled.
// The tree stands for a superset of the pattern's language: assertions (\b, ^, $)
// count as nothing, a dot as any byte. What holds for every text of the superset
// holds for every match. RE2's own prefilter answers the same question, but gives
// up on classes and short literals, and with them on every fifth rule.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stratascan/error.hpp"

namespace stratascan::match {

struct RegexNode {
    enum class Kind : std::uint8_t { empty, bytes, sequence, choice, repeat };
    static constexpr std::uint32_t unbounded = ~std::uint32_t{0};

    Kind kind = Kind::empty;
    std::bitset<256> bytes;           ///< kind bytes: one of these
    std::vector<RegexNode> children;  ///< sequence, choice; repeat has one
    std::uint32_t least = 1, most = 1;
};

/// Reads RE2 syntax (Latin-1), and what Hyperscan shares of it. An Error names
/// what is not understood; nesting is limited to 200.
[[nodiscard]] Result<RegexNode> parse_regex(std::string_view pattern);

/// Longest text in bytes; nothing when there is none.
[[nodiscard]] std::optional<std::uint64_t> widest(const RegexNode& node);

/// How far behind the beginning of any match an anchor is sure to have ended:
/// the bound within which the second look begins. Nothing when a match without
/// any anchor is possible. `width` bounds the whole match, where repeats don't.
[[nodiscard]] std::optional<std::uint64_t> anchor_within(const RegexNode& node,
                                                         const std::vector<std::string>& anchors,
                                                         bool nocase, std::uint64_t width);

/// The bytes that may stand at the first few places of a match: where these do
/// not, none begins. As many places as every match has, at most `places`.
[[nodiscard]] std::vector<std::bitset<256>> first_bytes(const RegexNode& node, std::size_t places);

}  // namespace stratascan::match
