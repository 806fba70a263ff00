// What Sieve promises: every match of a rule, and every program's literal in an
// ELF file, has a chance, wherever in a text it stands; and what is damaged or
// can't be sieved is refused.
#include "scanner/sieve/sieve.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "scanner/sieve/required.hpp"
#include "tests/support/scanning.hpp"
#include "tests/support/shipped.hpp"

namespace stratascan::sieve {
namespace {

using match::Expression;
using test::Random;

std::vector<Chance> chances_in(const Sieve& sieve, std::string_view text, bool programs = false,
                               const std::vector<std::size_t>& edges = {}) {
    std::vector<Chance> chances;
    // A copy of exactly its size, so that reading beyond it shows.
    const std::vector<char> bytes(text.begin(), text.end());
    sieve.look({bytes.data(), bytes.size()}, 0, bytes.size(), programs, edges, chances);
    for (const Chance& chance : chances) {
        EXPECT_LE(chance.stretch.begin, chance.stretch.end);
        EXPECT_LE(chance.stretch.end, text.size());
        EXPECT_LE(chance.stretch.end - chance.stretch.begin, sieve.widest());
    }
    return chances;
}

// With the plain kernel, and with this processor's.
class SieveOfShippedRules : public ::testing::TestWithParam<const char*> {
protected:
    static void SetUpTestSuite() { scratch_ = test::shipped().database().make_scratch(); }
    static void TearDownTestSuite() { scratch_.reset(); }
    void SetUp() override {
        const Kernel kernel = kernel_named(GetParam());
        if (kernel == nullptr) GTEST_SKIP() << "this processor has no " << GetParam();
        sieve_ = std::make_unique<Sieve>(test::shipped_plan(), kernel);
    }

    static const match::RuleSet& rules() { return test::shipped().rules(); }

    static std::vector<match::Hit> hits_in(std::string_view text) {
        std::vector<match::Hit> hits;
        EXPECT_TRUE(test::shipped().database().scan(text, scratch_.get(), hits).has_value());
        return hits;
    }

    // Whether a chance of one of the rule's expressions holds the end of a hit
    // whose second look finds something; true when there is no such hit at all.
    [[nodiscard]] bool has_chance(std::uint32_t rule, std::string_view text,
                                  const std::vector<Chance>& chances) const {
        const match::SecondLook second(rules(), test::shipped().key(), false);
        std::vector<match::Match> matches;
        bool wanted = false;
        for (const match::Hit& hit : hits_in(text)) {
            const auto& of = rules().expressions()[hit.expression].rules;
            if (std::find(of.begin(), of.end(), rule) == of.end()) continue;
            matches.clear();
            second.look(rule, text, hit.end, matches);
            if (matches.empty()) continue;
            wanted = true;
            const bool covered = std::any_of(
                chances.begin(), chances.end(), [&](const Chance& chance) {
                    return chance.expression == hit.expression &&
                           chance.stretch.begin < hit.end && hit.end <= chance.stretch.end;
                });
            if (covered) return true;
        }
        return !wanted;
    }

    // Literals without a run of bytes that print are told everywhere.
    static bool asked_in_elf_files_only(std::uint32_t expression) {
        static const std::set<std::uint32_t> all = [] {
            std::set<std::uint32_t> numbers;
            for (const Needle& needle : test::shipped_plan().needles) {
                if (needle.group == Group::program) numbers.insert(needle.expression);
            }
            return numbers;
        }();
        return all.contains(expression);
    }

