// What `--rules` asks for: more rules, and what becomes of those that the program
// carries. Files in the form of patterns/ bring rules only; those in the form of
// gitleaks may also switch carried rules off, replace them or allow what they find.
#pragma once

#include <string>
#include <vector>

#include "scanner/match/gitleaks_file.hpp"
#include "scanner/match/rule_file.hpp"
#include "stratascan/error.hpp"

namespace stratascan::match {

struct Extension {
    /// An allowlist for carried rules; no ids: for all of them.
    using Allowance = GitleaksFile::Allowance;

    /// A carried rule that is left out.
    struct Without {
        std::string id;
        std::string where;      ///< file and line, for a note; empty: nothing is noted
        bool replaced = false;  ///< by one of `rules`; it need not be there
    };

    RuleFile rules;
    std::vector<Without> without;
    std::vector<Allowance> allowances;
    std::vector<std::string> notes;  ///< what could not be carried over, a line each
};

/// Reads each file, or every *.toml below a folder, in the order of their paths. A
/// file's form is known by its tables.
[[nodiscard]] Result<Extension> read_extension(const std::vector<std::string>& paths);

/// Adds the allowlist to those of the rules that it is about. What widens a rule's
/// sight past a window is left out, and noted; so is an id that no rule has.
void apply(const Extension::Allowance& allowance, std::vector<Rule>& rules,
           std::vector<std::string>& notes);

}  // namespace stratascan::match
