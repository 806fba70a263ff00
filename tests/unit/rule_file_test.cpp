// Every mistake in a rule file is an Error that names the file, the line and the
// rule; none is silence, and none is a crash.
#include "scanner/match/rule_file.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>

#include "scanner/match/gitleaks_file.hpp"
#include "scanner/match/ruleset.hpp"
#include "scanner/match/toml.hpp"
#include "tests/support/scanning.hpp"

namespace stratascan::match {
namespace {

// A rule on line 3, whose id is "r" and whose lines follow.
Result<std::shared_ptr<const RuleSet>> build(const std::string& lines) {
    auto file = parse_rule_file("# a comment\n\n[[rule]]\nid = \"r\"\n" + lines + "\n", "my.toml");
    if (!file) return std::unexpected(file.error());
    return RuleSet::build(std::move(*file));
}

struct Mistake {
    const char* lines;
    const char* where;  ///< as the message begins
    const char* says;
};

const std::vector<Mistake>& mistakes() {
    static const std::vector<Mistake> all = {
        {"pattern = 'abcd'\nentrpy = 3", "my.toml:6: rule \"r\": ", "there is no key `entrpy`"},
        {"pattern = 7", "my.toml:5: rule \"r\": ", "`pattern` must be a string"},
        {"pattern = 'abcd'\nanchors = 'abcd'", "my.toml:6: rule \"r\": ", "list of strings"},
        {"pattern = 'abcd'\nanchors = ['abcd', 5]", "my.toml:6: rule \"r\": ", "`anchors`"},
        {"pattern = 'abcd'\nnocase = 'yes'", "my.toml:6: rule \"r\": ", "true or false"},
        {"pattern = 'abcd'\ndigit = 1", "my.toml:6: rule \"r\": ", "true or false"},
        {"pattern = 'abcd'\nentropy = '3'", "my.toml:6: rule \"r\": ", "from 0 to 8"},
        {"pattern = 'abcd'\nentropy = 9", "my.toml:6: rule \"r\": ", "from 0 to 8"},
        {"pattern = 'abcd'\nentropy = nan", "my.toml:6: rule \"r\": ", "from 0 to 8"},
        {"pattern = 'abcd'\nentropy = inf", "my.toml:6: rule \"r\": ", "from 0 to 8"},
        {"pattern = 'abcd'\nreach = nan", "my.toml:6: rule \"r\": ", "from 1 to 1024"},
        {"pattern = 'abcd'\nreach = -1", "my.toml:6: rule \"r\": ", "from 1 to 1024"},
        {"pattern = 'abcd'\nwidth = 100000", "my.toml:6: rule \"r\": ", "`width`"},
        {"pattern = 'abcd'\nseverity = 'bad'", "my.toml:6: rule \"r\": ", "no value \"bad\""},
        {"pattern = 'abcd'\nconfidence = 'High'", "my.toml:6: rule \"r\": ", "no value \"High\""},
        {"title = 'T'", "my.toml:3: rule \"r\": ", "`pattern` is missing"},
        {"pattern = ''", "my.toml:3: rule \"r\": ", "`pattern` is missing"},
        {"pattern = 'abcd('", "my.toml:3: rule \"r\": ", ""},
        {"pattern = 'abcd(?=x)'", "my.toml:3: rule \"r\": ", "not understood"},
        {"pattern = 'abcd\\1'", "my.toml:3: rule \"r\": ", "not understood"},
        {"pattern = 'abcd'\nallow = ['(']", "my.toml:3: rule \"r\": ", "`allow`"},
        {"pattern = 'abcd.*x'", "my.toml:3: rule \"r\": ", "any length"},
        {"pattern = 'abcd[x]{1000}{17}'", "my.toml:3: rule \"r\": ", ""},
        {"pattern = 'abcd(?:[x]{1000}){1,20}'", "my.toml:3: rule \"r\": ", ""},
        {"pattern = 'abc[0-9]{8}'", "my.toml:3: rule \"r\": ", "no literal of 4 bytes"},
        {"pattern = '[0-9]{300}|[a-z]{300}abcd'\nanchors = ['abcd']", "my.toml:3: rule \"r\": ",
         "without any of the anchors"},
        {"pattern = 'abcd'\nanchors = ['abc']", "my.toml:3: rule \"r\": ", "4 to 256 bytes"},
        {"pattern = 'abcd'\ngate = 'abcd.{300}'", "my.toml:3: rule \"r\": ", "`gate`"},
        {"pattern = 'abcd'\ngate = 'abcd.*'", "my.toml:3: rule \"r\": ", "any length"},
        {"pattern = 'abcd'\ngate = '('", "my.toml:3: rule \"r\": ", "`gate`"},
        {"pattern = 'abcd'\ngate = 'abcd|*'", "my.toml:3: rule \"r\": ", "`gate`"},
        {"pattern = 'abcd'\ngate = '\\Qabcd\\E'", "my.toml:3: rule \"r\": ", "not understood"},
        {"pattern = 'abcde(?i)*'", "my.toml:3: rule \"r\": ", "a repeat behind flags"},
        {"pattern = 'abcd'\ncheck = 'nonsense'", "my.toml:3: rule \"r\": ", "no check `nonsense`"},
        {"pattern = 'abcd'\n\n[[rule]]\nid = 'r'\npattern = 'efgh'", "my.toml:7: rule \"r\": ",
         "stands twice"},
        {"pattern = 'abcd'\n\n[[rule]]\npattern = 'efgh'", "my.toml:7: ", "`id` is missing"},
        {"pattern = 'abcd'\n\n[rules]\nx = 1", "my.toml:7: ", "there is no key `rules`"},
        {"pattern = 'abcd'\n\n[other]\nx = 1", "my.toml:7: ", "there is no key `other`"},
        {"pattern = 'abcd'\nid = 'twice'", "my.toml:6: ", ""},
        {"pattern = 'abcd", "my.toml:5: ", ""},
        {"pattern = 'abcd'\n[[program]]\nid = 'p'\nidentity = ['a']", "my.toml:8: rule \"p\": ",
         "list of strings"},
        {"pattern = 'abcd'\n[[program]]\nid = 'p'\nidentity = 'a'", "my.toml:8: rule \"p\": ",
         "list of lists"},
        {"pattern = 'abcd'\n[[program]]\nid = 'p'\nnonsense = 'a'", "my.toml:8: rule \"p\": ",
         "there is no key `nonsense`"},
    };
    return all;
}

TEST(RuleFile, EveryMistakeIsNamedWithItsPlace) {
    for (const Mistake& mistake : mistakes()) {
        const auto built = build(mistake.lines);
        ASSERT_FALSE(built.has_value()) << mistake.lines;
        const std::string message = built.error().message();
        EXPECT_TRUE(message.starts_with(mistake.where)) << mistake.lines << "\n" << message;
        EXPECT_NE(message.find(mistake.says), std::string::npos) << message;
    }
}

TEST(RuleFile, ATableThatIsNoRuleIsNamed) {
    for (const char* text : {"rule = 1", "rule = [1]", "rule = 'x'", "[rule]\nid = 'r'",
                             "program = [[1]]", "[(", "[\x04", "[[=]]", "[.]", "=",
                             "\xcf\xbb=1", "a=1 \xc3\xa9", "\xc3", "\xff"}) {
        const auto file = parse_rule_file(text, "my.toml");
        ASSERT_FALSE(file.has_value()) << text;
        EXPECT_TRUE(file.error().message().starts_with("my.toml:1: ")) << file.error().message();
    }
}

TEST(RuleFile, TakesEverythingThatARuleMayHave) {
    const auto built = build(R"(
title = "T"
severity = "critical"
confidence = "low"
pattern = 'abcd(?P<secret>[0-9]{8})'
anchors = ["abcd"]
nocase = true
width = 100
entropy = 2.5
context = ["a", "b"]
context_within = 100
allow = ["^0+$"]
check = "jwt"
public_prefix = 3
examples = ["x"]
counter_examples = ["y"]
reference = "https://example.org"
)");
    ASSERT_TRUE(built.has_value()) << built.error().message();
    const Rule& rule = (*built)->rules().at(0)->rule();
    EXPECT_EQ(rule.severity, Severity::critical);
    EXPECT_EQ(rule.confidence, Confidence::low);
    EXPECT_EQ(rule.width, 100U);
    EXPECT_EQ(rule.lead, 4U);
    EXPECT_EQ(rule.entropy, 2.5);
    EXPECT_EQ(rule.public_prefix, 3);
    EXPECT_EQ(rule.file, "my.toml");
    EXPECT_EQ(rule.line, 3U);
}

// A word of letters alone is rarely a secret, a long one may be.
TEST(RuleFile, ASecretMayHaveToHaveADigit) {
    const std::string lines = "pattern = 'lead=(?P<secret>[a-z0-9]{8,90})'\n";
    const auto asked = build(lines + "digit = true"), unasked = build(lines);
    ASSERT_TRUE(asked.has_value()) << asked.error().message();
    ASSERT_TRUE(unasked.has_value()) << unasked.error().message();
    EXPECT_TRUE((*asked)->rules()[0]->rule().digit);
    EXPECT_FALSE((*unasked)->rules()[0]->rule().digit);
    EXPECT_NE((*asked)->hash(), (*unasked)->hash());
    test::TestEngine with(*asked), without(*unasked);
    const auto found = [](test::TestEngine& engine, const std::string& secret) {
        return engine.scan_text("lead=" + secret + " ").size();
    };
    std::string letters;
    while (letters.size() < digitless) letters += "qwkzjxvbmh"[letters.size() * 7 % 10];
    EXPECT_EQ(found(with, letters), 1U);
    EXPECT_EQ(found(with, letters.substr(1)), 0U);
    EXPECT_EQ(found(with, letters.substr(2) + "7"), 1U);
    EXPECT_EQ(found(with, letters.substr(56)), 0U);
    EXPECT_EQ(found(with, "7" + letters.substr(57)), 1U);
    EXPECT_EQ(found(without, letters.substr(1)), 1U);
}

TEST(RuleFile, LeavesNothingToTheUserThatCanBeDerived) {
    const auto built = build("pattern = '(?i)key: (?P<secret>[0-9]{8,12})\\b'");
    ASSERT_TRUE(built.has_value()) << built.error().message();
    const Rule& rule = (*built)->rules().at(0)->rule();
    EXPECT_EQ(rule.anchors, std::vector<std::string>{"key: "});
    EXPECT_TRUE(rule.nocase);
    EXPECT_EQ(rule.width, 17U);
    EXPECT_EQ(rule.lead, 5U);
}

// A pattern without an anchor in every match is its own gate, where it is narrow.
TEST(RuleFile, WhatAnchorsCannotProveBecomesAGate) {
    const auto built = build("pattern = '(?:abcd|[0-9]{3}x)[a-z]{8}'\nanchors = ['abcd']");
    ASSERT_TRUE(built.has_value()) << built.error().message();
    const Rule& rule = (*built)->rules().at(0)->rule();
    EXPECT_EQ(rule.gate, rule.pattern);
    EXPECT_TRUE(rule.anchors.empty());
}

// The second look hands RE2 a fixed number of groups.
TEST(RuleFile, TheSecretMayBeAnyGroupOrARefusedOne) {
    for (const int groups : {0, 1, 14, 15, 16, 40}) {
        std::string pattern = "abcd";
        for (int i = 0; i < groups; ++i) pattern += "()";
        const auto built = build("pattern = '" + pattern + "(?P<secret>[0-9]{20})'");
        if (!built) {
            EXPECT_GE(groups, 15);
            EXPECT_TRUE(built.error().message().starts_with("my.toml:3: rule \"r\": "));
            continue;
        }
        test::TestEngine engine(*built);
        const auto findings = engine.scan_text("abcd83720164952738461950");
        ASSERT_EQ(findings.size(), 1U) << groups;
        EXPECT_EQ(findings[0].offset, 4U);
    }
}

TEST(RuleFile, DeepNestingIsRefused) {
    std::string text = "x = ";
    for (int i = 0; i < 100'000; ++i) text += '[';
    EXPECT_FALSE(parse_rule_file(text, "my.toml").has_value());
    text = "[[rule]]\nid = 'r'\npattern = 'abcd" + std::string(200'000, '(') + "'";
    auto file = parse_rule_file(text, "my.toml");
    ASSERT_TRUE(file.has_value());
    EXPECT_FALSE(RuleSet::build(std::move(*file)).has_value());
}

TEST(RuleFiles, AFolderIsReadInTheOrderOfItsPaths) {
    const test::TempDir folder;
    folder.write("b.toml", "[[rule]]\nid = 'b'\npattern = 'abcd'");
    folder.write("a/z.toml", "[[rule]]\nid = 'a'\npattern = 'abcd'");
    folder.write("c.toml", "");
    folder.write("notes.txt", "no rules");
    const auto file = read_rule_files({folder.path()});
    ASSERT_TRUE(file.has_value()) << file.error().message();
    ASSERT_EQ(file->rules.size(), 2U);
    EXPECT_EQ(file->rules[0].id, "a");
    EXPECT_EQ(file->rules[1].id, "b");
}

TEST(RuleFiles, WhatCannotBeReadIsAnError) {
    const test::TempDir folder;
    const std::string large = folder.write("large.toml", std::string((8 << 20) + 1, '\n'));
    for (const std::string& path :
         {folder.path("nothing.toml"), large, std::string(300, 'x') + ".toml",
          folder.write("file", "") + "/below.toml", std::string("/dev/null/x"), std::string()}) {
        const auto file = read_rule_files({path});
        ASSERT_FALSE(file.has_value()) << path.substr(0, 60);
        EXPECT_EQ(file.error().where, path);
    }
}

// toml++ reads it, and lets go of what it made of it, by recursion.
TEST(RuleFile, AKeyWithoutEndIsAMistake) {
    std::string dots = "a";
    for (int i = 0; i < 200'000; ++i) dots += ".a";
    for (const std::string& text : {dots + " = 1\n", "[" + dots + "]\n", "[[" + dots + "]]\n",
                                    "x = {y = 1, " + dots + " = 1}\n", "\"=\"." + dots + " = 1\n"}) {
        const auto file = parse_rule_file(text, "endless.toml");
        ASSERT_FALSE(file.has_value());
        EXPECT_NE(file.error().what.find("more than 1024 parts"), std::string::npos);
        EXPECT_FALSE(is_gitleaks_file(text));
        EXPECT_FALSE(parse_gitleaks_file(text, "endless.toml").has_value());
    }
    for (const std::string& text : {"x = \"" + dots + "\"\n", "x = '''\n" + dots + "'''\n",
                                    "# " + dots + "\n", "x = \"\"\"a\\\"\"" + dots + "\"\"\"\n"}) {
        EXPECT_FALSE(has_endless_key(text)) << text.substr(0, 20);
        EXPECT_NO_THROW(static_cast<void>(read_toml(text)));
    }
}

}  // namespace
}  // namespace stratascan::match
