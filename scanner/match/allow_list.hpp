// Conditions under which a candidate is no secret, ready to run.
#pragma once

#include <re2/re2.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/match/rule.hpp"
#include "stratascan/error.hpp"

namespace stratascan::match {

/// What a rule's pattern matched, for conditions about more than the secret.
struct Candidate {
    std::string_view text;  ///< what is in sight of the file
    std::size_t match_begin = 0, match_end = 0;
    std::string_view secret;
    std::string_view path;  ///< of the file; empty where there is none
};

/// How far from a match its line is looked at: a longer one is of a minified file,
/// and what stands further away says nothing about the match.
inline constexpr std::size_t line_sight = 4096;

/// One condition. Immutable, so that any thread may ask it.
class AllowCondition {
public:
    explicit AllowCondition(AllowList list);

    [[nodiscard]] bool holds(const Candidate& candidate) const;
    [[nodiscard]] const AllowList& list() const noexcept { return list_; }

private:
    AllowList list_;
    std::vector<std::unique_ptr<re2::RE2>> paths_, regexes_;
};

/// Every expression of rules is compiled so: bytes, no messages, bounded memory.
[[nodiscard]] re2::RE2::Options regex_options();

/// Whether the expression matches the path, written with or without a leading slash.
[[nodiscard]] bool matches_path(const re2::RE2& expression, std::string_view path);

/// How long the program is that RE2 made of it.
[[nodiscard]] std::uint64_t instructions_of(const re2::RE2& expression);

/// An Error names the expression of the list that RE2 does not take. `instructions` grows by
/// those of its expressions.
[[nodiscard]] Result<void> check_allow_list(const AllowList& list, std::uint64_t& instructions);

}  // namespace stratascan::match
