// The same rules see through encodings: what is planted in them is found, with
// the places of the encoded bytes, and wherever windows end the same is found.
#include "scanner/layer/view_scan.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/cut_stream.hpp"
#include "tests/support/encodings.hpp"
#include "tests/support/scanning.hpp"

namespace stratascan::layer {
namespace {

using test::Random;
using test::TarBuilder;
using test::TestEngine;

constexpr std::size_t mebibyte = 1 << 20;

constexpr std::string_view rule_text = R"(
[[rule]]
id = "token"
title = "Token"
pattern = '\b(?P<secret>tst_[A-Za-z0-9]{30})\b'
anchors = ["tst_"]

[[rule]]
id = "padded"
title = "Key with padding"
pattern = '\b(?P<secret>pad_[A-Za-z0-9]{20}={0,2})'
anchors = ["pad_"]

[[rule]]
id = "generic-assignment"
title = "Assignment"
pattern = '(?i)\bsecret=(?P<secret>[A-Za-z0-9_%\\]{20,60})'
gate = '(?i)secret=[A-Za-z0-9_%\\]{20}'

[[rule]]
id = "block"
title = "Block"
pattern = 'OPENING (?P<secret>[a-z0-9\n ]{1,900}) CLOSING'
anchors = ["OPENING ", " CLOSING"]

[[rule]]
id = "wrapper"
title = "A value in base64"
confidence = "medium"
pattern = '\bwrapped: (?P<secret>[A-Za-z0-9+/]{30,400})'
anchors = ["wrapped: "]
)";

TestEngine& engine() {
    static TestEngine shared(rule_text);
    return shared;
}

std::string drawn(Random& random, std::size_t size) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::string text;
    while (text.size() < size) text += letters[random.number(0, letters.size() - 1)];
    return text;
}

std::string token(Random& random) { return "tst_" + drawn(random, 30); }

std::string way(const Finding& finding) {
    std::string text;
    for (const std::string& step : finding.inner_path) text += (text.empty() ? "" : ",") + step;
    return text;
}

std::string told(const Finding& finding) {
    return test::listed(finding) + "  " + way(finding) + ' ' + finding.secret_id + '\n';
}

struct Plant {
    std::string text, way, secret;
    std::size_t begin = 0, end = 0;  // of the encoded text
};

// A token in one encoding, or in two, set off from what is round it.
Plant planted(Random& random) {
    Plant plant;
    plant.secret = token(random);
    std::string text = "login " + plant.secret + " 7 Words behind it, that is all.";
    const auto& inner = test::encodings[random.number(0, test::encodings.size() - 1)];
    text = inner.encode(text);
    plant.way = inner.name;
    // Wrapped lines in quotes and words are not nested: their breaks would be
    // text of the outer one. UTF-16 has no order where nothing says so.
    const bool nests = random.number(0, 1) == 0 && inner.name != "utf-16be";
    if (nests) {
        const auto& outer = test::encodings[random.number(0, test::encodings.size() - 1)];
        const bool bytes = !outer.name.starts_with("utf") || !inner.name.starts_with("utf");
        if (bytes) {
            text = outer.encode(text);
            plant.way = std::string(outer.name) + "," + plant.way;
        }
    }
    plant.text = text;
    return plant;
}

std::string filler(Random& random, std::size_t size) {
    std::string text;
    while (text.size() < size) {
        text += random.text(random.number(1, 60));
        text += std::array{"\n", " ", "\"", ": ", "=", "/"}[random.number(0, 5)];
    }
    text.resize(size);
    return text;
}

const Finding* found_in(const LayerResult& result, const std::string& path, const Plant& plant) {
    for (const auto& found : result.findings) {
        const Finding& finding = found.finding;
        if (finding.path != path || finding.rule != "token") continue;
        if (finding.offset < plant.begin || finding.offset + finding.length > plant.end) continue;
        if (finding.secret_id == engine().key().name(plant.secret)) return &finding;
    }
    return nullptr;
}

