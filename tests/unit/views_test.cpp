// Encoded stretches and their views: what is found where, how it reads, and which
// bytes of the text each of its bytes was made of.
#include "scanner/match/views/view.hpp"

#include <gtest/gtest.h>

#include <set>

#include "scanner/match/views/letters.hpp"
#include "scanner/sieve/kernel.hpp"
#include "tests/support/blobs.hpp"
#include "tests/support/encodings.hpp"

namespace stratascan::views {
namespace {

using test::Random;

// Long enough for every encoding, and of letters, digits and signs.
constexpr std::string_view plain = "user: Jolly Roger 7, password: 8 Pieces of Eight & 1 Parrot";

struct Reading {
    std::string text;
    Places places;
};

// All readings of a text, as the scanner asks for them in a text that is not wide.
std::vector<Reading> readings(std::string_view text) {
    StretchFinder finder;
    Stretches stretches;
    HintPlaces hints;
    sieve::find_encoded(text, 0, text.size(), hints);
    finder.find(text, hints.within(0, text.size()), stretches);
    std::vector<Reading> all;
    for (const Stretch& stretch : stretches.found) {
        ViewStore store;
        if (stretch.encoding != Encoding::base64 && stretch.encoding != Encoding::hex) {
            store.add(text, stretch, 0);
        } else {
            for (const std::size_t start : stretch.starts) {
                if (start == nowhere || !stretch.telling) continue;
                store.add_run(text, stretches, stretch, start, 0);
            }
        }
        for (const View& view : store.views()) {
            const std::string bytes(store.bytes_of(view));
            if (bytes.empty()) continue;
            all.push_back({bytes, store.encoded(view, text, {0, bytes.size()})});
            // A part's places are within the whole's, and in order.
            Places before{0, 0};
            for (std::size_t i = 0; i < bytes.size(); ++i) {
                const Places places = store.encoded(view, text, {i, i + 1});
                EXPECT_LT(places.begin, places.end);
                EXPECT_GE(places.begin, before.begin);
                EXPECT_GE(places.end, before.end);
                EXPECT_LE(places.end, text.size() + 1);
                before = places;
            }
        }
    }
    return all;
}

bool reads(std::string_view text, std::string_view wanted) {
    const auto all = readings(text);
    return std::any_of(all.begin(), all.end(), [&](const Reading& reading) {
        return reading.text.find(wanted) != std::string::npos;
    });
}

TEST(Views, ReadEveryEncodingInEverySetting) {
    constexpr std::array<std::string_view, 7> fronts = {"", " ", "key=", "name: \"", "\n  ",
                                                        "/v1/some-path/", "a_b_"};
    for (std::size_t i = 0; i < test::encodings.size(); ++i) {
        for (const std::string_view front : fronts) {
            for (const std::string_view behind : {"", "\"", "=\n", " and more text", "\0"}) {
                const std::string encoded = test::encodings[i].encode(plain);
                const bool in_a_word = test::encodings[i].name != "base64";
                if (in_a_word && !front.empty() && front.back() == '_') continue;
                EXPECT_TRUE(reads(std::string(front) + encoded + std::string(behind), plain))
                    << i << " " << test::encodings[i].name << " behind " << front;
            }
        }
    }
}

TEST(Views, ReadWhatIsDamagedAtItsEnd) {
    for (const auto& encoding : test::encodings) {
        const std::string encoded = encoding.encode(plain);
        for (std::size_t cut = 1; cut < 12; ++cut) {
            const std::string text = encoded.substr(0, encoded.size() - cut);
            EXPECT_TRUE(reads(text, plain.substr(0, plain.size() - 13))) << encoding.name;
        }
    }
}

TEST(Views, EveryPhaseOfABlockThatALongLineStandsAbove) {
    const std::string block = test::wrapped(test::base64(std::string(plain) + std::string(plain)),
                                            64, "\n");
    for (std::size_t extra = 0; extra < 8; ++extra) {
        const std::string line = "SomeLongLine1" + std::string(30 + extra, 'x') + "\n";
        EXPECT_TRUE(reads(line + block, plain)) << extra;
    }
}

TEST(Views, TellThePlacesThatAByteWasMadeOf) {
    const std::string text = "key: " + test::base64(plain) + "\n";
    const auto all = readings(text);
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all[0].text, plain);
    EXPECT_EQ(all[0].places.begin, 5U);
    EXPECT_EQ(all[0].places.end, text.find('=') < text.size() ? text.find('=') : text.size() - 1);

