// Hyperscan with confirmation against RE2 alone: what a shipped rule's pattern matches
// somewhere in a text, the engine's hits and thorough looks at them come upon as well, and
// they come upon nothing that the pattern does not match. Looks that pass over what plainly
// lacks its digit, as a scan's do, find every secret that thorough ones find. The first two
// bytes pick the rule; from 128 on in the third the text is one of the rule's examples with the
// rest in it.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/match/second_look.hpp"
#include "tests/support/shipped.hpp"

namespace {

using namespace stratascan;

struct Span {
    std::size_t begin = 0, end = 0;
};

void require(bool holds) {
    if (!holds) __builtin_trap();
}

/// Where secrets stand. Two hits may lead to one.
std::vector<std::pair<std::size_t, std::size_t>> places_of(const std::vector<match::Match>& matches) {
    std::vector<std::pair<std::size_t, std::size_t>> places;
    for (const match::Match& one : matches) places.emplace_back(one.begin, one.end);
    std::ranges::sort(places);
    places.erase(std::ranges::unique(places).begin(), places.end());
    return places;
}

/// Places that the scan comes upon: secrets of matches, whole matches of what was dropped.
std::vector<Span> by_engine(std::uint32_t rule, const std::string& text) {
    static const match::Scratch scratch = test::shipped().database().make_scratch();
    static std::vector<match::Hit> hits;
    static const match::SecondLook second(test::shipped().rules(), test::shipped().key(), false);
    hits.clear();
    require(test::shipped().database().scan(text, scratch.get(), hits).has_value());
    std::vector<match::Match> matches, quick;
    std::vector<match::Dropped> dropped;
    const auto& expressions = test::shipped().rules().expressions();
    for (const match::Hit& hit : hits) {
        const auto& rules = expressions[hit.expression].rules;
        if (std::ranges::find(rules, rule) == rules.end()) continue;
        second.look(rule, text, hit.end, quick, {});
        second.look(rule, text, hit.end, matches, {.dropped = &dropped, .thorough = true});
    }
    require(places_of(quick) == places_of(matches));
    std::vector<Span> spans;
    for (const auto& one : matches) spans.push_back({one.begin, one.end});
    for (const auto& one : dropped) spans.push_back({one.match_begin, one.match_end});
    return spans;
}

using Groups = std::array<re2::StringPiece, match::most_groups + 1>;

void check_rule(std::uint32_t number, const std::string& text) {
    const match::CompiledRule& compiled = *test::shipped().rules().rules()[number];
    if (compiled.rule().reach > 0) return;  // what it matches alone is nothing
    const std::vector<Span> seen = by_engine(number, text);
    const re2::RE2& pattern = compiled.pattern();
    const int groups = compiled.last_group() + 1;
    Groups found;
    for (std::size_t at = 0; at <= text.size();) {
        if (!pattern.Match(text, at, text.size(), re2::RE2::UNANCHORED, found.data(), groups)) break;
        const auto begin = static_cast<std::size_t>(found[0].data() - text.data());
        const std::size_t end = begin + found[0].size();
        bool holds_secret = false;
        for (int group = compiled.secret_group(); group < groups; ++group) {
            holds_secret = holds_secret || !found[static_cast<std::size_t>(group)].empty();
        }
        if (holds_secret) {
            require(std::ranges::any_of(
                seen, [&](const Span& one) { return one.begin < end && begin < one.end; }));
        }
        at = std::max(end, begin + 1);
    }
    const std::size_t width = compiled.rule().width;
    if (width > 256) return;
    for (const Span& one : seen) {
        bool there = false;
        const std::size_t first = one.begin > width ? one.begin - width : 0;
        for (std::size_t at = first; at <= one.begin && !there; ++at) {
            there = pattern.Match(text, at, text.size(), re2::RE2::ANCHOR_START, found.data(), 1) &&
                    at + found[0].size() >= one.end;
        }
        require(there);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4 || size > 4096) return 0;
    const auto& rules = test::shipped().rules().rules();
    const auto rule = static_cast<std::uint32_t>((data[0] * 256U + data[1]) % rules.size());
    std::string text(reinterpret_cast<const char*>(data) + 4, size - 4);
    const auto& examples = rules[rule]->rule().examples;
    if (data[2] >= 128 && !examples.empty()) {
        const std::string example = test::expanded(examples[data[3] % examples.size()], data[3]);
        // The rest stands in the middle of the example, wherever that is.
        const std::size_t at = data[2] * example.size() / 256;
        text = example.substr(0, at) + text + example.substr(at) + '\n' + example;
    }
    check_rule(rule, text);
    return 0;
}