    inline static match::Scratch scratch_;
    std::unique_ptr<Sieve> sieve_;
};

INSTANTIATE_TEST_SUITE_P(Kernels, SieveOfShippedRules, ::testing::Values("plain", "avx512vbmi"),
                         [](const auto& named) { return std::string(named.param); });

TEST_P(SieveOfShippedRules, EveryExampleHasAChanceWhereverItStands) {
    Random random(1);
    const std::string front = random.text(200) + '\n', behind = '\n' + random.text(700);
    for (std::uint32_t i = 0; i < rules().rules().size(); ++i) {
        const match::Rule& rule = rules().rules()[i]->rule();
        std::set<std::string> failed;
        for (const std::string& one : rule.examples) {
            const std::string example = test::expanded(one, 1);
            for (std::size_t padding = 0; padding <= 130; padding += 13) {
                const std::string before = front.substr(front.size() - padding);
                for (const std::string& text : {before + example, before + example + behind}) {
                    if (!has_chance(i, text, chances_in(*sieve_, text))) {
                        failed.insert(std::to_string(padding) + " bytes in front");
                    }
                }
            }
        }
        for (const std::string& where : failed) ADD_FAILURE() << rule.id << ": " << where;
    }
}

TEST_P(SieveOfShippedRules, EveryProgramsLiteralHasAChanceInAnElfFile) {
    for (const Expression& expression : rules().expressions()) {
        if (expression.programs.empty() || !expression.rules.empty()) continue;
        const auto number = static_cast<std::uint32_t>(&expression - rules().expressions().data());
        for (const std::size_t behind : {std::size_t{0}, std::size_t{1}, std::size_t{3000}}) {
            const std::string text =
                std::string(77, '\0') + expression.literal + std::string(behind, '\0');
            const Chance expected{{77, 77 + expression.literal.size()}, number};
            const auto with = chances_in(*sieve_, text, true);
            EXPECT_TRUE(std::find(with.begin(), with.end(), expected) != with.end())
                << expression.literal;
            if (!asked_in_elf_files_only(number)) continue;
            for (const Chance& chance : chances_in(*sieve_, text, false)) {
                EXPECT_NE(chance.expression, number) << expression.literal;
            }
        }
    }
}

// The kernel reads ahead; where it may not, nothing is passed over.
TEST_P(SieveOfShippedRules, SeesTheTailOfAText) {
    const std::string example = test::expanded("AKIA{{base32:16}}", 3);
    const std::string key = "aws_access_key_id = " + example + "\n";
    for (std::size_t size = key.size(); size < 1400; size += 7) {
        std::string text(size, ' ');
        const std::size_t at = size > 600 ? size - 600 : 0;
        for (std::size_t place = at; place + key.size() <= size; place += 61) {
            text.replace(place, key.size(), key);
        }
        text.replace(size - key.size(), key.size(), key);
        const auto chances = chances_in(*sieve_, text);
        const std::size_t anchor_end = size - key.size() + 24;
        EXPECT_TRUE(std::any_of(chances.begin(), chances.end(), [&](const Chance& chance) {
            return chance.stretch.begin < anchor_end && anchor_end <= chance.stretch.end;
        })) << size;
    }
}

TEST_P(SieveOfShippedRules, LookingInPartsGivesTheSame) {
    Random random(4);
    std::string text;
    while (text.size() < 60'000) {
        text += random.text(random.number(0, 900)) + test::example_texts().example(random) + '\n';
    }
    std::vector<Chance> whole, parts;
    sieve_->look(text, 0, text.size(), false, {}, whole);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.size(), at + random.number(1, 20'000));
        sieve_->look(text, at, end, false, {}, parts);
        at = end;
    }
    std::sort(whole.begin(), whole.end());
    std::sort(parts.begin(), parts.end());
    EXPECT_GT(whole.size(), 50U);
    EXPECT_EQ(parts, whole);
    std::vector<Chance> none;
    sieve_->look(text, 100, 100, false, {}, none);
    sieve_->look({}, 0, 0, true, {}, none);
    EXPECT_TRUE(none.empty());
}

// Rules of a test, with the plain kernel.
Sieve sieve_for(const match::RuleSet& rules) {
    auto plan = make_plan(rules);
    if (!plan) throw std::runtime_error(plan.error().message());
    return Sieve(std::move(*plan), &plain_kernel);
}

constexpr std::string_view ends_rule = R"(
[[rule]]
id = "token"
title = "Token"
pattern = 'tst_[0-9]{12}(?:[^0-9]|$)'
anchors = ["tst_"]
)";

TEST(Sieve, AMatchLiesBetweenTwoEdges) {
    const auto rules = test::rules_of(ends_rule);
    const Sieve sieve = sieve_for(*rules);
    const std::string text = "  tst_" + std::string(12, '7') + "7 and more of the next file  ";
    EXPECT_TRUE(chances_in(sieve, text).empty()) << "a digit more";
    EXPECT_EQ(chances_in(sieve, text, false, {18}).size(), 1U) << "the file ends in front of it";
    EXPECT_EQ(chances_in(sieve, text.substr(0, 18)).size(), 1U) << "so does the text";
    EXPECT_TRUE(chances_in(sieve, text, false, {2, 25}).empty()) << "edges elsewhere";
}

TEST(Sieve, WhatStandsInAnyCaseIsMetInAnyCase) {
    const auto rules = test::rules_of(
        "[[rule]]\nid = \"r\"\ntitle = \"T\"\npattern = '(?i:SharedThing)=[0-9]{8}'\n"
        "anchors = [\"SharedThing\"]\nnocase = true\n");
    const Sieve sieve = sieve_for(*rules);
    for (const char* name : {"SharedThing", "sharedthing", "SHAREDTHING", "sHaReDtHiNg"}) {
        EXPECT_EQ(chances_in(sieve, std::string("x ") + name + "=12345678 x").size(), 1U) << name;
        EXPECT_TRUE(chances_in(sieve, std::string("x ") + name + "=1234 x").empty()) << name;
    }
}

std::vector<Stretch> merged(std::vector<Chance> chances, std::size_t from, std::size_t to) {
    std::vector<Stretch> stretches = {{99, 100}};
    merge(chances, from, to, stretches);
    return stretches;
}

TEST(Sieve, MergesStretches) {
    EXPECT_TRUE(merged({}, 0, 100).empty());
    EXPECT_EQ(merged({{{5, 9}, 0}}, 0, 100), (std::vector<Stretch>{{5, 9}}));
    EXPECT_EQ(merged({{{20, 30}, 1}, {{5, 9}, 0}}, 0, 100),
              (std::vector<Stretch>{{5, 9}, {20, 30}}));
    EXPECT_EQ(merged({{{8, 12}, 1}, {{5, 9}, 0}, {{12, 13}, 0}}, 0, 100),
              (std::vector<Stretch>{{5, 13}}));
    EXPECT_EQ(merged({{{5, 50}, 1}, {{6, 7}, 0}, {{8, 60}, 0}}, 0, 100),
              (std::vector<Stretch>{{5, 60}}));
    EXPECT_EQ(merged({{{5, 50}, 1}, {{60, 70}, 0}}, 10, 65),
              (std::vector<Stretch>{{10, 50}, {60, 65}}));
    EXPECT_TRUE(merged({{{5, 9}, 1}, {{70, 80}, 0}, {{30, 30}, 0}}, 10, 65).empty());
}

TEST(Plan, IsTheSameWhenItWasWrittenAndRead) {
    const Plan plan = test::shipped_plan();
    const std::string bytes = write_plan(plan);
    const auto again = read_plan(bytes);
    ASSERT_TRUE(again.has_value()) << again.error().message();
    EXPECT_EQ(write_plan(*again), bytes);
    EXPECT_EQ(again->needles.size(), plan.needles.size());
    EXPECT_EQ(again->texts, plan.texts);
    EXPECT_EQ(again->follows, plan.follows);
}

TEST(Plan, EveryTruncationIsRefused) {
    const std::string bytes = write_plan(test::shipped_plan());
    for (std::size_t size = 0; size < bytes.size(); size += size < 20'000 ? 97 : 1009) {
        const std::vector<char> part(bytes.begin(),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(read_plan({part.data(), part.size()}).has_value()) << size;
    }
    EXPECT_FALSE(read_plan("x" + bytes.substr(1)).has_value());
}

TEST(Plan, SaysNothingThatANeedleCanNotBe) {
    const Plan plan = test::shipped_plan();
    const auto expressions = test::shipped().rules().expressions().size();
    EXPECT_GT(plan.needles.size(), 200U);
    EXPECT_TRUE(std::is_sorted(plan.needles.begin(), plan.needles.end(),
                               [](const auto& a, const auto& b) { return a.key < b.key; }));
    for (const Needle& needle : plan.needles) {
        const std::string_view text = plan.text(needle);
        EXPECT_GE(text.size(), needle.key_at + key_bytes) << text;
        EXPECT_LT(needle.expression, expressions);
        EXPECT_GE(needle.behind, needle.size) << text;
        if (needle.nocase == 0) continue;
        EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return lower(c) == c; }))
            << text;
    }
}

