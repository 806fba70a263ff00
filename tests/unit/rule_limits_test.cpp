// A rule file that would keep a compiler busy for minutes, or fill memory, is refused by what it
// asks for: the message names the rule, its line and what to do.
#include "scanner/match/rule_limits.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "scanner/match/extension.hpp"
#include "scanner/match/gitleaks_file.hpp"
#include "scanner/match/ruleset.hpp"
#include "tests/support/image_builder.hpp"

namespace stratascan::match {
namespace {

std::string rule(std::size_t number, const std::string& pattern, const std::string& more = "") {
    return fmt::format("[[rule]]\nid = \"r{}\"\ntitle = \"T\"\npattern = '{}'\n{}\n", number,
                       pattern, more);
}

std::string gate(std::size_t number, std::size_t bytes) {
    const std::string head = fmt::format("g{:05}", number);
    return fmt::format("gate = '{}{}'", head, std::string(bytes - head.size(), 'a'));
}

std::string anchors(std::size_t number, std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += fmt::format("\"a{}n{}\",", number, i);
    return "anchors = [" + all + "]\nreach = 64";
}

// What is wrong with a file of ours; empty where nothing is.
std::string trouble(const std::string& text) {
    auto file = parse_rule_file(text, "my.toml");
    if (!file) return file.error().message();
    const auto built = RuleSet::build(std::move(*file));
    if (built) return {};
    EXPECT_EQ(built.error().code, ErrorCode::over_limit);
    EXPECT_FALSE(built.error().hint.empty());
    return built.error().message();
}

template <class Make>
std::string rules(std::size_t count, const Make& make) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += make(i);
    return all;
}

void expect_says(const std::string& told, std::string_view where, std::string_view what) {
    EXPECT_TRUE(told.starts_with(where)) << told;
    EXPECT_NE(told.find(what), std::string::npos) << told;
}

TEST(RuleLimits, OfOneRule) {
    const std::string sound = rule(0, "tokn[a-z]{5}");
    EXPECT_EQ(trouble(sound), "");
    const auto second = [&](const std::string& pattern, const std::string& more = "") {
        return trouble(sound + rule(1, pattern, more));
    };
    expect_says(second("tokn" + std::string(longest_expression, 'a')), "my.toml:6",
                "rule \"r1\": `pattern` has 65540 bytes; 65536 is the most");
    expect_says(second("tokn[a-z]{5}", gate(0, longest_gate + 1)), "my.toml:6",
                "rule \"r1\": `gate` has 1025 bytes; 1024 is the most");
    expect_says(second("tokn[a-z]{5}", anchors(0, most_anchors + 1)), "my.toml:6",
                "rule \"r1\": there are 251 `anchors`; 250 is the most");
    std::string words = "abcde";
    for (std::size_t i = 0; i < most_derived_anchors; ++i) {
        words += fmt::format("|{}wxyz", std::string(1 + i % 7, static_cast<char>('a' + i % 26)) +
                                            std::to_string(i));
    }
    expect_says(second("(?:" + words + ")x"), "my.toml:6", "rule \"r1\": the pattern has 41 literals");
}

TEST(RuleLimits, OfAllRulesTogether) {
    const auto with_gates = [](std::size_t count) {
        return rules(count, [](std::size_t i) {
            return rule(i, "tokn[a-z]{5}", gate(i, longest_gate / 4));
        });
    };
    const std::size_t most = most_gate_bytes / (longest_gate / 4);
    EXPECT_EQ(trouble(with_gates(most)), "");
    expect_says(trouble(with_gates(most + 1)), "my.toml:",
                fmt::format("rule \"r{}\": with this one gates have", most));
    expect_says(trouble(rules(most_anchors_of_all / most_anchors + 1,
                              [](std::size_t i) {
                                  return rule(i, "tokn[a-z]{5}", anchors(i, most_anchors));
                              })),
                "my.toml:", "with this one there are 20250 anchors; 20000 is the most");
    // Short to write, and long when it is compiled.
    expect_says(trouble(rules(60, [](std::size_t i) {
                    return rule(i, fmt::format("tokn{}", i) + "[a-z]{1,1000}[a-f]{1,1000}"
                                                              "[0-9]{1,1000}[a-z]{1,1000}"
                                                              "[a-f]{1,1000}[0-9]{1,1000}");
                })),
                "my.toml:", "with this one regular expressions have");
    expect_says(trouble(rule(0, "tokn[a-z]{5}",
                             "allow = [" + rules(300, [](std::size_t) {
                                 return std::string("'[a-z]{1,999}[0-9]{1,999}',");
                             }) + "]")),
                "my.toml:1", "rule \"r0\": with this one regular expressions have");
}

TEST(RuleLimits, OfARuleFileInTheFormOfGitleaks) {
    const auto told = [](const std::string& text) {
        const auto file = parse_gitleaks_file(text, "my.toml");
        return file ? std::string() : file.error().message();
    };
    const auto one = [](std::size_t i, std::string_view regex) {
        return fmt::format("[[rules]]\nid = 'g{}'\nregex = '''tokn{}{}'''\n", i, i, regex);
    };
    EXPECT_EQ(told(one(0, "[a-z]{20}")), "");
    expect_says(told(rules(60, [&](std::size_t i) {
                    return one(i, "[a-z]{1,900}[0-9]{1,900}[a-z]{1,900}[0-9]{1,900}[a-z]{1,900}");
                })),
                "my.toml:", "regular expressions have");
    expect_says(told(rules(100, [](std::size_t i) {
                    return fmt::format("[[allowlists]]\nregexTarget = 'line'\n"
                                       "regexes = ['a{}[a-z]{{1,90}}']\n", i);
                })),
                "my.toml:", "regular expressions have");
}

TEST(RuleLimits, OfHowManyThereAre) {
    const test::TempDir folder;
    folder.write("rules/a.toml", rules(most_rules, [](std::size_t i) {
                     return rule(i, fmt::format("tokn{}", i));
                 }));
    EXPECT_TRUE(read_extension({folder.path("rules")}).has_value());
    folder.write("rules/b.toml", rule(most_rules, "token"));
    const auto both = read_extension({folder.path("rules")});
    ASSERT_FALSE(both.has_value());
    EXPECT_EQ(both.error().code, ErrorCode::over_limit);
    EXPECT_TRUE(both.error().where.ends_with("b.toml")) << both.error().message();
}

}  // namespace
}  // namespace stratascan::match
