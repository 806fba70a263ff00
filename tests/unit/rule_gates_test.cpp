// A gate may leave out what its rule would drop, and nothing else: texts are drawn from each
// shipped pattern, and where a thorough look keeps one, the engine has to come upon it by the
// rule's gate.
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "scanner/match/regex_tree.hpp"
#include "scanner/match/second_look.hpp"
#include "tests/support/shipped.hpp"

namespace stratascan::match {
namespace {

constexpr int texts_of_a_rule = 200;

/// Texts of a pattern, as far as its tree says; the same each time.
class Drawing {
public:
    std::string text(const RegexNode& node) {
        std::string drawn;
        plain_ = below(2) == 0;
        add(node, drawn);
        return drawn;
    }

private:
    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

    // Of every second text all characters that can be are letters and digits, else most.
    char one_of(const std::bitset<256>& bytes) {
        std::string all, plain;
        for (unsigned byte = 0; byte < bytes.size(); ++byte) {
            if (!bytes[byte]) continue;
            all += static_cast<char>(byte);
            if (byte < 0x80 && std::isalnum(static_cast<int>(byte)) != 0) plain += all.back();
        }
        const std::string& from = !plain.empty() && (plain_ || below(4) != 0) ? plain : all;
        return from[below(from.size())];
    }

    std::size_t times(const RegexNode& node) {
        constexpr std::size_t some = 20;
        const std::size_t spread = std::min<std::size_t>(node.most - node.least, 2 * some);
        switch (below(4)) {
            case 0: return node.least;
            case 1: return node.most == RegexNode::unbounded ? node.least + spread : node.most;
            default: return node.least + below(std::min(spread, some) + 1);
        }
    }

    void add(const RegexNode& node, std::string& drawn) {
        switch (node.kind) {
            case RegexNode::Kind::empty: break;
            case RegexNode::Kind::bytes: drawn += one_of(node.bytes); break;
            case RegexNode::Kind::sequence:
                for (const RegexNode& child : node.children) add(child, drawn);
                break;
            case RegexNode::Kind::choice:
                add(node.children[below(node.children.size())], drawn);
                break;
            case RegexNode::Kind::repeat:
                for (std::size_t left = times(node); left > 0; --left) add(node.children[0], drawn);
        }
    }

    std::mt19937_64 random_{7};
    bool plain_ = false;
};

/// Whether the rule keeps something of the match when it is looked at, wherever a hit ends in it.
bool keeps(std::uint32_t rule, const std::string& text, std::size_t begin, std::size_t end) {
    static const SecondLook second(test::shipped().rules(), test::shipped().key(), false);
    std::vector<Match> matches;
    std::vector<Dropped> dropped;
    for (std::size_t at = begin + 1; at <= end && matches.empty(); ++at) {
        second.look(rule, text, at, matches, {.dropped = &dropped, .thorough = true});
    }
    return !matches.empty();
}

bool comes_upon(std::uint32_t rule, const std::string& text, std::size_t begin, std::size_t end) {
    static const Scratch scratch = test::shipped().database().make_scratch();
    std::vector<Hit> hits;
    EXPECT_TRUE(test::shipped().database().scan(text, scratch.get(), hits).has_value());
    const auto& expressions = test::shipped().rules().expressions();
    return std::ranges::any_of(hits, [&](const Hit& hit) {
        return hit.end > begin && hit.end <= end &&
               std::ranges::find(expressions[hit.expression].rules, rule) !=
                   expressions[hit.expression].rules.end();
    });
}

TEST(RuleGates, LeaveOutNothingThatTheirRulesKeep) {
    const auto& rules = test::shipped().rules().rules();
    std::size_t kept = 0;
    for (std::uint32_t number = 0; number < rules.size(); ++number) {
        const Rule& rule = rules[number]->rule();
        if (rule.gate.empty() || rule.reach > 0) continue;
        const auto tree = parse_regex(rule.pattern);
        ASSERT_TRUE(tree.has_value()) << rule.id;
        Drawing drawing;
        for (int count = 0; count < texts_of_a_rule; ++count) {
            const std::string drawn = drawing.text(*tree);
            const std::string text =
                (rule.context.empty() ? "" : rule.context.front()) + "\n" + drawn + "\n";
            re2::StringPiece match;
            const re2::RE2& pattern = rules[number]->pattern();
            if (!pattern.Match(text, 0, text.size(), re2::RE2::UNANCHORED, &match, 1)) continue;
            const auto begin = static_cast<std::size_t>(match.data() - text.data());
            const std::size_t end = begin + match.size();
            const bool seen = comes_upon(number, text, begin, end);
            if (!seen && keeps(number, text, begin, end)) {
                ADD_FAILURE() << rule.id << ": text " << count << ", of " << drawn.size()
                              << " bytes";
                break;
            }
            kept += seen ? 1 : 0;
        }
    }
    EXPECT_GT(kept, std::size_t{10'000});
}

}  // namespace
}  // namespace stratascan::match
