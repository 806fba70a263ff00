// Where a secret's tokens can be told by: never said of a pattern that has a match
// without such a place, and never nearer than the place is.
#include "scanner/sieve/token_run.hpp"

#include <gtest/gtest.h>

#include "scanner/match/second_look.hpp"
#include "tests/support/shipped.hpp"

namespace stratascan::sieve {
namespace {

match::RegexNode parsed(std::string_view pattern) {
    auto tree = match::parse_regex(pattern);
    if (!tree) throw std::runtime_error(tree.error().message());
    return std::move(*tree);
}

std::optional<std::uint64_t> run_within(std::string_view pattern) {
    return telling_places(parsed(pattern), false).run;
}
std::optional<std::uint64_t> digit_within(std::string_view pattern, bool digit = true) {
    return telling_places(parsed(pattern), digit).digit;
}

TEST(SieveTokenRun, KnowsTheBytesOfTokens) {
    std::size_t count = 0;
    for (unsigned byte = 0; byte < 256; ++byte) {
        count += is_token_byte(static_cast<unsigned char>(byte)) ? 1 : 0;
    }
    EXPECT_EQ(count, 26U + 26 + 10 + 15);
    for (const char c : std::string_view("azAZ09-_+/.=~:!@#%^*|")) {
        EXPECT_TRUE(is_token_byte(static_cast<unsigned char>(c))) << c;
    }
    for (const char c : std::string_view(" \t\n\0\"'`,;(){}[]<>\\$&?\x7f\x80\xff", 25)) {
        EXPECT_FALSE(is_token_byte(static_cast<unsigned char>(c))) << static_cast<int>(c);
    }
}

TEST(SieveTokenRun, ALongSecretIsToldByItself) {
    EXPECT_TRUE(run_within("key (?P<secret>[a-z]{32})").has_value());
    EXPECT_TRUE(run_within("key (?P<secret>[a-z]{32,90})").has_value());
    EXPECT_TRUE(run_within("[a-z]{40}").has_value()) << "all of it is the secret";
    EXPECT_FALSE(run_within("key (?P<secret>[a-z]{31})").has_value());
    EXPECT_FALSE(run_within("key (?P<secret>[a-z]{20,90})").has_value());
    EXPECT_FALSE(run_within("key (?P<secret>[^\"]{40})").has_value()) << "blanks end a run";
    EXPECT_FALSE(run_within("key (?P<secret>[a-z]{20} [a-z]{20})").has_value());
    EXPECT_FALSE(run_within("key (?P<secret>(?:[a-z]{40})?)").has_value());
}

TEST(SieveTokenRun, AShorterOneByItsDigit) {
    EXPECT_TRUE(digit_within("key (?P<secret>[a-z0-9]{16})").has_value());
    EXPECT_TRUE(digit_within("key (?P<secret>[a-z0-9]{16,90})").has_value());
    EXPECT_FALSE(digit_within("key (?P<secret>[a-z0-9]{15})").has_value());
    EXPECT_FALSE(digit_within("key (?P<secret>[a-z0-9 ]{16})").has_value());
    EXPECT_FALSE(digit_within("key (?P<secret>[a-z0-9]{16})", false).has_value());
}

TEST(SieveTokenRun, AMatchIsToldByWhatStandsRoundItsSecret) {
    const auto anywhere = [](std::string_view pattern) {
        return telling_places(parsed(pattern), false).run_anywhere;
    };
    EXPECT_EQ(anywhere("key (?P<secret>[a-z]{8}) [a-z]{40}"), 4U + 8 + 1 + 40);
    EXPECT_EQ(anywhere("[a-z]{40} (?P<secret>[a-z]{8})"), 40U + 1 + 8);
    EXPECT_FALSE(anywhere("key (?P<secret>[a-z]{8}) [a-z]{20}").has_value());
}

TEST(SieveTokenRun, EachOfSeveralSecretsMustBeTold) {
    EXPECT_FALSE(run_within("a (?P<secret>[a-z]{32}|[a-z]{8})").has_value());
    EXPECT_TRUE(run_within("a (?P<secret>[a-z]{32}|[0-9]{33})").has_value());
}

TEST(SieveTokenRun, IsAtMostSoFar) {
    EXPECT_EQ(run_within("key (?P<secret>[a-z]{32})"), 4U + long_run_bytes);
    EXPECT_EQ(run_within("key {1,20}(?P<secret>[a-z]{32})"), 3U + 20 + long_run_bytes);
    EXPECT_EQ(digit_within("key (?P<secret>[a-z0-9]{16,90})"), 4U + match::digitless);
    const auto far = run_within("key.{900}(?P<secret>[a-z]{32})");
    EXPECT_GT(far.value_or(~std::uint64_t{0}), std::uint64_t{near_bytes});
    const auto endless = run_within("key.*(?P<secret>[a-z]{32})");
    EXPECT_GT(endless.value_or(~std::uint64_t{0}), std::uint64_t{near_bytes});
}

// What its header says is telling, told slowly.
std::optional<std::size_t> telling_place(std::string_view text, std::size_t from, bool digit) {
    const auto token = [&](std::size_t at) {
        return at < text.size() && is_token_byte(static_cast<unsigned char>(text[at]));
    };
    for (std::size_t begin = from; begin < text.size();) {
        std::size_t end = begin;
        while (token(end)) ++end;
        if (end - begin >= run_bytes) {
            for (std::size_t at = begin; at < end; ++at) {
                if (digit && text[at] >= '0' && text[at] <= '9') return at;
                const std::size_t so_far = digit ? match::digitless - run_bytes : run_bytes;
                if (at >= begin + so_far && at + run_bytes <= end) return at;
            }
        }
        begin = std::max(end, begin + 1);
    }
    return std::nullopt;
}

struct Counts {
    std::size_t rules = 0, matches = 0;
};

// Whatever is said of a shipped rule holds for what it finds in its examples.
void expect_told(const match::CompiledRule& compiled, std::optional<std::uint64_t> told,
                 bool digit, Counts& counts) {
    if (!told) return;
    const match::Rule& rule = compiled.rule();
    ++counts.rules;
    for (const std::string& one : rule.examples) {
        for (std::uint64_t seed = 1; seed <= 4; ++seed) {
            const std::string text = test::expanded(one, seed);
            std::vector<re2::StringPiece> groups(
                static_cast<std::size_t>(compiled.secret_group()) + 1);
            if (!compiled.pattern().Match(text, 0, text.size(), re2::RE2::UNANCHORED,
                                          groups.data(), static_cast<int>(groups.size()))) {
                continue;
            }
            const re2::StringPiece& secret = groups.back();
            const bool has_digit = std::any_of(secret.begin(), secret.end(),
                                               [](char c) { return c >= '0' && c <= '9'; });
            if (rule.digit && !has_digit && secret.size() < match::digitless) continue;
            ++counts.matches;
            const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
            const auto place = telling_place(text, begin, digit);
            ASSERT_TRUE(place.has_value()) << rule.id;
            EXPECT_LE(*place, begin + *told) << rule.id;
        }
    }
}

TEST(SieveTokenRun, IsThereInEveryFindingOfTheExamples) {
    Counts by_digit, by_run;
    for (const auto& compiled : test::shipped().rules().rules()) {
        const match::Rule& rule = compiled->rule();
        const Telling told = telling_places(parsed(rule.pattern), rule.digit);
        expect_told(*compiled, told.digit, true, by_digit);
        expect_told(*compiled, told.run, false, by_run);
        expect_told(*compiled, told.run_anywhere, false, by_run);
    }
    for (const Counts& counts : {by_digit, by_run}) {
        EXPECT_GE(counts.rules, 40U);
        EXPECT_GT(counts.matches, 100U);
    }
}

std::optional<std::uint64_t> width_before(std::string_view pattern) {
    return match::widest(before_secret(parsed(pattern)));
}

TEST(SieveTokenRun, KnowsWhatStandsBeforeTheSecret) {
    EXPECT_EQ(width_before("key = (?P<secret>[a-z]{40}) tail"), 6U);
    EXPECT_EQ(width_before("(?:key(?: = (?P<secret>[a-z]{40})) tail)"), 6U);
    EXPECT_EQ(width_before("k{1,9}(?P<secret>[a-z]{40})"), 9U);
    EXPECT_EQ(width_before("(?P<secret>[a-z]{40}) tail"), 0U);
    EXPECT_EQ(width_before("key[a-z]{40}"), 0U) << "a secret as a whole";
    EXPECT_EQ(width_before("key(?:a (?P<secret>[a-z]{40})|b (?P<other>[a-z]{40}))"), 3U)
        << "what stands before every one";
    EXPECT_EQ(width_before("key*(?P<secret>[a-z]{40})"), std::nullopt);
}

}  // namespace
}  // namespace stratascan::sieve