// Rules of the user's are put in front of those that are carried.
TEST(Plan, IsExtendedByMoreRules) {
    const auto known = test::rules_of(ends_rule);
    const auto more = test::rules_of(
        std::string(ends_rule) +
        "[[rule]]\nid = \"more\"\ntitle = \"T\"\npattern = '(?i)other_[a-f]{12}'\n"
        "[[rule]]\nid = \"shares\"\ntitle = \"T\"\npattern = 'tst_[a-f]{12}'\n"
        "anchors = ['tst_']\n"
        "[[program]]\nid = \"p\"\ntitle = \"P\"\nclass = \"shell\"\nidentity = [[\"usage: prog\"]]\n");
    const auto plan = make_plan(*known);
    ASSERT_TRUE(plan.has_value()) << plan.error().message();
    auto extended = extend_plan(*known, *plan, *more);
    ASSERT_TRUE(extended.has_value()) << extended.error().message();
    const Sieve sieve(std::move(*extended), &plain_kernel);
    const auto names = [&](const std::string& text) {
        std::set<std::string> all;
        for (const Chance& chance : chances_in(sieve, text, true)) {
            all.insert(more->expressions()[chance.expression].literal);
        }
        return all;
    };
    EXPECT_EQ(names("x tst_123456789012 x"), std::set<std::string>{"tst_"});
    EXPECT_EQ(names("x tst_abcdefabcdef x"), std::set<std::string>{"tst_"});
    EXPECT_EQ(names("x OTHER_abcdefabcdef x"), std::set<std::string>{"other_"});
    EXPECT_EQ(names("usage: prog"), std::set<std::string>{"usage: prog"});
    EXPECT_TRUE(names("x tst_ABCDEFABCDEF other_123456 usage:prog").empty());
}

// Two rules share an anchor, and of each something else stands near: then nothing
// can be asked for that both have.
TEST(Sieve, AnAnchorOfTwoRulesIsAskedForWhatBothHave) {
    const std::string digits = R"([[rule]]
id = "digits"
title = "Digits"
severity = "high"
digit = true
pattern = 'mixed=(?P<secret>[a-z0-9]{16,20})'
examples = ["mixed=a1a1a1a1a1a1a1a1"]
)";
    const std::string runs = R"([[rule]]
id = "runs"
title = "Runs"
severity = "high"
pattern = 'mixed=.(?P<secret>[a-z]{40})'
examples = ["mixed= aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb"]
)";
    const auto group_of = [](const std::string& text) {
        const auto plan = make_plan(*test::rules_of(text));
        EXPECT_TRUE(plan.has_value());
        EXPECT_EQ(plan->needles.size(), 1U);
        return plan->needles.front().group;
    };
    EXPECT_EQ(group_of(digits), Group::digit);
    EXPECT_EQ(group_of(runs), Group::near);
    EXPECT_EQ(group_of(digits + runs), Group::plain);
    EXPECT_EQ(group_of(runs + digits), Group::plain);
}

}  // namespace
}  // namespace stratascan::sieve