    const auto escaped = readings(R"(x = "a\nb\u0041c" + 1)");
    ASSERT_EQ(escaped.size(), 1U);
    EXPECT_EQ(escaped[0].text, "x = \"a\nbAc\" + 1");
}

TEST(Views, ReadEscapesAsJsonAndShellsDo) {
    EXPECT_TRUE(reads(R"({"a": "{\"password\": \"0123456789abcdef\/y\"}"})",
                      R"({"password": "0123456789abcdef/y"})"));
    EXPECT_TRUE(reads(R"($'\147\x68p\u{5f}\U0000005f')", "ghp__"));
    EXPECT_TRUE(reads(R"(\x20one\\ntwo \d\w)", R"( one\ntwo \d\w)")) << "the second is no mark";
    EXPECT_TRUE(reads(R"("\u00e9\ud83d\ude00\t\u0020")", "\u00e9??\t"));
    EXPECT_FALSE(reads(R"(\u12 \xg1 \400 \u{} \u{110000)", "\x12"));
}

TEST(Views, ReadEntitiesAndPercentSigns) {
    EXPECT_TRUE(reads("&quot;a&quot;:&#34;b&#x22;&amp;&lt;&gt;&apos;", "\"a\":\"b\"&<>'"));
    EXPECT_FALSE(reads("a && b & c; &#; &#x; &nope; &#1114112222;", "a")) << "nothing to decode";
    EXPECT_TRUE(reads("u=a%3Ab%40c%2fd", "u=a:b@c/d"));
    EXPECT_FALSE(reads("100%20of and 5%2f", "100 of")) << "too few to be a text";
}

TEST(Views, AreFewInPlainText) {
    for (const std::string_view text :
         {"usr/lib/x86_64-linux-gnu/libexample.so", "a_long_name_of_something_in_a_program",
          "AbstractSingletonProxyFactoryBean", "the quick brown fox\njumps over the lazy dog\n",
          "d41d8cd98f00b204e9800998ecf8427e  usr/share/doc/example/copyright",
          "_ZN10stratascan5views13StretchFinder7see_runEm",
          "1\n_ZNKSt15basic_streambufIcSt11char_traitsIcEE6getlocEv",
          "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08"}) {
        EXPECT_TRUE(readings(text).empty()) << text;
    }
}

// Blocks of bytes tell what one byte after the other does, wherever a run lies and ends.
TEST(Views, RunsAreSeenInBlocksAsByteByByte) {
    Random random(7);
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        const std::size_t size = random.number(0, 89);
        const std::size_t seldom = random.number(1, 40);  // a byte that is none
        while (text.size() < size) {
            const bool any = random.number(1, seldom) == 1;
            text += any ? static_cast<char>(random.number(0, 255))
                        : "azAZ09+/-_mQ5"[random.number(0, 12)];
        }
        const std::size_t at = random.number(0, size);
        const std::size_t least = random.number(0, at);
        std::size_t end = at, begin = at;
        while (end < size && letter_at(text, end) != 0) ++end;
        while (begin > least && letter_at(text, begin - 1) != 0) --begin;
        ASSERT_EQ(run_end(text, at, any_letter), end) << round;
        ASSERT_EQ(run_begin(text, at, least), begin) << round;
        const std::string_view run = std::string_view(text).substr(begin, end - begin);
        unsigned seen = 0;
        for (std::size_t i = 0; i < run.size(); ++i) seen |= letter_at(run, i);
        ASSERT_EQ(kinds_in(run), seen & any_letter) << round;
    }
}

// A mangled name is told by how it begins; a line of something longer may begin so.
TEST(Views, ReadALineThatBeginsLikeAMangledName) {
    const std::string text = std::string(48, '-') + "\xfd\x90\x80" + std::string(plain);
    const std::string encoded = test::wrapped(test::base64_url(text), 64, "\n");
    ASSERT_NE(encoded.find("\n_Z"), std::string::npos);
    EXPECT_TRUE(reads("key: " + encoded, plain));
    EXPECT_FALSE(reads(encoded.substr(65, 60), plain.substr(0, 30)));
}

TEST(Views, TooManyBackslashesAreNoText) {
    const std::string row(200, '\\');
    EXPECT_TRUE(readings(row + "n" + row).empty());
    EXPECT_TRUE(reads(row + " a\\nb\\x20", " a\nb "));
    EXPECT_TRUE(reads(std::string(60, '\\') + "\\x20", std::string(30, '\\') + ' '));
    EXPECT_TRUE(readings("\\nwords \\tand \\\"more\\\" words").empty()) << "nothing is hidden";
}

// Nothing that is read lies outside, whatever the bytes; the work is bounded.
TEST(Views, StandAnyBytes) {
    Random random(3);
    constexpr std::string_view pieces = "%4%41\\\\u0041\\x4\\n&#65;&quot;QUJDREVGR0g=\n\0A\0B";
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        const std::size_t size = random.number(0, 400);
        while (text.size() < size) {
            const std::size_t at = random.number(0, pieces.size() - 1);
            const std::string_view piece = pieces.substr(at, random.number(1, 12));
            for (std::size_t i = random.number(1, 12); i > 0; --i) text += piece;
        }
        std::size_t read = 0;
        for (const Reading& reading : readings(text)) read += reading.text.size();
        ASSERT_LE(read, 8 * text.size());
    }
}

}  // namespace
}  // namespace stratascan::views
