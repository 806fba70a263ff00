// What the subcommands of `rules` share, and what each of them does.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "scanner/sandbox/sandbox.hpp"

namespace stratascan::cli {

struct RulesArguments {
    std::vector<std::string> rule_files;  ///< --rules
    std::vector<std::string> files;       ///< what is linted, tested or explained
    std::string id;
    std::string format = "table";
    bool strict = false;
    bool show_secrets = false;
};

// Each gives its exit code. rules_show.cpp, rules_check.cpp, rules_explain.cpp
int list_rules(const RulesArguments& arguments);
int show_rule(const RulesArguments& arguments);
int lint_rules(const RulesArguments& arguments);
int test_rules(const RulesArguments& arguments);
int explain_file(const RulesArguments& arguments);

/// What of the rules could not be carried over, a line each, on standard error.
void tell_notes(const std::vector<std::string>& notes);

/// What `load` gives, which reads rules or tries them: inside of a sandbox where there is one.
template <typename Load>
auto read_inside(const Load& load) -> decltype(load()) {
    auto sandbox = Sandbox::create(Options::SandboxMode::automatic);
    if (!sandbox) return std::unexpected(sandbox.error());
    auto read = stratascan::read_inside(**sandbox, load);
    if (std::string trouble = (*sandbox)->trouble(); !trouble.empty()) {
        tell_notes({std::move(trouble)});
    }
    return read;
}

}  // namespace stratascan::cli
