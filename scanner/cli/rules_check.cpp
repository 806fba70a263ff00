// `rules lint` and `rules test`.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "scanner/cli/command.hpp"
#include "scanner/cli/rules_command.hpp"
#include "scanner/cli/told_words.hpp"
#include "scanner/lint/lint.hpp"
#include "scanner/lint/trial.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::cli {

namespace {

std::string lines_of(const std::vector<Error>& errors) {
    std::string text;
    for (const std::string& line : told(errors)) text += report::printable(line) + '\n';
    return text;
}

Result<lint::LintReport> linted(const RulesArguments& arguments) {
    if (!arguments.files.empty()) return lint::lint_files(arguments.files);
    const auto engine = load_engine({});
    if (!engine) return std::unexpected(engine.error());
    return lint::lint_rules(*engine, lint::all_rules(*engine));
}

std::string summary_of(const lint::LintReport& found, bool strict) {
    std::string text =
        fmt::format("{}, {}: ", report::counted(found.rules, "rule"),
                    report::counted(found.examples, "example"));
    const std::size_t problems = found.problems.size() + (strict ? found.advice.size() : 0);
    text += problems == 0 ? "no problem" : report::counted(problems, "problem");
    if (!strict && !found.advice.empty()) {
        text += fmt::format(", advice on {} (see --strict)",
                            report::counted(found.advice.size(), "rule"));
    }
    if (!found.slowest.empty()) {
        text += fmt::format("\nslowest to compile: {}, {:.0f} ms of the {} ms that a rule may take",
                            report::printable(found.slowest), found.slowest_ms,
                            lint::compile_limit_ms);
    }
    return text + '\n';
}

std::string counts_of(const match::Rule& rule) {
    std::string text = report::counted(rule.examples.size(), "example");
    if (!rule.counter_examples.empty()) {
        text += ", " + report::counted(rule.counter_examples.size(), "counter-example");
    }
    return text;
}

std::string line_of(const lint::FailedExample& failed) {
    return fmt::format("{} {}: {}", failed.counter ? "counter-example" : "example", failed.number,
                       report::printable(failed.how));
}

}  // namespace

int lint_rules(const RulesArguments& arguments) {
    const auto found = read_inside([&] { return linted(arguments); });
    if (!found) return complain_of(found.error());
    tell_notes(found->notes);
    std::string text = lines_of(found->problems);
    if (arguments.strict) text += lines_of(found->advice);
    text += summary_of(*found, arguments.strict);
    if (!write_output({}, text)) return exit_failed;
    const bool sound = found->problems.empty() && (!arguments.strict || found->advice.empty());
    return sound ? exit_clean : exit_findings;
}

int test_rules(const RulesArguments& arguments) {
    const auto loaded = read_inside([&] { return lint::load_files(arguments.files); });
    if (!loaded) return complain_of(loaded.error());
    tell_notes(loaded->engine.notes);
    const auto failed =
        read_inside([&] { return lint::try_examples(loaded->engine, loaded->rules); });
    if (!failed) return complain(failed.error().message());
    std::map<std::uint32_t, std::vector<std::string>> failures;
    for (const lint::FailedExample& one : *failed) failures[one.rule].push_back(line_of(one));
    std::size_t widest = 0, untried = 0;
    const auto rule_of = [&](std::uint32_t number) -> const match::Rule& {
        return loaded->engine.rules->rules()[number]->rule();
    };
    for (const std::uint32_t number : loaded->rules) {
        widest = std::max(widest, rule_of(number).id.size());
    }
    std::string text;
    for (const std::uint32_t number : loaded->rules) {
        const match::Rule& rule = rule_of(number);
        const std::string id = report::padded(report::printable(rule.id), widest);
        if (rule.examples.empty() && rule.counter_examples.empty()) {
            ++untried;
            text += fmt::format("none  {}  no examples\n", id);
        } else if (!failures.contains(number)) {
            text += fmt::format("ok    {}  {}\n", id, counts_of(rule));
        }
        for (const std::string& failure : failures[number]) {
            text += fmt::format("FAIL  {}  {}\n", id, failure);
        }
    }
    const auto failing = static_cast<std::size_t>(std::count_if(
        failures.begin(), failures.end(), [](const auto& one) { return !one.second.empty(); }));
    text += fmt::format("{}: {} passed, {} failed", report::counted(loaded->rules.size(), "rule"),
                        loaded->rules.size() - failing - untried, failing);
    text += untried > 0 ? fmt::format(", {} without examples\n", untried) : "\n";
    if (!write_output({}, text)) return exit_failed;
    return failing == 0 ? exit_clean : exit_findings;
}

}  // namespace stratascan::cli
