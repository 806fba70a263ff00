// What scanning a layer promises: where slabs and windows end changes nothing.
// Each secret is found once, in the right file, with the offset and line that one
// look at the whole file would give.
#include "scanner/layer/window_scan.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "tests/support/encodings.hpp"
#include "tests/support/scanning.hpp"

namespace stratascan::layer {
namespace {

using test::listed;
using test::Random;
using test::TarBuilder;
using test::TarMember;
using test::TestEngine;

constexpr std::size_t mebibyte = 1 << 20;

// A prefixed token, a generic assignment with a gate, a wide block, and two that
// are their own gates because no literal stands in all their matches.
constexpr std::string_view rule_text = R"(
[[rule]]
id = "token"
title = "Token"
pattern = '\b(?P<secret>tst_[A-Za-z0-9]{30})\b'
anchors = ["tst_"]

[[rule]]
id = "generic-assignment"
title = "Assignment"
pattern = '(?i)\bsecret=(?P<secret>[A-Za-z0-9_]{20,60})'
gate = '(?i)secret=[A-Za-z0-9_]{20}'

[[rule]]
id = "block"
title = "Block"
pattern = 'OPENING (?P<secret>[a-z0-9\n ]{1,900}) CLOSING'
anchors = ["OPENING ", " CLOSING"]

[[rule]]
id = "own-gate"
title = "Its own gate"
pattern = '(?:^|[^0-9A-Za-z])(?:abc|xyz)=(?P<secret>[A-Za-z0-9]{24})(?:[^0-9A-Za-z]|$)'
anchors = ["none"]

[[rule]]
id = "first-in-line"
title = "First in its line"
pattern = '(?m:^)(?:uvw|klm) (?P<secret>[A-Za-z0-9]{24})\b'
anchors = ["none"]

[[rule]]
id = "doubly-anchored"
title = "With two anchors"
pattern = '\bone1-(?P<secret>[A-Za-z0-9]{30})-two2\b'
anchors = ["one1", "two2"]
)";

std::string drawn(Random& random, std::size_t size) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::string text;
    while (text.size() < size) text += letters[random.number(0, letters.size() - 1)];
    return text;
}

TestEngine& engine() {
    static TestEngine shared(rule_text);
    return shared;
}

TEST(WindowScan, FindsATokenAtEveryPlaceRoundAWindowsEnd) {
    Random random(1);
    const std::string token = "tst_" + drawn(random, 30);
    std::string filler;
    while (filler.size() < 2 * mebibyte + 5000) filler += "a line of plain text\n";
    for (const std::size_t boundary : {mebibyte, mebibyte - margin, 2 * mebibyte - margin}) {
        for (std::size_t place = boundary - 70; place <= boundary + 70; ++place) {
            const std::size_t offset = place - 512;  // of the header
            std::string contents = filler;
            contents.replace(offset - 1, token.size() + 2, "\n" + token + "\n");
            const auto lines = std::count(contents.begin(),
                                          contents.begin() + static_cast<std::ptrdiff_t>(offset),
                                          '\n');
            const LayerResult result = engine().scan(TarBuilder().file("f", contents).finish());
            ASSERT_EQ(listed(result), "token f:" + std::to_string(lines + 1) + " @" +
                                          std::to_string(offset) + "+34 file\n")
                << place;
        }
    }
}

// Text with secrets of each kind strewn in, some of them overlapping.
std::string strewn(Random& random, std::size_t size) {
    std::string text;
    while (text.size() < size) {
        text += random.text(random.number(0, 9000));
        text += std::array{"\n", " ", "", "\""}[random.number(0, 3)];
        switch (random.number(0, 6)) {
            case 0: text += "tst_" + drawn(random, 30); break;
            case 1: text += "Secret=" + drawn(random, random.number(15, 70)); break;
            case 2: text += "secret=tst_" + drawn(random, 30); break;
            case 3: text += "OPENING " + random.text(random.number(1, 880)) + " CLOSING"; break;
            case 4: text += "xyz=" + drawn(random, 24); break;
            case 5: text += "klm " + drawn(random, 24); break;
            default: text += "one1-" + drawn(random, 30) + "-two2"; break;
        }
        if (random.number(0, 4) > 0) text += '\n';
    }
    text.resize(size);
    return text;
}

