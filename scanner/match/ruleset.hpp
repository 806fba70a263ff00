// All rules together, ready to run: the expressions that the engine looks for,
// who wants to know of each, and the second look's compiled parts.
#pragma once

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/evidence/evidence.hpp"
#include "scanner/match/allow_list.hpp"
#include "scanner/match/pair_rules.hpp"
#include "scanner/match/regex_pool.hpp"
#include "scanner/match/regex_tree.hpp"
#include "scanner/match/rule.hpp"
#include "scanner/match/rule_file.hpp"
#include "scanner/match/sections.hpp"
#include "scanner/program/identify.hpp"
#include "stratascan/error.hpp"

namespace stratascan::match {

/// The secret's group has at most this number: what the second look makes room for.
inline constexpr int most_groups = 15;

/// One thing that the engine looks for. Its number is its index.
struct Expression {
    std::string literal;  ///< required bytes; empty for a gate
    std::string gate;     ///< as `Rule::gate`; empty for a literal
    bool nocase = false;  ///< of the literal
    std::vector<std::uint32_t> rules;     ///< rules that it may begin a finding of
    std::vector<std::uint32_t> programs;  ///< program literals that it is
};

/// A rule and what runs it. Each regular expression is compiled when it is first
/// needed: a clean image needs few of them, and a start costs nothing.
class CompiledRule {
public:
    /// `conditions`: where rules of a set find the expressions they share.
    CompiledRule(Rule rule, std::shared_ptr<RegexPool> conditions);

    [[nodiscard]] const Rule& rule() const noexcept { return rule_; }
    [[nodiscard]] const re2::RE2& pattern() const;
    [[nodiscard]] int secret_group() const;
    /// The last group that says what the secret is: the secret's, or of several.
    [[nodiscard]] int last_group() const;
    /// Where a match can begin.
    [[nodiscard]] const Beginnings& beginnings() const;
    /// Whether the secret alone has the form of the pattern's group.
    [[nodiscard]] bool has_form(std::string_view secret) const;
    /// The rule's condition by which the secret is none, or null.
    [[nodiscard]] const re2::RE2* allowed_by(std::string_view secret) const;
    [[nodiscard]] const AllowList* allowed_by(const Candidate& candidate) const;
    /// Whether the rule is about files of that path at all.
    [[nodiscard]] bool looks_at(std::string_view path) const;
    [[nodiscard]] evidence::Check check() const noexcept { return check_; }
    [[nodiscard]] bool is_generic() const noexcept { return generic_; }

private:
    void compile_pattern() const;
    void compile_conditions() const;

    Rule rule_;
    std::shared_ptr<RegexPool> conditions_;
    evidence::Check check_ = nullptr;
    bool generic_ = false;
    mutable std::once_flag beginnings_once_, pattern_once_, conditions_once_, form_once_;
    mutable std::unique_ptr<re2::RE2> pattern_;
    mutable std::vector<const re2::RE2*> allow_;
    mutable std::vector<AllowCondition> allow_lists_;
    mutable std::unique_ptr<re2::RE2> path_, form_;
    mutable int secret_group_ = 0, last_group_ = 0;
    mutable Beginnings beginnings_;
};

class RuleSet {
public:
    /// Checks every rule, fills in what was left to derive (anchors, width), and
    /// numbers the expressions. The same rules give the same numbers.
    [[nodiscard]] static Result<std::shared_ptr<const RuleSet>> build(RuleFile file);

    /// As build(), for rules that build() has completed before; `trusted` leaves
    /// out every check, for those that the program carries.
    [[nodiscard]] static Result<std::shared_ptr<const RuleSet>> assemble(RuleFile complete,
                                                                         bool trusted = false);

    [[nodiscard]] const std::vector<std::unique_ptr<CompiledRule>>& rules() const noexcept {
        return rules_;
    }
    [[nodiscard]] const program::ProgramSet& programs() const noexcept { return *programs_; }
    [[nodiscard]] std::shared_ptr<const program::ProgramSet> shared_programs() const noexcept {
        return programs_;
    }
    [[nodiscard]] std::shared_ptr<const PairRules> shared_pairs() const noexcept { return pairs_; }
    /// The rule whose token an assigned one is by its form and the names round it: see
    /// sections.hpp. `text` is what was looked at, the secret stands at [begin, end).
    [[nodiscard]] std::optional<Section> section_of(std::string_view text, std::size_t begin,
                                                    std::size_t end) const;
    [[nodiscard]] const std::vector<Expression>& expressions() const noexcept {
        return expressions_;
    }
    /// SHA-256, in hex, over everything of the rules that can change a result.
    [[nodiscard]] const std::string& hash() const noexcept { return hash_; }

private:
    std::vector<std::unique_ptr<CompiledRule>> rules_;
    std::shared_ptr<const program::ProgramSet> programs_;
    std::shared_ptr<const PairRules> pairs_;
    Sections sections_;
    std::vector<Expression> expressions_;
    std::string hash_;
};

/// One rule's mistakes and missing parts: derives anchors and width where the
/// file left them out. Gives the rule as it runs.
///
/// What a rule may ask for is bounded (rule_limits.hpp). `instructions`, if given, grows by those
/// of the RE2 programs that were made to see whether the rule is sound, also where it is not.
[[nodiscard]] Result<Rule> complete_rule(Rule rule, std::uint64_t* instructions = nullptr);

/// All of them, which are bounded together, too. The first mistake is the answer.
[[nodiscard]] Result<std::vector<Rule>> complete_rules(std::vector<Rule> rules);

}  // namespace stratascan::match
