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

std::optional<std::uint64_t> within(std::string_view pattern, bool digit = false) {
    return telling_place_within(parsed(pattern), digit);
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
    EXPECT_TRUE(within("key (?P<secret>[a-z]{32})").has_value());
    EXPECT_TRUE(within("key (?P<secret>[a-z]{32,90})").has_value());
    EXPECT_TRUE(within("[a-z]{40}").has_value()) << "all of it is the secret";
    EXPECT_FALSE(within("key (?P<secret>[a-z]{31})").has_value());
    EXPECT_FALSE(within("key (?P<secret>[a-z]{20,90})").has_value());
    EXPECT_FALSE(within("key (?P<secret>[^\"]{40})").has_value()) << "blanks end a run";
    EXPECT_FALSE(within("key (?P<secret>[a-z]{20} [a-z]{20})").has_value());
    EXPECT_FALSE(within("key (?P<secret>(?:[a-z]{40})?)").has_value());
}

TEST(SieveTokenRun, AShorterOneByItsDigit) {
    EXPECT_TRUE(within("key (?P<secret>[a-z0-9]{16})", true).has_value());
    EXPECT_TRUE(within("key (?P<secret>[a-z0-9]{16,90})", true).has_value());
    EXPECT_FALSE(within("key (?P<secret>[a-z0-9]{15})", true).has_value());
    EXPECT_FALSE(within("key (?P<secret>[a-z0-9 ]{16})", true).has_value());
    EXPECT_FALSE(within("key (?P<secret>[a-z0-9]{16})", false).has_value());
}

TEST(SieveTokenRun, EachOfSeveralSecretsMustBeTold) {
    EXPECT_FALSE(within("a (?P<secret>[a-z]{32}|[a-z]{8})").has_value());
    EXPECT_TRUE(within("a (?P<secret>[a-z]{32}|[0-9]{33})").has_value());
}

TEST(SieveTokenRun, IsAtMostSoFar) {
    EXPECT_EQ(within("key (?P<secret>[a-z]{32})"), 4U + long_run_bytes);
    EXPECT_EQ(within("key {1,20}(?P<secret>[a-z]{32})"), 3U + 20 + long_run_bytes);
    const auto far = within("key.{900}(?P<secret>[a-z]{32})");
    EXPECT_GT(far.value_or(~std::uint64_t{0}), std::uint64_t{near_bytes});
    const auto endless = within("key.*(?P<secret>[a-z]{32})");
    EXPECT_GT(endless.value_or(~std::uint64_t{0}), std::uint64_t{near_bytes});
}

// What its header says is telling, told slowly.
std::optional<std::size_t> telling_place(std::string_view text, std::size_t from) {
    const auto token = [&](std::size_t at) {
        return at < text.size() && is_token_byte(static_cast<unsigned char>(text[at]));
    };
    for (std::size_t begin = from; begin < text.size();) {
        std::size_t end = begin;
        while (token(end)) ++end;
        if (end - begin >= run_bytes) {
            for (std::size_t at = begin; at < end; ++at) {
                if (text[at] >= '0' && text[at] <= '9') return at;
                if (at >= begin + run_bytes && at + run_bytes <= end) return at;
            }
        }
        begin = std::max(end, begin + 1);
    }
    return std::nullopt;
}

// Whatever is said of a shipped rule holds for what it finds in its examples.
TEST(SieveTokenRun, IsThereInEveryFindingOfTheExamples) {
    std::size_t rules = 0, matches = 0;
    for (const auto& compiled : test::shipped().rules().rules()) {
        const match::Rule& rule = compiled->rule();
        const auto told = telling_place_within(parsed(rule.pattern), rule.digit);
        if (!told) continue;
        ++rules;
        for (const std::string& one : rule.examples) {
            for (std::uint64_t seed = 1; seed <= 4; ++seed) {
                const std::string text = test::expanded(one, seed);
                std::vector<re2::StringPiece> groups(
                    static_cast<std::size_t>(compiled->secret_group()) + 1);
                if (!compiled->pattern().Match(text, 0, text.size(), re2::RE2::UNANCHORED,
                                               groups.data(), static_cast<int>(groups.size()))) {
                    continue;
                }
                const re2::StringPiece& secret = groups.back();
                const bool digit = std::any_of(secret.begin(), secret.end(),
                                               [](char c) { return c >= '0' && c <= '9'; });
                if (rule.digit && !digit && secret.size() < match::digitless) continue;
                ++matches;
                const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
                const auto place = telling_place(text, begin);
                ASSERT_TRUE(place.has_value()) << rule.id;
                EXPECT_LE(*place, begin + *told) << rule.id;
            }
        }
    }
    EXPECT_GT(rules, 40U);
    EXPECT_GT(matches, 200U);
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