struct File {
    std::string path, contents;
};

// What one look at each whole file gives.
std::multiset<std::string> looked_at_whole(const std::vector<File>& files) {
    std::multiset<std::string> all;
    for (const File& file : files) {
        for (Finding finding : engine().scan_text(file.contents)) {
            finding.path = file.path;
            finding.source = Source::file;
            finding.line =
                1 + static_cast<std::uint64_t>(std::count(
                        file.contents.begin(),
                        file.contents.begin() + static_cast<std::ptrdiff_t>(finding.offset), '\n'));
            all.insert(listed(finding));
        }
    }
    return all;
}

std::multiset<std::string> lines_of(const LayerResult& result) {
    std::multiset<std::string> all;
    for (const auto& found : result.findings) all.insert(listed(found.finding));
    return all;
}

void expect_same(const std::multiset<std::string>& found, const std::multiset<std::string>& whole,
                 const std::string& what) {
    std::string missed, extra;
    for (const std::string& one : whole) {
        if (found.count(one) != whole.count(one)) missed += one;
    }
    for (const std::string& one : found) {
        if (found.count(one) != whole.count(one)) extra += one;
    }
    EXPECT_EQ(missed, "") << what << "; found instead:\n" << extra;
    EXPECT_EQ(extra, "") << what;
}

std::vector<File> random_files(Random& random) {
    std::vector<File> files;
    for (std::size_t i = 0, count = random.number(2, 30); i < count; ++i) {
        const std::size_t size =
            std::array{random.number(0, 2000), random.number(0, 40'000),
                       random.number(0, 12) == 0 ? 2 * mebibyte + random.number(0, 5000)
                                                 : 512 * random.number(1, 60)}[random.number(0, 2)];
        files.push_back({"d" + std::to_string(i), strewn(random, size)});
    }
    return files;
}

TEST(WindowScan, AgreesWithOneLookAtEachWholeFile) {
    std::size_t seen = 0;
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        Random random(seed);
        const std::vector<File> files = random_files(random);
        TarBuilder tar;
        for (const File& file : files) tar.file(file.path, file.contents);
        const auto whole = looked_at_whole(files);
        seen += whole.size();
        const LayerResult result = engine().scan(tar.finish());
        EXPECT_EQ(result.state, LayerState::complete);
        expect_same(lines_of(result), whole, "seed " + std::to_string(seed));
        if (HasFailure()) return;
    }
    EXPECT_GT(seen, 1000U);
}

TEST(WindowScan, AgreesInAFolderToo) {
    for (std::uint64_t seed = 101; seed <= 108; ++seed) {
        Random random(seed);
        const std::vector<File> files = random_files(random);
        const test::TempDir folder;
        for (const File& file : files) folder.write(file.path, file.contents);
        expect_same(lines_of(engine().scan_folder(folder.path())), looked_at_whole(files),
                    "seed " + std::to_string(seed));
        if (HasFailure()) return;
    }
}

