// Reads rules and program rules from TOML. A rule file is outside input: every
// mistake is an Error with the file, the line and the rule, and a key that is
// not known is a mistake, because a misspelt `entropy` must not be silence.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scanner/match/rule.hpp"
#include "scanner/program/program_rule.hpp"
#include "stratascan/error.hpp"

namespace stratascan::match {

struct RuleFile {
    std::vector<Rule> rules;
    std::vector<program::ProgramRule> programs;
};

/// Parses the text of one file; `name` is for messages only. The first mistake is
/// the answer.
[[nodiscard]] Result<RuleFile> parse_rule_file(std::string_view text, const std::string& name);

/// The same, with every mistake in `mistakes`, and without the rules that have one.
[[nodiscard]] RuleFile parse_rule_file(std::string_view text, const std::string& name,
                                       std::vector<Error>& mistakes);

/// The text of a rule file; one of more than 8 MiB is refused.
[[nodiscard]] Result<std::string> read_rule_text(const std::string& path);

/// The file itself, or every *.toml below a folder, in the order of their paths.
[[nodiscard]] Result<std::vector<std::string>> rule_files_below(const std::string& path);

/// Reads a file, or every *.toml below a folder, in the order of their paths.
/// Files larger than 8 MiB are refused.
[[nodiscard]] Result<RuleFile> read_rule_files(const std::vector<std::string>& paths);

}  // namespace stratascan::match
