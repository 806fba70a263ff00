// Rules in the TOML of gitleaks, read as rules of ours.
//
// Its form, as its README documents it: [[rules]] with id, description, regex, path,
// entropy, keywords, secretGroup and tags; allowlists of a rule ([rules.allowlist],
// [[rules.allowlists]]) and of all ([allowlist], [[allowlists]] with targetRules) with
// regexes, regexTarget, paths, stopwords, commits and condition; and [extend] with
// useDefault, path and disabledRules. Expressions are Go's, which are RE2's, so they
// carry over as they stand; what differs is where a rule is looked for:
//
//  * gitleaks runs an expression over every file that has one of the keywords. Here
//    an expression is run only round a literal that each of its matches has, or
//    round a keyword where it has none; or it is given to the engine as a whole.
//  * A keyword that the expression does not imply counts here within a distance.
//  * A match has a bounded width.
//
// Whatever is lost in that, or has no counterpart, is a note. A file is outside
// input: what is wrong with one rule costs that rule, and is a note, too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scanner/match/rule.hpp"
#include "stratascan/error.hpp"

namespace stratascan::match {

struct GitleaksFile {
    /// An allowlist for rules of those ids; no ids: for every rule.
    struct Allowance {
        AllowList list;
        std::vector<std::string> ids;
        std::string where;  ///< file and line, for messages
    };

    std::vector<Rule> rules;             ///< completed
    std::vector<Allowance> refinements;  ///< of rules that are defined elsewhere
    std::vector<Allowance> everywhere;   ///< those of the file as a whole
    bool use_default = false;
    std::string extend_path;
    std::vector<std::string> disabled;  ///< ids of rules to leave out of what is extended
    std::string extend_where;           ///< file and line of [extend]
    std::vector<std::string> notes;     ///< what could not be carried over, a line each
};

/// Whether a rule file is in that form and not in ours, by its tables.
[[nodiscard]] bool is_gitleaks_file(std::string_view text);

/// Parses the text of one file; `name` is for messages only. An Error when it is no
/// TOML, or asks for more than rules may (rule_limits.hpp).
[[nodiscard]] Result<GitleaksFile> parse_gitleaks_file(std::string_view text,
                                                       const std::string& name);

/// A rule as gitleaks has it.
struct GitleaksRule {
    Rule rule;  ///< id, title, pattern (as written), path, entropy, allowlists, file, line
    std::int64_t secret_group = 0;
    std::vector<std::string> keywords;
};

/// The rule in our form, completed. Appends to `notes` what is lost, without the
/// rule's name; an Error says why it can't be carried over. `instructions` are those of
/// complete_rule(), of all that was tried.
[[nodiscard]] Result<Rule> carry_over(GitleaksRule from, std::vector<std::string>& notes,
                                      std::uint64_t& instructions);

}  // namespace stratascan::match
