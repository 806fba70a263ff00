// Every match of a pattern has one of the strings that are told as required, no
// further from its beginning and its end than is told; shown on patterns made by
// hand, and on every match in the examples of the rules that are shipped.
#include "scanner/sieve/required.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/support/shipped.hpp"

namespace stratascan::sieve {
namespace {

using Strings = std::set<std::string>;

std::optional<std::vector<Required>> required(std::string_view pattern) {
    const auto tree = match::parse_regex(pattern);
    if (!tree) throw std::runtime_error(tree.error().message());
    return required_strings(*tree);
}

Strings strings(std::string_view pattern) {
    Strings all;
    const auto told = required(pattern);
    if (!told) return {"none"};
    for (const Required& one : *told) all.insert(one.text + (one.nocase ? " in any case" : ""));
    return all;
}

TEST(SieveRequired, ALiteralIsRequired) {
    EXPECT_EQ(strings("abcdefgh"), Strings{"abcdefgh"});
    EXPECT_EQ(strings("AbCd"), Strings{"AbCd"});
    EXPECT_EQ(strings("(?i)AbCd"), Strings{"abcd in any case"});
    EXPECT_EQ(strings("\\bab(?:c)(d)$"), Strings{"abcd"});
    EXPECT_EQ(strings("[0-9]{20}xyzw"), Strings{"xyzw"});
    EXPECT_EQ(strings("wxyz[0-9]*"), Strings{"wxyz"});
}

TEST(SieveRequired, EachBranchBringsItsOwn) {
    EXPECT_EQ(strings("abcd|efgh"), (Strings{"abcd", "efgh"}));
    EXPECT_EQ(strings("(?:abcd|efgh[0-9]{3,9}|[x-z]{8}ijkl)"), (Strings{"abcd", "efgh", "ijkl"}));
    EXPECT_EQ(strings("abcd|[a-z]{8}"), Strings{"none"});
    EXPECT_EQ(strings("ab(?:cd|ef)"), (Strings{"abcd", "abef"}));
    EXPECT_EQ(strings("ab[xy]z"), (Strings{"abxz", "abyz"}));
    EXPECT_EQ(strings("(?i)abcd|EFGH"), (Strings{"abcd in any case", "efgh in any case"}));
    EXPECT_EQ(strings("(?i:abcd)|EFGH"), (Strings{"abcd in any case", "efgh in any case"}))
        << "one makes all so";
}

TEST(SieveRequired, WhatMayBeLeftOutIsNotRequired) {
    EXPECT_EQ(strings("(?:abcd)?[0-9]{8}"), Strings{"none"});
    EXPECT_EQ(strings("(?:abcd)*[0-9]{8}"), Strings{"none"});
    EXPECT_EQ(strings("(?:abcd){0,3}[0-9]{8}"), Strings{"none"});
    EXPECT_EQ(strings("(?:abcd)?zxqj"), Strings{"zxqj"});
    EXPECT_EQ(strings("zxq_?jk"), (Strings{"zxq_jk", "zxqjk"}));
}

TEST(SieveRequired, ARepeatRequiresWhatItRepeats) {
    EXPECT_EQ(strings("(?:[0-9]{5}zxqj){1,9}"), Strings{"zxqj"});
    EXPECT_EQ(strings("[0-9]{5}x{4}[0-9]{5}"), Strings{"xxxx"});
    EXPECT_EQ(strings("[0-9]{5}(?:xy){2,3}[0-9]{5}"), (Strings{"xyxy", "xyxyxy"}));
    EXPECT_EQ(strings("(?:ab)+"), Strings{"none"}) << "too short by itself";
}

TEST(SieveRequired, NothingIsRequired) {
    for (const char* pattern : {"", "[a-z]{40}", "abc", ".*", "a.b.c.d", "(?:ab|cd)[0-9]{9}",
                                "[^a]{4}", "\\w{4}", "(?s).{4}"}) {
        EXPECT_EQ(required(pattern), std::nullopt) << pattern;
    }
}

TEST(SieveRequired, TellsHowFarAMatchGoesRoundTheString) {
    const auto told = required("[0-9]{2,7}zxqj[0-9]{3,5}");
    ASSERT_TRUE(told.has_value());
    ASSERT_EQ(told->size(), 1U);
    EXPECT_EQ((*told)[0].before, 7U);
    EXPECT_EQ((*told)[0].behind, 9U);
    const auto repeated = required("(?:[0-9]zxqj){1,3}");
    ASSERT_TRUE(repeated.has_value());
    EXPECT_GE((*repeated)[0].before, 1U);
    EXPECT_GE((*repeated)[0].behind, 14U);
}

TEST(SieveRequired, TheRarerStringIsTheCheaper) {
    EXPECT_LT(cost({{"zxqj", false, 0, 4}}), cost({{"the ", false, 0, 4}}));
    EXPECT_LT(likelihood("zxqj"), likelihood("retu"));
    EXPECT_EQ(likelihood("RETU"), likelihood("retu"));
    EXPECT_EQ(rarest_key("return zxqj"), 7U);
    EXPECT_EQ(rarest_key("abcd"), 0U);
    EXPECT_EQ(strings("return[0-9]{9}zxqj"), Strings{"zxqj"});
}

bool holds(std::string_view match, const Required& string) {
    const auto same = [&](char a, char b) { return (string.nocase ? lower(a) : a) == b; };
    for (auto at = match.begin();; ++at) {
        at = std::search(at, match.end(), string.text.begin(), string.text.end(), same);
        if (at == match.end()) return false;
        const auto before = static_cast<std::uint64_t>(at - match.begin());
        if (before <= string.before && match.size() - before <= string.behind) return true;
    }
}

TEST(SieveRequired, EveryMatchInTheExamplesHasAString) {
    std::size_t matches = 0, rules = 0;
    for (const auto& compiled : test::shipped().rules().rules()) {
        const match::Rule& rule = compiled->rule();
        const auto told = required(rule.pattern);
        if (!told) continue;
        ++rules;
        for (const std::string& one : rule.examples) {
            for (std::uint64_t seed = 1; seed <= 5; ++seed) {
                const std::string text = test::expanded(one, seed);
                re2::StringPiece found;
                if (!compiled->pattern().Match(text, 0, text.size(), re2::RE2::UNANCHORED, &found,
                                               1)) {
                    continue;
                }
                ++matches;
                const std::string_view match(found.data(), found.size());
                EXPECT_TRUE(std::any_of(told->begin(), told->end(),
                                        [&](const auto& string) { return holds(match, string); }))
                    << rule.id;
            }
        }
    }
    EXPECT_GT(rules, 80U);
    EXPECT_GT(matches, 500U);
}

}  // namespace
}  // namespace stratascan::sieve