// The files beside a file are not its context: not for a word's boundary, not for
// a line's beginning, not for its end.
TEST(WindowScan, AFilesEdgesAreEdges) {
    Random random(9);
    const std::vector<std::string> secrets = {
        "tst_" + drawn(random, 30), "xyz=" + drawn(random, 24), "uvw " + drawn(random, 24),
        "secret=" + drawn(random, 30)};
    for (const std::string& secret : secrets) {
        std::vector<File> files;
        files.push_back({"a", "word"});
        files.push_back({"b", secret});
        files.push_back({"c", "word"});
        // A whole block, so that no padding follows it.
        const std::string fill = secret.starts_with("uvw") ? "\n" : " ";
        files.push_back({"d", std::string(511 - secret.size(), 'x') + fill + secret});
        files.push_back({"e", "word"});
        TarBuilder tar;
        const test::TempDir folder;
        for (const File& file : files) {
            tar.file(file.path, file.contents);
            folder.write(file.path, file.contents);
        }
        const auto whole = looked_at_whole(files);
        ASSERT_EQ(whole.size(), 2U) << secret.substr(0, 3);
        expect_same(lines_of(engine().scan(tar.finish())), whole, "archive");
        expect_same(lines_of(engine().scan_folder(folder.path())), whole, "folder");
    }
}

TEST(WindowScan, CountsLinesWhenFilesFollowAFileThatCrossesAWindow) {
    Random random(3);
    std::string first;
    while (first.size() < mebibyte - margin + 6000) first += "a line of plain text\n";
    const auto lines = std::count(first.begin(), first.end(), '\n');
    first += "tst_" + drawn(random, 30) + "\n";
    const LayerResult result = engine().scan(
        TarBuilder()
            .file("first", first)
            .file("second", "text\n")
            .file("third", "text\n")
            .file("fourth", std::string(mebibyte, 'x'))
            .finish());
    ASSERT_EQ(result.findings.size(), 1U);
    EXPECT_EQ(result.findings[0].finding.line, static_cast<std::uint64_t>(lines) + 1);
}