TEST(ViewScan, FindsWhatIsPlantedInAnyEncodingAnywhere) {
    std::size_t seen = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        Random random(seed);
        TarBuilder tar;
        std::vector<std::pair<std::string, std::vector<Plant>>> files;
        for (std::size_t i = 0; i < 12; ++i) {
            std::string contents;
            std::vector<Plant> plants;
            for (std::size_t j = random.number(1, 20); j > 0; --j) {
                contents += filler(random, random.number(0, 20'000)) + "\n: \"";
                Plant plant = planted(random);
                // With text on either side it could be of either order.
                if (plant.way.starts_with("utf-16") && contents.size() % 2 != 0) contents += ' ';
                plant.begin = contents.size();
                contents += plant.text;
                plant.end = contents.size();
                contents += "\"\n";
                plants.push_back(std::move(plant));
            }
            const std::string path = "f" + std::to_string(i);
            tar.file(path, contents);
            files.emplace_back(path, std::move(plants));
        }
        const LayerResult result = engine().scan(tar.finish());
        for (const auto& [path, plants] : files) {
            for (const Plant& plant : plants) {
                const Finding* found = found_in(result, path, plant);
                ASSERT_NE(found, nullptr) << plant.way << " in " << path << " at " << plant.begin
                                          << " of seed " << seed << '\n' << plant.text.substr(0, 300);
                EXPECT_EQ(way(*found), plant.way);
                ++seen;
            }
        }
        EXPECT_EQ(result.state, LayerState::complete);
    }
    EXPECT_GT(seen, 1000U);
}

// What one look at the whole text gives, whatever the windows.
std::multiset<std::string> whole(const std::string& text) {
    std::multiset<std::string> lines;
    for (Finding finding : engine().scan_text(text)) {
        finding.path = "f";
        finding.line = 0;
        lines.insert(told(finding));
    }
    return lines;
}

std::multiset<std::string> in_layer(const std::string& text, bool sieving) {
    std::multiset<std::string> lines;
    const LayerResult result = engine().sieving(sieving).scan(TarBuilder().file("f", text).finish());
    engine().sieving(true);
    for (const auto& found : result.findings) {
        Finding finding = found.finding;
        finding.line = 0;
        lines.insert(told(finding));
    }
    return lines;
}

// A secret's bytes at each phase, and lines of many widths, in a stretch that is
// longer than any window.
std::string long_stretch(Random& random, std::size_t size, std::string (*encode)(std::string_view)) {
    std::string text;
    while (text.size() < size) {
        for (std::size_t i = random.number(1, 9000); i > 0; --i) {
            text += static_cast<char>(random.number(32, 126));
        }
        text += ' ' + token(random) + ' ';
        if (random.number(0, 3) == 0) text += "OPENING " + random.text(800) + " CLOSING";
        if (random.number(0, 3) == 0) text += test::base64(" in it " + token(random) + " again");
    }
    return encode(text);
}

TEST(ViewScan, FindsAllInStretchesLongerThanAWindow) {
    for (std::size_t i = 0; i < test::encodings.size(); ++i) {
        const auto& encoding = test::encodings[i];
        Random random(50 + i);
        std::string text = "x = ";
        text += long_stretch(random, mebibyte, encoding.encode);
        const auto expected = whole(text);
        EXPECT_GT(expected.size(), 200U) << encoding.name;
        for (const bool sieving : {true, false}) {
            const auto found = in_layer(text, sieving);
            EXPECT_TRUE(found == expected)
                << encoding.name << " " << i << ": " << found.size() << " of " << expected.size();
        }
    }
}

TEST(ViewScan, AgreesWithOneLookAtTheWholeWhereverWindowsAreCut) {
    static SlabPool slabs(8);
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Random random(seed);
        std::string text;
        while (text.size() < 150'000) {
            text += filler(random, random.number(0, 3000));
            const auto& encoding = test::encodings[random.number(0, test::encodings.size() - 1)];
            if (random.number(0, 5) == 0) {
                text += long_stretch(random, random.number(1000, 60'000), encoding.encode);
            } else {
                text += planted(random).text;
            }
        }
        std::vector<std::size_t> cuts;
        for (std::size_t at = 0;;) {
            at += random.number(3 * margin, 5 * margin);
            if (at + margin >= text.size()) break;
            cuts.push_back(at);
        }
        std::vector<WindowFinding> all;
        for (Window& window : test::windows_of(text, {{0, text.size()}}, cuts, slabs)) {
            WindowScan scan = engine().scanner().scan(window);
            for (WindowFinding& found : scan.findings) all.push_back(std::move(found));
        }
        DropCounts dropped;
        settle(all, dropped);
        std::multiset<std::string> found;
        for (WindowFinding& one : all) {
            one.finding.path = "f";
            one.finding.line = 0;
            found.insert(told(one.finding));
        }
        const auto expected = whole(text);
        for (const std::string& one : expected) {
            EXPECT_TRUE(found.contains(one)) << "missed at seed " << seed << ": " << one;
        }
        EXPECT_EQ(found.size(), expected.size()) << "seed " << seed;
        if (HasFailure()) return;
    }
}

std::string ways(std::string_view text) {
    std::string all;
    for (const Finding& finding : engine().scan_text(text)) {
        all += finding.rule + '@' + std::to_string(finding.offset) + '+' +
               std::to_string(finding.length) + '[' + way(finding) + "] ";
    }
    return all;
}

TEST(ViewScan, TellsThePlacesOfTheEncodedBytes) {
    Random random(1);
    const std::string secret = token(random);
    // 34 bytes from the third on: characters 4 to 48 hold bits of them.
    EXPECT_EQ(ways("k: " + test::base64("abc" + (" " + secret) + " ")),
              "token@8+46[base64] ");
    EXPECT_EQ(ways("k: " + test::hex_lower(secret)), "token@3+68[hex] ");
    EXPECT_EQ(ways("k: " + test::percent_all(secret)), "token@3+102[percent] ");
    EXPECT_EQ(ways("k: " + test::json_escaped(secret)), "token@3+204[escapes] ");
    EXPECT_EQ(ways("k: \\n" + secret + "\\n"), "token@5+34[escapes] ");
    EXPECT_EQ(ways(std::string("k:") + '\0' + '\1' + test::utf16_little(secret)),
              "token@4+68[utf-16le] ");
    EXPECT_EQ(ways(std::string("k:\1\2") + test::utf16_big(secret)), "token@4+68[utf-16be] ");
    EXPECT_EQ(ways(std::string("k:\0\0", 4) + test::utf16_little(secret) + std::string(4, '\0')),
              "token@4+68[utf-16le] ");
}

// Where a row stands at an odd place, or has zeros on either side, its ends tell its order. With
// text directly in front of it and behind it, it may be either.
TEST(ViewScan, TellsTheOrderOfUtf16AtOddPlaces) {
    Random random(3);
    const std::string secret = token(random);
    const std::string little = test::utf16_little(secret), big = test::utf16_big(secret);
    const auto zeros = [](std::size_t count) { return std::string(count, '\0'); };
    EXPECT_EQ(ways("k::" + little + "\1\1"), "token@3+68[utf-16le] ");
    EXPECT_EQ(ways("k::" + little + zeros(2) + "\1\1"), "token@3+68[utf-16le] ");
    EXPECT_EQ(ways("k:" + zeros(1) + little + zeros(2) + "\1\1"), "token@3+68[utf-16le] ");
    EXPECT_EQ(ways("k" + zeros(2) + little + "\1\1"), "token@3+68[utf-16le] ");
    EXPECT_EQ(ways("\1\x31" + little + zeros(40)), "token@2+68[utf-16le] ");
    EXPECT_EQ(ways("k" + zeros(2) + little), "token@3+68[utf-16le] ");
    EXPECT_EQ(ways("k:\1" + big), "token@3+68[utf-16be] ");
    EXPECT_EQ(ways("k:" + big + "behind"), "token@2+68[utf-16be] ");
    // A text of which each letter has its zero, and others among them.
    const std::string french = "cl\xe9: " + secret + " \xe9t\xe9\n";
    EXPECT_EQ(ways("\xff\xfe" + test::utf16_little(french)), "token@12+68[utf-16le] ");
    EXPECT_EQ(ways("\xfe\xff" + test::utf16_big(french)), "token@12+68[utf-16be] ");
}

TEST(ViewScan, TheSameSecretAtTheSamePlaceIsOneFinding) {
    Random random(2);
    const std::string secret = token(random);
    EXPECT_EQ(ways(secret + " \\n \\n \\n %20%20%20 &quot;"), "token@0+34[] ") << "in three views";
    EXPECT_EQ(ways("wrapped: " + test::base64(secret)), "token@9+46[base64] ")
        << "a more telling rule sees it decoded";
    EXPECT_EQ(ways("wrapped: " + test::base64("secret=" + drawn(random, 30))),
              "wrapper@9+50[] ") << "a generic rule sees it decoded";
    EXPECT_EQ(ways("secret=" + test::hex_lower("x " + secret).substr(0, 60)), "generic-assignment@7+60[] ");
    EXPECT_EQ(ways("\\n\\n secret=" + drawn(random, 30)), "generic-assignment@12+30[] ");
    EXPECT_EQ(ways("\\n\\nsecret=" + drawn(random, 30)), "generic-assignment@11+30[escapes] ");
}

TEST(ViewScan, ASecretOfWhichAPartIsEscapedIsKnownByAllOfIt) {
    Random random(4);
    const std::string secret = "pad_" + drawn(random, 20) + "==";
    const std::string bare = secret.substr(0, secret.size() - 2);
    const auto only = [](const std::string& text) {
        const auto found = engine().scan_text(text);
        if (found.size() != 1) throw std::runtime_error("not one finding");
        return found.front();
    };
    const Finding entities = only("key &#61; " + bare + "&#61;&#61; &quot;");
    EXPECT_EQ(way(entities), "entities");
    EXPECT_EQ(entities.offset, 10U);
    EXPECT_EQ(entities.length, bare.size() + 10);
    EXPECT_EQ(entities.secret_id, engine().key().name(secret));
    const Finding percent = only("a%20b%20c=" + bare + "%3D%3D");
    EXPECT_EQ(way(percent), "percent");
    EXPECT_EQ(percent.length, bare.size() + 6);
    EXPECT_EQ(percent.secret_id, engine().key().name(secret));
    const Finding whole = only("a%20b%20c=" + secret + "%20");
    EXPECT_EQ(way(whole), "") << "no byte of it is escaped";
}

TEST(ViewScan, GenericRulesCountInTextOnly) {
    Random random(3);
    const std::string value = "secret=" + drawn(random, 30);
    const std::string noise("\x01\x82\x93\x07", 4);
    EXPECT_EQ(ways("k: " + test::base64("a = 1\n" + value + "\nb = 2\n")).substr(0, 18),
              "generic-assignment");
    EXPECT_EQ(ways("k: " + test::base64(noise + " " + value + " " + noise)), "");
}

TEST(ViewScan, SeesTwoLevelsAndNoThird) {
    Random random(4);
    std::string text = "a " + token(random) + " b";
    text = test::base64(text);
    EXPECT_NE(ways(text).find("[base64]"), std::string::npos);
    text = test::base64(text);
    EXPECT_NE(ways(text).find("[base64,base64]"), std::string::npos);
    text = test::base64(text);
    EXPECT_EQ(ways(text), "");
}

// Inputs that are nothing but encodings of encodings cost no more a byte than the
// views of each place, of which there are a fixed number.
TEST(ViewScan, StaysLinearOnHostileInput) {
    Random random(5);
    const auto repeated = [](std::string_view piece) {
        std::string text;
        while (text.size() < 4 * mebibyte) text += piece;
        return text;
    };
    std::string nested = random.text(1 << 20);
    for (int i = 0; i < 4; ++i) nested = test::base64(nested);
    const std::vector<std::string> inputs = {
        nested, repeated("%41"), repeated("%2541"), repeated("\\u0041"), repeated("\\"),
        repeated("\\\\n"), repeated("&#65;"), repeated("&amp;"), repeated(std::string("A\0", 2)),
        repeated("A1b"), repeated("41"), repeated(test::base64("tst_tst_tst_") + "\n"),
        repeated(std::string(32, 'A') + "1b\n"), repeated(std::string(33, 'A') + "1b\\n"),
        repeated("aB3/"), repeated("%41%42%43 ")};
    for (const std::string& input : inputs) {
        const auto start = std::chrono::steady_clock::now();
        const LayerResult result = engine().scan(TarBuilder().file("f", input).finish());
        const auto spent = std::chrono::steady_clock::now() - start;
        EXPECT_EQ(result.state, LayerState::complete);
        EXPECT_LT(std::chrono::duration<double>(spent).count(), 20.0) << input.substr(0, 20);
    }
}

}  // namespace
}  // namespace stratascan::layer
