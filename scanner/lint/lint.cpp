#include "scanner/lint/lint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <ctime>
#include <filesystem>
#include <map>
#include <utility>

#include "scanner/lint/trial.hpp"
#include "scanner/match/anchors.hpp"
#include "scanner/match/database.hpp"
#include "scanner/match/gitleaks_notes.hpp"

namespace stratascan::lint {

namespace {

Error about(const match::Rule& rule, std::string what, std::string hint = {}) {
    return {ErrorCode::invalid_argument, fmt::format("rule \"{}\": {}", rule.id, what),
            fmt::format("{}:{}", rule.file, rule.line), std::move(hint)};
}

bool is_kebab_case(const std::string& id) {
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    if (id.empty() || !plain(id.front()) || !plain(id.back())) return false;
    return id.find("--") == std::string::npos &&
           std::all_of(id.begin(), id.end(), [&](char c) { return plain(c) || c == '-'; });
}

// Time of this thread's own work: other programs on the machine don't count.
double processor_ms() {
    timespec now{};
    static_cast<void>(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now));
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

void check_literal(const match::Rule& rule, LintReport& report) {
    const std::size_t bytes = shortest_literal(rule);
    if (bytes >= long_literal) {
        if (rule.short_literal_reason.empty()) return;
        report.advice.push_back(
            about(rule, "`short_literal_reason` explains what is not so", "take it out"));
        return;
    }
    if (!rule.short_literal_reason.empty()) return;
    // Who wrote the rule for another program had no such limit to keep to.
    auto& told = rule.carried_over ? report.advice : report.problems;
    told.push_back(about(
        rule,
        bytes == 0 ? std::string("matches are possible without any literal of 4 bytes or more")
                   : fmt::format("the shortest literal that it is found by has {} bytes", bytes),
        fmt::format("let every match have one of {}, or say why not in `short_literal_reason`",
                    long_literal)));
}

void check_pairs(const Engine& engine, const match::Rule& rule, LintReport& report) {
    const auto& rules = engine.rules->rules();
    for (const std::string& id : rule.pairs_with) {
        const bool known = std::any_of(rules.begin(), rules.end(),
                                       [&id](const auto& other) { return other->rule().id == id; });
        if (known) continue;
        report.problems.push_back(about(rule, "it pairs with a rule that is not there: " + id,
                                        "name the rule of the other half"));
    }
}

void check_texts(const match::Rule& rule, LintReport& report) {
    if (rule.carried_over) return;
    if (!is_kebab_case(rule.id)) {
        report.problems.push_back(
            about(rule, "the id is not in kebab case", "use a-z, 0-9 and single hyphens"));
    }
    if (rule.title.empty()) {
        report.problems.push_back(
            about(rule, "`title` is missing", "name what is found, as its vendor calls it"));
    }
    const bool finds = rule.check != "certificate";  // evidence for others
    if (rule.examples.empty() && finds) {
        report.problems.push_back(
            about(rule, "it has no example", "give `examples` a text that holds a made-up secret"));
    }
    if (rule.reference.empty() && rule.note.empty() && !rule.id.starts_with("generic-")) {
        report.advice.push_back(about(rule, "it says nowhere where the format comes from",
                                      "give the vendor's page as `reference`, or a `note`"));
    }
}

void check_compile_time(const match::Rule& rule, LintReport& report) {
    const double start = processor_ms();
    match::RuleFile alone;
    alone.rules.push_back(rule);
    const auto set = match::RuleSet::assemble(std::move(alone));
    if (!set) {
        report.problems.push_back(set.error());
        return;
    }
    const bool sound = (*set)->rules().front()->pattern().ok();
    const auto database = match::Database::compile(**set);
    const double ms = processor_ms() - start;
    if (!sound || !database) {
        report.problems.push_back(about(
            rule, "it does not compile" + (database ? "" : ": " + database.error().what)));
        return;
    }
    if (ms > report.slowest_ms) {
        report.slowest_ms = ms;
        report.slowest = rule.id;
    }
    if (ms > static_cast<double>(compile_limit_ms)) {
        report.problems.push_back(
            about(rule, fmt::format("it takes {:.0f} ms to compile; the limit is {} ms", ms,
                                    compile_limit_ms),
                  "make its repeats and alternatives fewer"));
    }
}

// The carried rules that stand in a file of that path: "patterns/secrets/x.toml" is
// the project's name of the file, wherever a checkout lies.
bool is_file_of(const std::string& carried, const std::string& path) {
    const std::string whole = std::filesystem::absolute(path).lexically_normal().string();
    return !carried.empty() && whole.ends_with("/" + carried);
}

struct Read {
    match::Extension extension;
    std::vector<Error> mistakes;
};

// Takes each complete rule whose id is new; all else is a mistake.
void take_rules(match::RuleFile file, Read& read, std::map<std::string, std::string>& places) {
    for (match::Rule& rule : file.rules) {
        const std::string place = fmt::format("{}:{}", rule.file, rule.line);
        const auto [known, fresh] = places.try_emplace(rule.id, place);
        if (!fresh) {
            read.mistakes.push_back(about(
                rule, fmt::format("the id stands at {}, too", known->second), "choose another"));
            continue;
        }
        auto complete = match::complete_rule(std::move(rule));
        if (complete) {
            read.extension.rules.rules.push_back(std::move(*complete));
        } else {
            read.mistakes.push_back(complete.error());
        }
    }
    std::move(file.programs.begin(), file.programs.end(),
              std::back_inserter(read.extension.rules.programs));
}

// All but the rules.
void merge(match::Extension from, match::Extension& into) {
    std::move(from.without.begin(), from.without.end(), std::back_inserter(into.without));
    std::move(from.allowances.begin(), from.allowances.end(), std::back_inserter(into.allowances));
    std::move(from.notes.begin(), from.notes.end(), std::back_inserter(into.notes));
}

Result<Read> read_files(const std::vector<std::string>& paths) {
    std::vector<std::string> files;
    for (const std::string& path : paths) {
        auto below = match::rule_files_below(path);
        if (!below) return std::unexpected(below.error());
        std::move(below->begin(), below->end(), std::back_inserter(files));
    }
    const auto carried = carried_rules();
    if (!carried) return std::unexpected(carried.error());
    Read read;
    std::map<std::string, std::string> places;
    for (const match::Rule& rule : carried->rules) {
        const bool replaced = std::any_of(files.begin(), files.end(), [&](const auto& file) {
            return is_file_of(rule.file, file);
        });
        if (replaced) {
            read.extension.without.push_back({rule.id, {}, true});
        } else {
            places.emplace(rule.id, fmt::format("{}:{}", rule.file, rule.line));
        }
    }
    for (const std::string& file : files) {
        const auto text = match::read_rule_text(file);
        if (!text) return std::unexpected(text.error());
        if (!match::is_gitleaks_file(*text)) {
            take_rules(match::parse_rule_file(*text, file, read.mistakes), read, places);
            continue;
        }
        auto extension = match::read_extension({file});
        if (!extension) {
            read.mistakes.push_back(extension.error());
            continue;
        }
        for (const auto& without : extension->without) places.erase(without.id);
        take_rules(std::move(extension->rules), read, places);
        merge(std::move(*extension), read.extension);
    }
    // Programs are not linted; those of the project's own files are carried already.
    std::erase_if(read.extension.rules.programs, [&](const auto& program) {
        return std::any_of(carried->programs.begin(), carried->programs.end(),
                           [&](const auto& known) { return known.id == program.id; });
    });
    return read;
}

Result<Loaded> load(match::Extension extension) {
    Loaded loaded;
    std::map<std::string, bool> wanted;
    for (const match::Rule& rule : extension.rules.rules) wanted[rule.id] = true;
    auto engine = load_engine_with(std::move(extension));
    if (!engine) return std::unexpected(engine.error());
    loaded.engine = std::move(*engine);
    for (const std::uint32_t number : all_rules(loaded.engine)) {
        if (wanted.contains(loaded.engine.rules->rules()[number]->rule().id)) {
            loaded.rules.push_back(number);
        }
    }
    return loaded;
}

}  // namespace

std::size_t shortest_literal(const match::Rule& rule) {
    std::vector<std::string> literals = rule.anchors;
    if (!rule.gate.empty()) {
        const auto derived = match::derive_anchors(rule.gate);
        literals = derived ? derived->literals : std::vector<std::string>();
    }
    const auto shortest =
        std::min_element(literals.begin(), literals.end(),
                         [](const auto& a, const auto& b) { return a.size() < b.size(); });
    return shortest == literals.end() ? 0 : shortest->size();
}

Result<LintReport> lint_rules(const Engine& engine, const std::vector<std::uint32_t>& rules) {
    LintReport report;
    report.rules = rules.size();
    for (const std::uint32_t number : rules) {
        const match::Rule& rule = engine.rules->rules()[number]->rule();
        check_texts(rule, report);
        check_pairs(engine, rule, report);
        check_literal(rule, report);
        check_compile_time(rule, report);
        report.examples += rule.examples.size() + rule.counter_examples.size();
    }
    const auto failed = try_examples(engine, rules);
    if (!failed) return std::unexpected(failed.error());
    for (const FailedExample& one : *failed) {
        const match::Rule& rule = engine.rules->rules()[one.rule]->rule();
        report.problems.push_back(
            about(rule, fmt::format("{} {}: {}", one.counter ? "counter-example" : "example",
                                    one.number, one.how)));
    }
    return report;
}

Result<LintReport> lint_files(const std::vector<std::string>& paths) {
    auto read = read_files(paths);
    if (!read) return std::unexpected(read.error());
    // To a scan that is worth a note, for the other rules are there; here it is a mistake.
    std::erase_if(read->extension.notes, [&](const std::string& note) {
        const bool lost = match::tells_of_lost_rule(note);
        if (lost) read->mistakes.push_back({ErrorCode::invalid_argument, note, {}, {}});
        return lost;
    });
    std::vector<std::string> notes = read->extension.notes;
    auto loaded = load(std::move(read->extension));
    if (!loaded) {
        // Whatever each rule is on its own, together they can't be loaded.
        LintReport report;
        report.problems = std::move(read->mistakes);
        report.notes = std::move(notes);
        report.problems.push_back(loaded.error());
        return report;
    }
    auto report = lint_rules(loaded->engine, loaded->rules);
    if (!report) return report;
    report->notes = loaded->engine.notes;
    report->problems.insert(report->problems.begin(), read->mistakes.begin(),
                            read->mistakes.end());
    return report;
}

Result<Loaded> load_files(const std::vector<std::string>& paths) {
    auto read = read_files(paths);
    if (!read) return std::unexpected(read.error());
    if (!read->mistakes.empty()) return std::unexpected(read->mistakes.front());
    return load(std::move(read->extension));
}

}  // namespace stratascan::lint