// Of letters whose bytes are those of a line feed, none is a line's end.
TEST(WindowScan, CountsLinesOfTextsInUtf16) {
    Random random(6);
    for (const bool little : {true, false}) {
        SCOPED_TRACE(little ? "little" : "big");
        const auto unit = [&](unsigned value) {
            std::string bytes = {static_cast<char>(value & 0xff), static_cast<char>(value >> 8)};
            if (!little) std::swap(bytes[0], bytes[1]);
            return bytes;
        };
        std::string contents = unit(0xfeff);
        const auto add = [&](std::string_view text) {
            for (const char c : text) contents += unit(static_cast<unsigned char>(c));
        };
        std::uint64_t line = 1;
        std::vector<std::string> expected;
        for (int i = 0; i < 40; ++i) {
            const std::size_t size = contents.size() + random.number(1, 150'000);
            while (contents.size() < size) {
                add("a line of text with " + drawn(random, random.number(1, 60)));
                contents += unit(0x0a05) + unit(0x010a) + unit(0x0a0a);
                add("\r\n");
                ++line;
            }
            add("key ");
            expected.push_back("token f:" + std::to_string(line) + " @" +
                               std::to_string(contents.size()));
            add("tst_" + drawn(random, 30) + " behind it\n");
            ++line;
        }
        ASSERT_GT(contents.size(), 2 * mebibyte);
        const LayerResult result = engine().scan(TarBuilder().file("f", contents).finish());
        std::vector<std::string> found;
        for (const auto& one : result.findings) {
            found.push_back("token f:" + std::to_string(one.finding.line) + " @" +
                            std::to_string(one.finding.offset));
        }
        EXPECT_EQ(found, expected);
    }
}

TEST(WindowScan, ProgramsThatHoldUtf16HaveNoLines) {
    Random random(7);
    const std::string text = test::utf16_little("one\ntwo tst_" + drawn(random, 30) + "\n");
    const std::string zeros(2, '\0');
    const LayerResult result =
        engine().scan(TarBuilder().file("f", zeros + text + zeros).finish());
    ASSERT_EQ(result.findings.size(), 1U);
    EXPECT_EQ(result.findings[0].finding.line, 0U);
}

TEST(WindowScan, TellsWhereInTheArchiveTheBytesStood) {
    Random random(5);
    const auto token = [&] { return "tst_" + drawn(random, 30); };
    TarMember attribute;
    attribute.name = "with-xattr";
    attribute.content = "plain";
    attribute.pax = {{"SCHILY.xattr.user.note", token()}};
    TarMember comment = attribute;
    comment.name = "with-comment";
    comment.pax = {{"comment", token()}};
    std::string padded = "short " + std::string(200, ' ');
    TarBuilder tar;
    tar.file("plain", token()).add(attribute).add(comment);
    tar.symlink("link", "to/" + token()).file("etc/.wh.gone", token());
    tar.file("padded", padded);
    std::string bytes = tar.bytes();
    bytes.replace(bytes.size() - 100, 36, " " + token() + " ");
    const std::string named = "n-" + token();
    tar = TarBuilder().raw(bytes).file(named, "x").raw(std::string(1024, '\0'));
    tar.file("behind", token()).raw(std::string(1024, '\0'));
    const LayerResult result =
        engine().scan(tar.bytes() + "noise " + token() + " noise" + std::string(600, '\0'));
    std::map<std::string, std::set<Source>> seen;
    for (const auto& found : result.findings) {
        seen[found.finding.path].insert(found.finding.source);
    }
    EXPECT_EQ(seen["plain"], std::set{Source::file});
    EXPECT_EQ(seen["with-xattr"], std::set{Source::xattr});
    EXPECT_EQ(seen["with-comment"], std::set{Source::header});
    EXPECT_EQ(seen["link"], std::set{Source::header});
    EXPECT_EQ(seen["etc/gone"], std::set{Source::whiteout});
    EXPECT_EQ(seen["padded"], std::set{Source::trailer});
    EXPECT_TRUE(seen["behind"].contains(Source::trailer)) << "behind the end marker";
    EXPECT_EQ(result.findings.size(), 9U) << listed(result);
    for (const auto& found : result.findings) {
        EXPECT_EQ(found.finding.path.find("tst_" ), found.finding.path.find("tst_****"))
            << "no path repeats the secret in it";
    }
}

TEST(WindowScan, SeesWhatStandsBetweenTheMembersOfTheCompression) {
    Random random(6);
    const std::string one = "tst_" + drawn(random, 30), two = "tst_" + drawn(random, 30);
    const std::string archive = TarBuilder().file("f", "text").finish();
    const std::string blob = test::gzip_with(archive, {{}, one, two, false}) + "tail";
    const LayerResult result = engine().scan(blob);
    ASSERT_EQ(result.findings.size(), 2U) << listed(result);
    EXPECT_EQ(result.findings[0].finding.source, Source::trailer);
}

TEST(WindowScan, ATextIsScannedAsOneFile) {
    Random random(7);
    const std::string token = "tst_" + drawn(random, 30);
    EXPECT_TRUE(engine().scan_text({}).empty());
    EXPECT_TRUE(engine().scan_text("").empty());
    const auto findings = engine().scan_text(token);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].offset, 0U);
    EXPECT_EQ(findings[0].clear_text, "");
    EXPECT_EQ(findings[0].redacted.find(token.substr(5)), std::string::npos);
    EXPECT_EQ(findings[0].secret_id, engine().key().name(token));
}

TEST(WindowScan, BoundsTheFindingsOfOneFileAndSaysSo) {
    Random random(8);
    std::string contents;
    for (int i = 0; i < 300; ++i) contents += "tst_" + drawn(random, 30) + "\n";
    Options::Limits limits;
    limits.findings_a_file = 50;
    const LayerResult result = engine().scan(TarBuilder().file("f", contents).finish(), limits);
    EXPECT_EQ(result.findings.size(), 50U);
    ASSERT_EQ(result.gaps.size(), 1U);
    EXPECT_EQ(result.gaps[0].path, "f");
    EXPECT_EQ(result.state, LayerState::partial);
}

