// Hints of what may be encoded: every kernel gives the same ones, with the sieve's
// work and without; and what they are said to find, they find, wherever the chunks
// are cut that they are looked for in.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "scanner/match/views/marks.hpp"
#include "scanner/sieve/kernel.hpp"
#include "tests/support/encodings.hpp"
#include "tests/support/shipped.hpp"

namespace stratascan::sieve {
namespace {

using test::Random;
using views::HintPlaces;

// Bytes in which all that is looked for occurs, and much that is nearly it.
std::string likely_text(Random& random, std::size_t size) {
    constexpr std::string_view likely("Aa9+/-_%\\nx&#;\"\0 .\n\0\0\0u0{}" "fffEE", 32);
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
    std::string text;
    while (text.size() < size) {
        switch (random.number(0, 6)) {
            case 0:
                for (std::size_t i = random.number(1, 90); i > 0; --i) {
                    text += digits[random.number(0, digits.size() - 1)];
                }
                break;
            case 1: text += test::utf16_little(std::string(random.number(1, 40), 'b')); break;
            case 2: text += std::string(random.number(1, 70), '\0'); break;
            case 3: text += static_cast<char>(random.number(0, 255)); break;
            case 4: text += std::string(random.number(1, 40), random.number(0, 1) == 0 ? 'a' : '7'); break;
            default:
                for (std::size_t i = random.number(1, 20); i > 0; --i) {
                    text += likely[random.number(0, likely.size() - 1)];
                }
        }
    }
    text.resize(size);
    return text;
}

std::vector<std::vector<std::uint32_t>> lists(const HintPlaces& places) {
    std::vector<std::vector<std::uint32_t>> all;
    for (const auto* const each : {&places.runs, &places.marks, &places.pairs}) {
        all.emplace_back(each->all().begin(), each->all().end());
        EXPECT_TRUE(std::is_sorted(all.back().begin(), all.back().end()));
    }
    return all;
}

TEST(EncodedHints, AreTheSameOfEveryKernelAndBesideTheSieve) {
    const Tables tables(test::shipped_plan());
    Random random(1);
    for (int round = 0; round < 300; ++round) {
        const std::size_t from = random.number(0, 200);
        const std::size_t to = from + random.number(1, kernel_chunk);
        const std::string text = likely_text(random, to + kernel_sight);
        HintPlaces plain;
        plain_encoded(text.data(), from, to, plain);
        const auto wanted = lists(plain);
        std::vector<std::uint32_t> room(to - from + kernel_slack);
        for (const std::string_view name : {"plain", "avx512vbmi"}) {
            const Kernel kernel = kernel_named(name);
            if (kernel == nullptr) continue;
            for (const bool programs : {false, true}) {
                HintPlaces beside;
                kernel(tables, text.data(), from, to, programs, room.data(), &beside);
                ASSERT_EQ(lists(beside), wanted) << name << " in round " << round;
            }
        }
        HintPlaces best;
        best_encoded_kernel()(text.data(), from, to, best);
        ASSERT_EQ(lists(best), wanted);
    }
}

bool is_base64(char c) { return evidence::is_alnum(c) || std::string_view("+/-_").contains(c); }

bool is_text(char c) { return (c >= ' ' && c <= '~') || c == '\t' || c == '\n' || c == '\r'; }

void expect_found(const std::string& text, const HintPlaces& places) {
    const auto has = [](const views::Places32& all, std::size_t begin, std::size_t end) {
        const auto held = all.all();
        const auto first = std::lower_bound(held.begin(), held.end(), begin);
        return first != held.end() && *first < end;
    };
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        bool digit = false;
        for (; end < text.size() && is_base64(text[end]); ++end) {
            digit = digit || evidence::is_digit(text[end]);
        }
        if (end - at >= views::least_run && digit) {
            ASSERT_TRUE(has(places.runs, at, end)) << "run at " << at;
        }
        at = end + 1;
    }
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (const views::Encoding one :
             {views::Encoding::percent, views::Encoding::escapes, views::Encoding::entities}) {
            if (text[at] != views::mark_of(one)) continue;
            const views::Unit unit = views::unit_at(one, text, at);
            const std::size_t behind = at + unit.encoded;
            const bool short_one = unit.encoded == 2;  // told by what is behind it
            const bool counts =
                unit.encoded != 0 && unit.decoded == 1 && unit.bytes[0] >= ' ' &&
                unit.bytes[0] <= '~' &&
                (!short_one || (behind < text.size() && is_base64(text[behind])));
            if (counts) {
                ASSERT_TRUE(has(places.marks, at, at + 1)) << "mark at " << at;
            }
        }
    }
    const auto is_unit = [&](std::size_t at) {
        return at + 1 < text.size() && is_text(text[at]) && text[at + 1] == '\0';
    };
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (!is_unit(at) || (at >= 2 && is_unit(at - 2))) continue;
        std::size_t units = 0;
        while (is_unit(at + 2 * units)) ++units;
        if (units >= views::least_units) {
            ASSERT_TRUE(has(places.pairs, at, at + 1)) << "units at " << at;
        }
    }
}

TEST(EncodedHints, FindWhatTheySayWhereverChunksAreCut) {
    Random random(2);
    for (int round = 0; round < 200; ++round) {
        const std::string text = likely_text(random, random.number(2, 3 * kernel_chunk));
        HintPlaces whole, parts;
        find_encoded(text, 0, text.size(), whole);
        expect_found(text, whole);
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.size(), at + random.number(1, 3000));
            find_encoded(text, at, end, parts);
            at = end;
        }
        lists(parts);  // in order, too
        expect_found(text, parts);
        if (HasFatalFailure()) FAIL() << "in round " << round;
    }
}

TEST(EncodedHints, AreFewInProse) {
    std::string text;
    while (text.size() < 20'000) text += "It was the best of times, in 1775 and in 2025: \"so it was\".\n";
    HintPlaces places;
    find_encoded(text, 0, text.size(), places);
    EXPECT_LE(places.runs.all().size(), text.size() / kernel_chunk + 1);
    EXPECT_TRUE(places.marks.all().empty());
    EXPECT_TRUE(places.pairs.all().empty());
}

TEST(EncodedHints, OfAPartHaveItsPlaces) {
    HintPlaces places;
    for (const std::size_t place : {3U, 10U, 20U}) places.marks.add(place);
    const views::Hints part = places.within(10, 20);
    ASSERT_EQ(part.marks.size(), 1U);
    EXPECT_EQ(part.marks[0] - part.begin, 0U);
    EXPECT_TRUE(places.within(11, 20).empty());
}

}  // namespace
}  // namespace stratascan::sieve
