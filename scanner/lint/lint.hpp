// What a rule must keep to, so that a set of hundreds of them stays fast, sure and
// quiet: each costs the engine a literal that is rare enough, the second look a
// window that is narrow enough, and the reader nothing, because it finds what it
// says and leaves alone what it says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "scanner/engine.hpp"
#include "scanner/match/rule.hpp"
#include "stratascan/error.hpp"

namespace stratascan::lint {

/// What the engine looks for on a rule's behalf has at least this many bytes, or
/// the rule says why not in `short_literal_reason`.
inline constexpr std::size_t long_literal = 5;

/// Processor time in which one rule alone must compile.
inline constexpr std::uint64_t compile_limit_ms = 1000;

/// Problems are mistakes; advice is what would make a rule better. Each is one
/// line with the rule's file, line and id.
struct LintReport {
    std::vector<Error> problems;
    std::vector<Error> advice;
    std::vector<std::string> notes;  ///< what of files in another form is not carried over
    std::size_t rules = 0;
    std::size_t examples = 0;  ///< and counter-examples
    std::string slowest;       ///< the rule that takes longest to compile
    double slowest_ms = 0;
};

/// Checks the rules of a loaded engine: all that it has, by these numbers.
[[nodiscard]] Result<LintReport> lint_rules(const Engine& engine,
                                            const std::vector<std::uint32_t>& rules);

/// Checks rule files beside the rules that the program carries. A file of the
/// project's own patterns/ takes the place of what the program carries of it. Of a file
/// of gitleaks a rule that can't be carried over at all is a problem, and what others
/// lose is a note. An Error means that a file can't be read; whatever is wrong in it is a problem.
[[nodiscard]] Result<LintReport> lint_files(const std::vector<std::string>& paths);

/// The files' rules, loaded beside those that the program carries, as lint_files()
/// does; the first mistake in them is the Error.
struct Loaded {
    Engine engine;
    std::vector<std::uint32_t> rules;  ///< numbers of the files' rules
};
[[nodiscard]] Result<Loaded> load_files(const std::vector<std::string>& paths);

/// The length of the shortest literal of which every match has one; 0: none.
[[nodiscard]] std::size_t shortest_literal(const match::Rule& complete);

}  // namespace stratascan::lint