// Bytes in front of the first member belong to nobody, and are settled like those
// that belong to a file.
TEST(WindowScan, BytesOfNobodyAreSettledToo) {
    Random random(10);
    const std::string front = std::string(1024, '\0') + " one1-" + drawn(random, 30) + "-two2 " +
                              " secret=tst_" + drawn(random, 30) + " ";
    std::string blob = front + std::string(512 - front.size() % 512, '\0');
    blob += TarBuilder().file("f", "text").finish();
    const LayerResult result = engine().scan(blob);
    ASSERT_EQ(result.findings.size(), 2U) << listed(result);
    EXPECT_EQ(result.findings[0].finding.rule, "doubly-anchored");
    EXPECT_EQ(result.findings[1].finding.rule, "token");
}

WindowFinding found_at(std::string rule, std::uint64_t offset, std::uint64_t length,
                       bool generic = false) {
    WindowFinding found;
    found.generic = generic;
    found.finding.rule = std::move(rule);
    found.finding.offset = offset;
    found.finding.length = length;
    return found;
}

std::string settled(std::vector<WindowFinding> findings) {
    DropCounts counts;
    settle(findings, counts);
    std::string text;
    for (const WindowFinding& found : findings) {
        text += found.finding.rule + std::to_string(found.finding.offset) + ' ';
    }
    return text;
}

TEST(Settle, SortsAndDropsDoubles) {
    EXPECT_EQ(settled({}), "");
    EXPECT_EQ(settled({found_at("b", 9, 3), found_at("a", 9, 2), found_at("a", 3, 2),
                       found_at("a", 9, 2)}),
              "a3 a9 b9 ");
}

TEST(Settle, ARuleForOneServiceGoesBeforeOneForMany) {
    WindowFinding many = found_at("service-key-high", 9, 2), one = found_at("vendor-token", 9, 2);
    many.finding.confidence = Confidence::high;
    one.finding.confidence = Confidence::low;
    EXPECT_EQ(settled({many, one}), "vendor-token9 ");
    one.generic = true;
    EXPECT_EQ(settled({many, one}), "service-key-high9 ");
}

TEST(Settle, KeepsTheMostTellingFindingOfTheSameBytes) {
    WindowFinding sure = found_at("z", 9, 2), proved = found_at("y", 9, 2);
    sure.finding.confidence = Confidence::high;
    proved.finding.evidence = Evidence::verified;
    proved.finding.confidence = Confidence::low;
    const WindowFinding plain = found_at("a", 9, 2);
    const WindowFinding generic = found_at("g", 9, 2, true);
    EXPECT_EQ(settled({generic, plain}), "a9 ");
    EXPECT_EQ(settled({sure, plain, generic}), "z9 ");
    EXPECT_EQ(settled({sure, proved, plain}), "y9 ");
    EXPECT_EQ(settled({found_at("c", 9, 2), found_at("b", 9, 2)}), "b9 ") << "equals: by name";
}

TEST(Settle, DropsAGenericFindingThatOverlapsASpecificOne) {
    const auto generic = [](std::uint64_t offset, std::uint64_t length) {
        return found_at("g", offset, length, true);
    };
    EXPECT_EQ(settled({generic(0, 10), found_at("s", 9, 5)}), "s9 ");
    EXPECT_EQ(settled({generic(0, 10), found_at("s", 10, 5)}), "g0 s10 ");
    EXPECT_EQ(settled({generic(14, 10), found_at("s", 9, 5)}), "s9 g14 ");
    EXPECT_EQ(settled({generic(13, 10), found_at("s", 9, 5)}), "s9 ");
    EXPECT_EQ(settled({generic(11, 1), found_at("s", 9, 5)}), "s9 ");
    // A long one that begins far in front, with others behind it.
    EXPECT_EQ(settled({found_at("s", 0, 100), found_at("s", 10, 2), generic(50, 4)}), "s0 s10 ");
    EXPECT_EQ(settled({generic(0, 5), generic(2, 5)}), "g0 g2 ");
}

}  // namespace
}  // namespace stratascan::layer
