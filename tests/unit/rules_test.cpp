// Every rule that is shipped, by its own examples: what it says that it finds, it
// finds, wherever in a file that stands; what it says that it leaves alone is no
// finding. And the engine with its second look sees what RE2 alone would see.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "scanner/engine.hpp"
#include "scanner/lint/lint.hpp"
#include "scanner/lint/trial.hpp"
#include "scanner/match/example.hpp"
#include "scanner/match/second_look.hpp"
#include "tests/support/scanning.hpp"

namespace stratascan::match {
namespace {

constexpr std::array<std::uint64_t, 3> seeds = {1, 2, 3};
constexpr std::array<std::size_t, 4> paddings = {0, 7, 61, 500};

// Lines that no rule looks at, `size` bytes of them.
std::string filler(std::size_t size) {
    std::string text;
    while (text.size() < size) text += "plain words on a line, and more of them\n";
    text.resize(size);
    if (size > 0) text.back() = '\n';
    return text;
}

// Put between two fillers, an example stands on lines of its own.
std::string padded(const std::string& example, std::size_t size) {
    if (size == 0) return example;
    return filler(size) + example + (example.ends_with('\n') ? "" : "\n") + filler(size);
}

struct Span {
    std::size_t begin = 0, end = 0;
    auto operator<=>(const Span&) const = default;
};

class Rules : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        auto loaded = load_engine({});
        ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
        engine_ = new Engine(std::move(*loaded));
        key_ = new identity::SecretKey(test::test_key());
    }
    static void TearDownTestSuite() {
        delete engine_;
        delete key_;
    }

    // Where one rule alone sees secrets, before rules are settled with each other.
    static std::set<Span> seen_by(const RuleSet& rules, const Database& database,
                                  std::uint32_t rule, std::string_view text) {
        const SecondLook second(rules, *key_, false);
        const Scratch scratch = database.make_scratch();
        std::vector<Hit> hits;
        std::vector<Match> matches;
        EXPECT_TRUE(database.scan(text, scratch.get(), hits).has_value());
        for (const Hit& hit : hits) {
            const auto& wanted = rules.expressions()[hit.expression].rules;
            if (std::find(wanted.begin(), wanted.end(), rule) == wanted.end()) continue;
            second.look(rule, text, hit.end, matches);
        }
        std::set<Span> spans;
        for (const Match& match : matches) spans.insert({match.begin, match.end});
        return spans;
    }

    template <typename Do>
    static void for_each_text(const Rule& rule, const std::vector<std::string>& templates,
                              const Do& action) {
        for (const std::string& one : templates) {
            for (const std::uint64_t seed : seeds) {
                const auto text = expand_example(one, seed);
                if (!text) {
                    ADD_FAILURE() << rule.id << ": " << text.error().message();
                    continue;
                }
                for (const std::size_t padding : paddings) action(padded(*text, padding));
            }
        }
    }

    static Engine* engine_;
    static identity::SecretKey* key_;
};

Engine* Rules::engine_ = nullptr;
identity::SecretKey* Rules::key_ = nullptr;

TEST_F(Rules, AreMany) { EXPECT_GE(engine_->rules->rules().size(), 80U); }

// The same checks as `stratascan rules lint`: form, literals, widths, and every
// example and counter-example through a whole scan.
TEST_F(Rules, KeepToWhatTheLinterAsks) {
    const auto report = lint::lint_rules(*engine_, lint::all_rules(*engine_));
    ASSERT_TRUE(report.has_value()) << report.error().message();
    EXPECT_EQ(report->rules, engine_->rules->rules().size());
    EXPECT_GE(report->examples, report->rules);
    for (const Error& problem : report->problems) ADD_FAILURE() << problem.message();
}

// The rules without what judges a match, so that spans alone are compared.
RuleFile bare(const RuleSet& rules) {
    RuleFile file;
    for (const auto& compiled : rules.rules()) {
        Rule rule = compiled->rule();
        rule.id = "bare-" + rule.id;
        rule.entropy = 0;
        rule.context.clear();
        rule.allow.clear();
        rule.check.clear();
        file.rules.push_back(std::move(rule));
    }
    return file;
}

// One look of RE2 over the whole text.
std::set<Span> seen_by_re2(const CompiledRule& rule, std::string_view text) {
    std::set<Span> spans;
    std::vector<re2::StringPiece> groups(static_cast<std::size_t>(rule.secret_group()) + 1);
    for (std::size_t at = 0; at <= text.size();) {
        if (!rule.pattern().Match({text.data(), text.size()}, at, text.size(),
                                  re2::RE2::UNANCHORED, groups.data(),
                                  static_cast<int>(groups.size()))) {
            break;
        }
        const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
        const re2::StringPiece& secret = groups.back();
        std::size_t end = begin + groups[0].size();
        if (secret.data() != nullptr && !secret.empty()) {
            const auto from = static_cast<std::size_t>(secret.data() - text.data());
            end = from + secret.size();
            spans.insert({from, end});
        }
        at = std::max(end, begin + 1);
    }
    return spans;
}

TEST_F(Rules, TheEngineSeesWhatRe2AloneSees) {
    const auto rules = RuleSet::assemble(bare(*engine_->rules));
    ASSERT_TRUE(rules.has_value()) << rules.error().message();
    const auto database = Database::compile(**rules);
    ASSERT_TRUE(database.has_value()) << database.error().message();
    for (std::uint32_t i = 0; i < (*rules)->rules().size(); ++i) {
        const CompiledRule& compiled = *(*rules)->rules()[i];
        const Rule& rule = compiled.rule();
        // What stands too far from its anchor is left out on purpose.
        if (rule.reach > 0) continue;
        std::set<std::string> failed;
        for (const auto* templates : {&rule.examples, &rule.counter_examples}) {
            for_each_text(rule, *templates, [&](const std::string& text) {
                const auto with_engine = seen_by(**rules, **database, i, text);
                const auto alone = seen_by_re2(compiled, text);
                // A gate may itself leave out what the rule's judgement would drop.
                const bool left_out = !rule.gate.empty() && templates != &rule.examples;
                for (const Span& span : alone) {
                    if (!left_out && !with_engine.contains(span)) failed.insert("missed");
                }
                for (const Span& span : with_engine) {
                    if (!alone.contains(span)) failed.insert("seen by the engine alone");
                }
            });
        }
        for (const std::string& how : failed) ADD_FAILURE() << rule.id << ": " << how;
    }
}

}  // namespace
}  // namespace stratascan::match
