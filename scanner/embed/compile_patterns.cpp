// Run by the build: reads patterns/, checks every rule, compiles the databases
// for each processor level, and writes the pack that the program carries.
//
//     compile_patterns OUTPUT PATTERNS...

#include <hs.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "scanner/match/database.hpp"
#include "scanner/match/pack.hpp"
#include "scanner/match/rule_file.hpp"
#include "scanner/match/ruleset.hpp"
#include "scanner/sieve/plan.hpp"

namespace stratascan::match {

// The tool makes the pack, so it carries none.
std::string_view embedded_pack() noexcept { return {}; }

namespace {

Result<void> compile(const std::string& output, const std::vector<std::string>& patterns) {
    auto file = read_rule_files(patterns);
    if (!file) return std::unexpected(file.error());
    std::size_t wrong = 0;
    for (Rule& rule : file->rules) {
        auto complete = complete_rule(rule);
        if (!complete) {
            // Every fault in one go, not one a build.
            static_cast<void>(std::fprintf(stderr, "%s\n", complete.error().message().c_str()));
            ++wrong;
            continue;
        }
        rule = std::move(*complete);
        // A message names the rule's file as the project knows it.
        rule.file = rule.file.substr(std::min(rule.file.size(), rule.file.rfind("patterns/")));
    }
    if (wrong > 0) {
        return fail(ErrorCode::invalid_argument, std::to_string(wrong) + " rules are wrong");
    }
    const std::string rules = write_rules(*file);
    const auto set = RuleSet::assemble(std::move(*file));
    if (!set) return std::unexpected(set.error());
    const auto plan = sieve::make_plan(**set);
    if (!plan) return std::unexpected(plan.error());
    const auto levels = compile_levels(**set);
    if (!levels) return std::unexpected(levels.error());
    std::ofstream stream(output, std::ios::binary);
    stream << write_pack(rules, (*set)->hash(), hs_version(), sieve::write_plan(*plan),
                         levels->levels, levels->databases);
    if (!stream.flush()) return fail(ErrorCode::unreadable, "it can't be written", output);
    std::printf("%zu rules, %zu programs, %zu expressions, %zu needles\n", (*set)->rules().size(),
                (*set)->programs().rules().size(), (*set)->expressions().size(),
                plan->needles.size());
    return {};
}

}  // namespace
}  // namespace stratascan::match

int main(int argc, char** argv) {
    if (argc < 3) {
        static_cast<void>(std::fprintf(stderr, "usage: compile_patterns OUTPUT PATTERNS...\n"));
        return 3;
    }
    const auto done = stratascan::match::compile(argv[1], {argv + 2, argv + argc});
    if (!done) {
        static_cast<void>(
            std::fprintf(stderr, "compile_patterns: %s\n", done.error().message().c_str()));
        return 1;
    }
    return 0;
}
