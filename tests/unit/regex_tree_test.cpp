// The tree is what anchors are proved with, so it must never be narrower than the
// pattern: whatever RE2 matches, the tree accepts; and where a bound is told, every
// text of the tree keeps it.
#include "scanner/match/regex_tree.hpp"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <set>

#include "tests/support/blobs.hpp"

namespace stratascan::match {
namespace {

using Kind = RegexNode::Kind;
using test::Random;

re2::RE2::Options latin1() {
    re2::RE2::Options options;
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    options.set_log_errors(false);
    return options;
}

// A slow matcher: where in `text` the node can end that begins at each of `from`.
std::set<std::size_t> ends(const RegexNode& node, std::string_view text,
                           const std::set<std::size_t>& from) {
    std::set<std::size_t> to;
    switch (node.kind) {
        case Kind::empty: return from;
        case Kind::bytes:
            for (const std::size_t at : from) {
                if (at < text.size() && node.bytes[static_cast<unsigned char>(text[at])]) {
                    to.insert(at + 1);
                }
            }
            return to;
        case Kind::sequence:
            to = from;
            for (const RegexNode& child : node.children) to = ends(child, text, to);
            return to;
        case Kind::choice:
            for (const RegexNode& child : node.children) to.merge(ends(child, text, from));
            return to;
        case Kind::repeat: {
            std::set<std::size_t> now = from;
            for (std::uint32_t i = 0; i < node.least; ++i) {
                now = ends(node.children.front(), text, now);
            }
            to = now;
            for (std::uint32_t i = node.least; i < node.most && !now.empty(); ++i) {
                now = ends(node.children.front(), text, now);
                const std::size_t before = to.size();
                to.insert(now.begin(), now.end());
                if (to.size() == before) break;
            }
            return to;
        }
    }
    return to;
}

bool accepts(const RegexNode& node, std::string_view text) {
    return ends(node, text, {0}).contains(text.size());
}

// A text of the node's language.
std::string draw(const RegexNode& node, Random& random) {
    std::string text;
    switch (node.kind) {
        case Kind::empty: break;
        case Kind::bytes: {
            std::size_t skip = random.number(0, node.bytes.count() - 1);
            for (unsigned byte = 0; byte < 256; ++byte) {
                if (node.bytes[byte] && skip-- == 0) text = static_cast<char>(byte);
            }
            break;
        }
        case Kind::sequence:
            for (const RegexNode& child : node.children) text += draw(child, random);
            break;
        case Kind::choice:
            text = draw(node.children[random.number(0, node.children.size() - 1)], random);
            break;
        case Kind::repeat: {
            const std::uint32_t most = std::min(node.most, node.least + 12);
            for (std::size_t left = random.number(node.least, most); left > 0; --left) {
                text += draw(node.children.front(), random);
            }
            break;
        }
    }
    return text;
}

RegexNode parsed(std::string_view pattern) {
    auto tree = parse_regex(pattern);
    if (!tree) {
        ADD_FAILURE() << pattern << ": " << tree.error().message();
        return {};
    }
    return std::move(*tree);
}

// A small pattern over few letters, so that random texts match it often.
std::string random_pattern(Random& random, int depth = 0) {
    static constexpr std::array atoms = {"a", "b", "A", "[ab]", "[^a]", "[a-cX]", ".",  "\\w",
                                         "\\x61", "\\.", "[[:upper:]]", "\\d", "\\b", "^", "$",
                                         "[\\W_]", "[]a]", "\\x{62}", "(?i)a", "[^\\s\\-b]"};
    static constexpr std::array repeats = {"*", "+", "?", "{2}", "{0,3}", "{1,}", "*?", "{9,11}",
                                           "{0}", "+?"};
    std::string text;
    for (std::size_t left = random.number(1, 4); left > 0; --left) {
        std::string one;
        switch (depth < 3 ? random.number(0, 5) : 0) {
            case 1: one = "(" + random_pattern(random, depth + 1) + ")"; break;
            case 2: one = "(?:" + random_pattern(random, depth + 1) + ")"; break;
            case 3: one = "(?i:" + random_pattern(random, depth + 1) + ")"; break;
            default: one = atoms[random.number(0, atoms.size() - 1)];
        }
        if (random.number(0, 3) == 0) one += repeats[random.number(0, repeats.size() - 1)];
        text += one;
        if (left > 1 && random.number(0, 5) == 0) text += '|';
    }
    return text;
}

std::string random_text(Random& random) {
    static constexpr std::string_view letters = "abABcx1_. \n-]\xe9";
    std::string text;
    for (std::size_t left = random.number(0, 14); left > 0; --left) {
        text += letters[random.number(0, letters.size() - 1)];
    }
    return text;
}

TEST(RegexTree, AcceptsWhateverRe2Matches) {
    std::size_t matches = 0;
    for (std::uint64_t seed = 0; seed < 6000; ++seed) {
        Random random(seed);
        const std::string pattern = random_pattern(random);
        const re2::RE2 regex(pattern, latin1());
        if (!regex.ok()) continue;
        const auto tree = parse_regex(pattern);
        ASSERT_TRUE(tree.has_value()) << pattern << ": " << tree.error().message();
        const auto width = widest(*tree);
        const Beginnings beginnings(*tree);
        for (int i = 0; i < 12; ++i) {
            const std::string text = random_text(random);
            re2::StringPiece found;
            if (!regex.Match(text, 0, text.size(), re2::RE2::UNANCHORED, &found, 1)) continue;
            ++matches;
            const std::string_view match(found.data(), found.size());
            ASSERT_TRUE(accepts(*tree, match)) << pattern << " on " << match;
            ASSERT_GE(width.value_or(text.size()), match.size()) << pattern << " on " << match;
            ASSERT_TRUE(beginnings.possible(match)) << pattern << " on " << match;
        }
    }
    EXPECT_GT(matches, 10'000U);
}

// Each byte alone, against each way to write a class.
TEST(RegexTree, ClassesHaveTheBytesThatRe2GivesThem) {
    for (const char* pattern :
         {"\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "[\\d\\-]", "[^\\w]", "[[:alpha:]]",
          "[[:space:]]", "[[:punct:]]", "[[:print:]]", "[[:graph:]]", "[[:xdigit:]]",
          "[[:word:]]", "[[:alnum:][:punct:]]", "[[:lower:]]", "(?i)[[:lower:]]", "[a-f]",
          "(?i)[a-f]", "(?i)[^a-f]", "[^]a]", "[]a]", "[a\\]b]", "[a-]", "[-a]", "[\\x00-\\x1f]",
          "[\\t-\\r]", "\\n", "\\x{e9}", "(?i)\\xe9", "(?i)[\\xe0-\\xff]", "(?i)[^\\xe9]",
          "(?i)\\xd7", "(?i)\\xdf", "(?i)k", "(?i)s", "(?i)[^k]", "(?i)\\W", "(?i)[\\W]",
          "(?i)[^\\W]", "[.]", "[$^]", "\\^", "\\/", "\\-", "\\_", "a|b", "(?i:a)|b", "(?i)a|b",
          "(?:(?i)a)|b", "(?i)a(?-i)|b", "(?-i:a)"}) {
        const re2::RE2 regex(pattern, latin1());
        ASSERT_TRUE(regex.ok()) << pattern;
        const RegexNode tree = parsed(pattern);
        for (unsigned byte = 0; byte < 256; ++byte) {
            const std::string text(1, static_cast<char>(byte));
            EXPECT_EQ(accepts(tree, text), re2::RE2::FullMatch(text, regex))
                << pattern << " and byte " << byte;
        }
    }
}

TEST(RegexTree, TellsTheWidestMatch) {
    EXPECT_EQ(widest(parsed("")), 0U);
    EXPECT_EQ(widest(parsed("abc")), 3U);
    EXPECT_EQ(widest(parsed("a{2,5}b?|c")), 6U);
    EXPECT_EQ(widest(parsed("(?:ab|cde){3}")), 9U);
    EXPECT_EQ(widest(parsed("\\b^$x")), 1U);
    EXPECT_EQ(widest(parsed("(?:){1000}")), 0U);
    EXPECT_EQ(widest(parsed("(?:\\b)*a")), 1U);
    EXPECT_EQ(widest(parsed("a*")), std::nullopt);
    EXPECT_EQ(widest(parsed("(?:ab+){2}")), std::nullopt);
    EXPECT_EQ(widest(parsed("a{3,}")), std::nullopt);
    EXPECT_EQ(widest(parsed("(?P<secret>[a-z]{40})")), 40U);
}

TEST(RegexTree, LeavesOutWhatOnlyTheTextsEndMakesAMatch) {
    const auto open = [](std::string_view pattern, std::string_view text) {
        const auto tree = parse_regex(pattern, EndOfText::never);
        return tree.has_value() && accepts(*tree, text);
    };
    EXPECT_FALSE(open("ab$", "ab"));
    EXPECT_FALSE(open("a(?:b$|c$)", "ab"));
    EXPECT_TRUE(open("a(?:b$|c)", "ac"));
    EXPECT_TRUE(open("a(?:;|$)", "a;"));
    EXPECT_FALSE(open("a(?:;|$)", "a"));
    EXPECT_TRUE(open("a$?", "a"));
    EXPECT_TRUE(open("(?m)ab$", "ab")) << "a line's end";
    EXPECT_TRUE(open("(?m:ab$)", "ab"));
    EXPECT_FALSE(open("(?m:ab)$", "ab"));
    EXPECT_FALSE(open("(?m)a(?-m)b$", "ab"));
    EXPECT_TRUE(open("^\\bab\\B", "ab"));
    EXPECT_TRUE(open("a[$]\\$", "a$$"));
    EXPECT_TRUE(accepts(parsed("ab$"), "ab"));
}

TEST(RegexTree, RefusesWhatItDoesNotKnow) {
    for (const char* pattern :
         {"(", ")", "a)", "[a", "[", "a{2", "\\", "\\x4", "\\x{100}", "\\x{g}", "\\pL",
          "\\p{Greek}", "\\C", "\\1", "\\Q.\\E", "(?=a)", "(?!a)", "(?<=a)", "(?<!a)",
          "(?>a)", "[[:nonsense:]]",
          "[[:^alpha:]]", "[z-\\d]", "a{200000}", "(?#x)", "(?x)a b", "(?P=name)", "(?P>name)",
          "a**", "a{2}{3}", "[z-a]", "\\8"}) {
        EXPECT_FALSE(parse_regex(pattern).has_value()) << pattern;
    }
}

TEST(RegexTree, RefusesEndlessNestingQuietly) {
    const std::size_t many = 1'000'000;
    EXPECT_FALSE(parse_regex(std::string(many, '(')).has_value());
    EXPECT_FALSE(parse_regex(std::string(many, '(') + std::string(many, ')')).has_value());
    EXPECT_FALSE(parse_regex("a" + std::string(many, '*')).has_value());
    std::string repeats = "a";
    for (int i = 0; i < 100'000; ++i) repeats += "{1}";
    EXPECT_FALSE(parse_regex(repeats).has_value());
    std::string nested;
    for (int i = 0; i < 150; ++i) nested += "(?:";
    nested += "x{0}";
    for (int i = 0; i < 150; ++i) nested += "){8}";
    const auto tree = parse_regex(nested);
    ASSERT_TRUE(tree.has_value());
    EXPECT_EQ(anchor_within(*tree, {"abcd"}, false, 100), std::nullopt);
}

struct Anchored {
    const char* pattern;
    std::vector<std::string> anchors;
    bool nocase;
    std::optional<std::uint64_t> within;
};

const std::vector<Anchored>& anchored() {
    static const std::vector<Anchored> all = {
        {"\\bghp_[A-Z]{36}\\b", {"ghp_"}, false, 4},
        {"x{0,3}abcd", {"abcd"}, false, 7},
        {"(?:abcd|efgh)[0-9]{4}", {"abcd", "efgh"}, false, 4},
        {"(?:abcd|efgh)[0-9]{4}", {"abcd"}, false, std::nullopt},
        {"(?:abcd|efgh)?[0-9]{4}", {"abcd", "efgh"}, false, std::nullopt},
        {"(?i)abcd", {"abcd"}, false, std::nullopt},
        {"(?i)abcd", {"ABCD"}, true, 4},
        {"abcd", {"ABCD"}, false, std::nullopt},
        {"ab[cd]d", {"abcd", "abdd"}, false, 4},
        {"ab[cde]d", {"abcd", "abdd"}, false, std::nullopt},
        {"ab.d", {"abcd"}, false, std::nullopt},
        {"[a-z]{1,10}key=[0-9]+", {"key="}, false, 14},
        {"a{4}", {"aaaa"}, false, 4},
        {"a{3,4}", {"aaaa"}, false, std::nullopt},
        {"a{12}", {"aaaaaaaaa"}, false, std::nullopt},  // beyond what is unrolled
        {"[0-9]{20}tail", {"tail"}, false, 24},
        {"[0-9]*tail", {"tail"}, false, 50},  // bounded by the match's width
        {"abcd", {}, false, std::nullopt},
        {"(?:ab|abc)d(?:e|f)", {"abd", "abcd"}, false, 4},
        {"(?:x(?:abcd)|y(?:efgh))z", {"abcd", "efgh"}, false, 5},
        {"a(?:bc)?d.{5}", {"abcd", "ad"}, false, 4},
        {"\\xe9abc", {"\xe9" "abc"}, true, 4},
        {"(?i)\\xe9abc", {"\xe9" "abc"}, true, std::nullopt},  // the engine folds ASCII only
    };
    return all;
}

TEST(AnchorWithin, TellsHowEarlyAnAnchorEnds) {
    for (const Anchored& one : anchored()) {
        const auto within = anchor_within(parsed(one.pattern), one.anchors, one.nocase, 50);
        if (!one.within) {
            EXPECT_EQ(within, std::nullopt) << one.pattern;
        } else {
            ASSERT_TRUE(within.has_value()) << one.pattern;
            EXPECT_LE(*within, std::max<std::uint64_t>(*one.within, 50)) << one.pattern;
            EXPECT_GE(*within, *one.within) << one.pattern;
        }
    }
}

bool ends_within(std::string_view text, const std::vector<std::string>& anchors, bool nocase,
                 std::uint64_t within) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::any_of(anchors.begin(), anchors.end(), [&](const std::string& anchor) {
        const auto at = std::search(text.begin(), text.end(), anchor.begin(), anchor.end(),
                                    [&](char a, char b) {
                                        return nocase ? lower(a) == lower(b) : a == b;
                                    });
        return at != text.end() &&
               static_cast<std::uint64_t>(at - text.begin()) + anchor.size() <= within;
    });
}

// Whatever it says of whatever pattern, drawn texts keep it.
TEST(AnchorWithin, IsNeverWrongWhenItTellsABound) {
    std::size_t told = 0;
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
        Random random(seed);
        std::string pattern = random_pattern(random);
        if (random.number(0, 1) == 0) pattern += "(?:ab|aab|Ab)" + random_pattern(random);
        const auto tree = parse_regex(pattern);
        if (!tree) continue;
        std::vector<std::string> anchors;
        for (std::size_t left = random.number(1, 4); left > 0; --left) {
            static constexpr std::array some = {"ab", "aa", "b", "A", "Ab", "ba", "a1", "bb"};
            anchors.emplace_back(some[random.number(0, some.size() - 1)]);
        }
        const bool nocase = random.number(0, 1) == 0;
        const auto within = anchor_within(*tree, anchors, nocase, 10'000);
        if (!within) continue;
        ++told;
        for (int i = 0; i < 40; ++i) {
            const std::string text = draw(*tree, random);
            ASSERT_TRUE(ends_within(text, anchors, nocase, *within))
                << pattern << " draws \"" << text << "\", no anchor within " << *within;
        }
    }
    EXPECT_GT(told, 100U);
}

}  // namespace
}  // namespace stratascan::match
