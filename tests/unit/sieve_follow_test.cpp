// Follow never refuses what a match goes on with: shown on patterns made by hand,
// and behind the first anchor of every match in the shipped rules' examples. And
// it does refuse most of the rest, or it would be of no use.
#include "scanner/sieve/follow.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "scanner/sieve/required.hpp"
#include "scanner/sieve/token_run.hpp"
#include "tests/support/shipped.hpp"

namespace stratascan::sieve {
namespace {

std::optional<Follow> follow_of(std::string_view pattern, const std::string& anchor) {
    const auto open = match::parse_regex(pattern, match::EndOfText::never);
    if (!open) throw std::runtime_error(open.error().message());
    Patterns patterns;
    const auto first = patterns.add(*open, {anchor}, false);
    if (!first) throw std::runtime_error("a match without the anchor");
    return Follow::from(patterns, patterns.automaton().closed(first->front()));
}

// How many bytes of `kind` stand behind the anchor at least.
unsigned run_behind(std::string_view pattern, const std::string& anchor,
                    const std::bitset<256>& kind) {
    const auto whole = match::parse_regex(pattern);
    if (!whole) throw std::runtime_error(whole.error().message());
    Patterns patterns;
    const auto first = patterns.add(*whole, {anchor}, false);
    if (!first) throw std::runtime_error("a match without the anchor");
    return patterns.run_of(first->front(), kind);
}

bool walks(const Follow& follow, std::string_view behind) {
    // A copy of exactly its size, so that reading beyond it shows.
    const std::vector<char> bytes(behind.begin(), behind.end());
    return Follow::walk(follow.form().data(), bytes.data(), bytes.data() + bytes.size());
}

TEST(SieveFollow, TellsWhatAMatchMayGoOnWith) {
    const auto follow = follow_of("abcd[0-9]{3}-[x-z]", "abcd");
    ASSERT_TRUE(follow.has_value());
    EXPECT_TRUE(walks(*follow, "123-x"));
    EXPECT_TRUE(walks(*follow, "123-x and whatever comes"));
    EXPECT_FALSE(walks(*follow, "12-x"));
    EXPECT_FALSE(walks(*follow, "1234-x"));
    EXPECT_FALSE(walks(*follow, "123-a"));
    EXPECT_FALSE(walks(*follow, " "));
}

TEST(SieveFollow, SaysYesWhereTheTextEnds) {
    const auto follow = follow_of("abcd[0-9]{3}-[x-z]", "abcd");
    ASSERT_TRUE(follow.has_value());
    EXPECT_TRUE(walks(*follow, ""));
    EXPECT_TRUE(walks(*follow, "12"));
    EXPECT_TRUE(walks(*follow, "123-"));
    const auto at_end = follow_of("abcd[0-9]{3}(?:;|$)", "abcd");
    ASSERT_TRUE(at_end.has_value());
    EXPECT_TRUE(walks(*at_end, "123"));
    EXPECT_TRUE(walks(*at_end, "123;"));
    EXPECT_FALSE(walks(*at_end, "123 "));
    EXPECT_FALSE(walks(*at_end, "1234"));
}

TEST(SieveFollow, AsksNothingWhereAnythingMayFollow) {
    EXPECT_FALSE(follow_of("[0-9]{3}abcd", "abcd").has_value());
    EXPECT_FALSE(follow_of("abcd[0-9]*", "abcd").has_value());
    EXPECT_FALSE(follow_of("abcd(?:12)?", "abcd").has_value());
}

TEST(SieveFollow, BeginsBehindTheFirstOfSeveral) {
    const auto follow = follow_of("abcdx(?:abcdy)?[0-9]", "abcd");
    ASSERT_TRUE(follow.has_value());
    EXPECT_TRUE(walks(*follow, "xabcdy1"));
    EXPECT_TRUE(walks(*follow, "x1"));
    EXPECT_FALSE(walks(*follow, "y1")) << "only behind the second, and the first is asked";
}

TEST(SieveFollow, StringsThatNoMatchIsWithout) {
    Patterns patterns;
    const auto tree = match::parse_regex("(?:abcd|efgh)[0-9]");
    EXPECT_FALSE(patterns.add(*tree, {"abcd"}, false).has_value());
    EXPECT_TRUE(Patterns().add(*tree, {"abcd", "efgh"}, false).has_value());
    EXPECT_FALSE(Patterns().add(*tree, {"ABCD", "EFGH"}, false).has_value());
    EXPECT_TRUE(Patterns().add(*tree, {"ABCD", "EFGH"}, true).has_value());
    EXPECT_FALSE(Patterns().add(*tree, {}, false).has_value());
    const auto first = Patterns().add(*match::parse_regex("abcd-?efgh"), {"abcd", "efgh"}, false);
    ASSERT_TRUE(first.has_value());
    EXPECT_FALSE((*first)[0].empty());
    EXPECT_TRUE((*first)[1].empty()) << "never the first";
}

TEST(SieveFollow, LongRepeatsAreBounded) {
    const auto follow = follow_of("abcd[0-9]{900,4000}(?:x[0-9]{1,900}){0,400};", "abcd");
    ASSERT_TRUE(follow.has_value());
    EXPECT_LT(follow->form().size(), 100'000U);
    EXPECT_TRUE(walks(*follow, std::string(900, '7') + ";"));
    EXPECT_TRUE(walks(*follow, std::string(3000, '7') + "x77;"));
    EXPECT_FALSE(walks(*follow, std::string(20, '7') + ";"));
    // Many states: those beyond the limit say yes.
    const auto many = follow_of("abcd(?:[ab]{0,40}c[ab]{12}){3}d[0-9]", "abcd");
    ASSERT_TRUE(many.has_value());
    EXPECT_LT(many->form().size(), 100'000U);
}

TEST(SieveFollow, TellsTheBytesAtADistance) {
    const auto follow = follow_of("abcd[0-9]x(?:;|$)", "abcd");
    ASSERT_TRUE(follow.has_value());
    const std::uint16_t* const form = follow->form().data();
    EXPECT_EQ(Follow::bytes_at(form, 0).count(), 10U);
    EXPECT_TRUE(Follow::bytes_at(form, 0)['7']);
    EXPECT_EQ(Follow::bytes_at(form, 1).count(), 1U);
    EXPECT_TRUE(Follow::bytes_at(form, 1)['x']);
    EXPECT_TRUE(Follow::bytes_at(form, 3).all()) << "behind the match's end";
    EXPECT_TRUE(Follow::bytes_at(form, 100).all());
}

TEST(SieveFollow, TellsHowLongARunMustBe) {
    std::bitset<256> digits;
    for (unsigned byte = '0'; byte <= '9'; ++byte) digits.set(byte);
    EXPECT_EQ(run_behind("abcd[0-9]{7};", "abcd", digits), 7U);
    EXPECT_EQ(run_behind("abcd[0-9]{7,20};", "abcd", digits), 7U);
    EXPECT_EQ(run_behind("abcd[0-9]{7}", "abcd", digits), 7U);
    EXPECT_EQ(run_behind("abcd(?:[0-9]{7}|[0-4]{3});", "abcd", digits), 3U);
    EXPECT_EQ(run_behind("abcd;[0-9]", "abcd", digits), 0U);
    EXPECT_EQ(run_behind("abcd[0-9]{8}$", "abcd", digits), 8U);
    EXPECT_EQ(run_behind("abcd(?:[0-9]{8}|$)", "abcd", digits), 0U) << "the text may end";
    // Of any byte: how much stands behind before a match may end.
    EXPECT_EQ(run_behind("abcd;[0-9]{2}(?:x{9}|$)", "abcd", std::bitset<256>().set()), 3U);
}

// Where the first of the rule's anchors ends in the match: behind it the walk must
// go on to the match's end, and say yes when nothing more of the text is in sight.
TEST(SieveFollow, GoesAlongWithEveryMatchInTheExamples) {
    std::size_t walked = 0, refused = 0;
    test::Random random(1);
    for (const auto& compiled : test::shipped().rules().rules()) {
        const match::Rule& rule = compiled->rule();
        if (!rule.gate.empty() || rule.reach > 0) continue;
        const auto open = match::parse_regex(rule.pattern, match::EndOfText::never);
        ASSERT_TRUE(open.has_value());
        Patterns patterns;
        const auto first = patterns.add(*open, rule.anchors, rule.nocase);
        ASSERT_TRUE(first.has_value()) << rule.id;
        std::vector<std::optional<Follow>> follows;
        for (const auto& states : *first) {
            follows.push_back(Follow::from(patterns, patterns.automaton().closed(states)));
        }
        for (const std::string& one : rule.examples) {
            const std::string text = test::expanded(one, 3);
            re2::StringPiece found;
            if (!compiled->pattern().Match(text, 0, text.size(), re2::RE2::UNANCHORED, &found, 1)) {
                continue;
            }
            const std::string_view match(found.data(), found.size());
            // The anchor that ends first; of those that end at once, any will do.
            std::size_t end = std::string::npos;
            for (const std::string& anchor : rule.anchors) {
                const auto at = std::search(match.begin(), match.end(), anchor.begin(),
                                            anchor.end(), [&](char a, char b) {
                                                return rule.nocase ? lower(a) == lower(b) : a == b;
                                            });
                if (at == match.end()) continue;
                end = std::min(end, static_cast<std::size_t>(at - match.begin()) + anchor.size());
            }
            ASSERT_NE(end, std::string::npos) << rule.id;
            const std::string_view behind = match.substr(end);
            const auto says_yes = [&](std::string_view continuation) {
                for (std::size_t i = 0; i < rule.anchors.size(); ++i) {
                    const std::string& anchor = rule.anchors[i];
                    const std::string_view here = match.substr(0, end);
                    const bool ends_here =
                        here.size() >= anchor.size() &&
                        std::equal(anchor.begin(), anchor.end(),
                                   here.end() - static_cast<std::ptrdiff_t>(anchor.size()),
                                   [](char a, char b) { return lower(a) == lower(b); });
                    if (ends_here && (!follows[i] || walks(*follows[i], continuation))) return true;
                }
                return false;
            };
            ++walked;
            EXPECT_TRUE(says_yes(behind)) << rule.id;
            for (std::size_t less = 0; less < behind.size(); ++less) {
                EXPECT_TRUE(says_yes(behind.substr(0, less))) << rule.id << ", cut at " << less;
            }
            const auto in_text = static_cast<std::size_t>(found.data() - text.data()) + end;
            EXPECT_TRUE(says_yes(std::string_view(text).substr(in_text))) << rule.id;
            refused += says_yes(" " + random.text(200)) ? 0 : 1;
        }
    }
    EXPECT_GT(walked, 200U);
    EXPECT_GT(refused, walked / 2);
}

}  // namespace
}  // namespace stratascan::sieve
