// Containers that are written in base64 or hex in a file of a layer: opened wherever they
// stand, over as many windows as they take, and told with the way in.
#include <gtest/gtest.h>
#include <zlib.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/support/encodings.hpp"
#include "tests/support/nested_scanning.hpp"
#include "tests/support/parsing.hpp"

namespace stratascan::nested {
namespace {

const std::string text = "a line\n\ntst_01234567\n";

// Bytes that compress little, and hold nothing.
std::string noise(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint64_t state = 88172645463325252U;
    for (char& byte : bytes) {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        byte = static_cast<char>(' ' + state % 90);
        if (state % 61 == 0) byte = '\n';
    }
    return bytes;
}

std::string zlib(std::string_view bytes) {
    std::string out(compressBound(bytes.size()), '\0');
    uLongf size = out.size();
    const auto* from = reinterpret_cast<const Bytef*>(bytes.data());
    if (compress(reinterpret_cast<Bytef*>(out.data()), &size, from, bytes.size()) != Z_OK) {
        throw std::runtime_error("compress");
    }
    out.resize(size);
    return out;
}

class NestedEncoded : public test::NestedScan {
protected:
    std::string scan(const std::string& contents, const Options::Limits& limits = {},
                     std::size_t before = 10) {
        return NestedScan::scan("x", contents, limits, std::string(before, '\n'));
    }
};

TEST_F(NestedEncoded, OpensWhatIsWrittenInBase64AndHex) {
    const std::string packed = test::gzip(text);
    const auto expect_found = [&](const std::string& contents) {
        const std::size_t at = contents.find("H4sI");  // gzip's first bytes
        EXPECT_EQ(scan(contents), "x>base64 at " + std::to_string(at) + ">gzip:3 @8 file\n");
    };
    expect_found("key: " + test::base64(packed) + "\nnext: 1\n");
    expect_found(test::base64(packed));  // nothing stands round it
    expect_found("v=\"" + test::base64_url(packed) + "\";");
    expect_found("key: |\n    " + test::wrapped(test::base64(packed), 32, "\n    ") + "\nn: 1\n");
    expect_found("k = \"" + test::wrapped(test::base64(packed), 32, "\" +\n  \"") + "\";");
    expect_found("k = \"" + test::wrapped(test::base64(packed), 32, "\"\n  + \"") + "\";");
    expect_found("{\"k\": \"" + test::wrapped(test::base64(packed), 32, "\\n") + "\"}");
    expect_found("data:application/gzip;base64," + test::base64(packed));
    EXPECT_EQ(scan("key: " + test::hex_lower(packed) + "\n"), "x>hex at 5>gzip:3 @8 file\n");
    EXPECT_EQ(scan("key: " + test::hex_upper(packed) + "\n"), "x>hex at 5>gzip:3 @8 file\n");
    EXPECT_EQ(last_.inner_bytes, text.size());
}

TEST_F(NestedEncoded, OpensEachFormat) {
    const std::string tar = test::TarBuilder().file("in/y", text).finish();
    const auto in_base64 = [](const std::string& bytes) {
        return "key: " + test::base64(bytes) + "\n";
    };
    EXPECT_EQ(scan(in_base64(test::zstd(text))), "x>base64 at 5>zstd:3 @8 file\n");
    EXPECT_EQ(scan(in_base64(zlib(text))), "x>base64 at 5>zlib:3 @8 file\n");
    EXPECT_EQ(scan(in_base64(test::bzip2(text))), "x>base64 at 5>bzip2:3 @8 file\n");
    EXPECT_EQ(scan(in_base64(test::xz(text))), "x>base64 at 5>xz:3 @8 file\n");
    EXPECT_EQ(scan(in_base64(test::gzip(tar))), "x>base64 at 5>gzip>in/y:3 @8 file\n");
    EXPECT_EQ(scan(in_base64(test::zip_entry("in/y", test::deflated(text), 8) + test::zip_end())),
              "x>base64 at 5>in/y:3 @8 file\n");
    EXPECT_EQ(scan(in_base64(test::zip_entry("in/y", text, 0) + test::zip_end())),
              "x>base64 at 5>in/y:3 @8 file\n")
        << "once, though a view of the base64 shows it, too";
}

TEST_F(NestedEncoded, OpensAReleaseOfHelm) {
    const std::string release = test::base64(test::base64(test::gzip(text)));
    EXPECT_EQ(scan("apiVersion: v1\ndata:\n  release: " + release + "\nkind: Secret\n"),
              "x>base64 at 32>base64>gzip:3 @8 file\n");
    const std::string lines =
        test::base64(test::wrapped(test::base64(test::gzip(text + noise(500))), 76, "\n"));
    EXPECT_EQ(scan("data: " + lines + "\n"), "x>base64 at 6>base64>gzip:3 @8 file\n");
}

TEST_F(NestedEncoded, SeesItFromTheInnermostContainer) {
    const std::string written = "key: " + test::base64(test::gzip(text)) + "\n";
    EXPECT_EQ(scan(test::TarBuilder().file("in/y", written).finish()),
              "x>in/y>base64 at 5>gzip:3 @8 file\n");
    EXPECT_EQ(scan(test::gzip(test::TarBuilder().file("in/y", written).finish())),
              "x>gzip>in/y>base64 at 5>gzip:3 @8 file\n");
    EXPECT_EQ(scan(test::zip_entry("in/y", written, 0) + test::zip_end()),
              "x>in/y>base64 at 5>gzip:3 @8 file\n");
}

// Longer than a window, and wherever windows end in it.
TEST_F(NestedEncoded, GoesOnOverWindows) {
    std::string body = noise(3'000'000);
    std::string end = "\n";
    for (const std::size_t before : {0U, 1U, 70'001U, 1'048'000U, 1'031'700U, 1'048'576U}) {
        const std::string packed = test::gzip(body + end + text);
        const std::string way = "x>base64 at 3>gzip:";
        const std::string whole = scan("k: " + test::base64(packed) + "\n", {}, before);
        EXPECT_EQ(whole.substr(0, way.size()), way) << before;
        EXPECT_NE(whole.find(" @3000009 file\n"), whole.npos) << whole;
        const std::string lines =
            scan("k: |\n  " + test::wrapped(test::base64(packed), 76, "\n  ") + "\nl: 1\n", {},
                 before);
        EXPECT_EQ(lines, "x>base64 at 7" + whole.substr(way.find(">gzip"))) << before;
    }
}

TEST_F(NestedEncoded, SeveralInOneFileEachOnItsOwn) {
    std::string all;
    std::string expected;
    for (int i = 0; i < 200; ++i) {
        all += "k" + std::to_string(i) + ": ";
        expected += "x>base64 at " + std::to_string(all.size()) + ">gzip:1 @0 file\n";
        all += test::base64(test::gzip("tst_" + std::to_string(10'000'000 + i) + "\n")) + "\n";
    }
    EXPECT_EQ(scan(all), expected);
}

TEST_F(NestedEncoded, TheSameSecretInTwoOfThemIsTwoFindings) {
    const std::string one = test::base64(test::gzip(text));
    const std::string way = "base64 at 3>gzip:3 @8 file\n", other = "base64 at " +
        std::to_string(one.size() + 7) + ">gzip:3 @8 file\n";
    const std::string both = "a: " + one + "\nb: " + one + "\n";
    EXPECT_EQ(scan(both), "x>" + way + "x>" + other);
    // In an archive that stores it, which has it elsewhere in its own bytes, not once more.
    EXPECT_EQ(scan(test::TarBuilder().file("in/y", both).finish()),
              "x>in/y>" + way + "x>in/y>" + other);
}

TEST_F(NestedEncoded, NestsAsDeepAsContainersMay) {
    std::string written = text;
    std::string way;
    for (int level = 0; level < 5; ++level) {
        written = "key: " + test::base64(test::gzip(written)) + "\n";
        way += ">base64 at 5>gzip";
    }
    EXPECT_EQ(scan(written), "x" + way + ":3 @8 file\n");
    written = "key: " + test::base64(test::gzip(written)) + "\n";
    EXPECT_EQ(scan(written),
              "gap x" + way + ">base64 at 5: gzip: containers are nested more than 5 levels deep\n");
    Options::Limits limits;
    limits.depth = 1;
    EXPECT_EQ(scan("k: " + test::base64(test::gzip("k: " + test::base64(test::gzip(text)))), limits),
              "gap x>base64 at 3>gzip>base64 at 3: gzip: containers are nested more than 1 levels deep\n");
}

TEST_F(NestedEncoded, ABombEndsInAGap) {
    Options::Limits limits;
    limits.output_bytes = 8 << 20;
    const std::string bomb = test::gzip(std::string(64 << 20, '\0'));
    const std::string all = scan("a: " + test::base64(test::gzip(text)) + "\nb: " +
                                     test::base64(bomb) + "\n", limits);
    const std::string second = std::to_string(test::base64(test::gzip(text)).size() + 7);
    EXPECT_EQ(all, "x>base64 at 3>gzip:3 @8 file\ngap x>base64 at " + second +
                       ">gzip: the layer's containers hold more than 8388608 bytes\n");
    EXPECT_LT(last_.inner_bytes, std::uint64_t{9} << 20);
}

TEST_F(NestedEncoded, WhatIsCutIsAGap) {
    std::string packed = test::gzip(text + noise(4000));
    packed.resize(packed.size() - 100);
    const std::string all = scan("k: " + test::base64(packed) + "\n");
    EXPECT_TRUE(all.starts_with("x>base64 at 3>gzip:3 @8 file\ngap x>base64 at 3: ")) << all;
    EXPECT_NE(all.find("ends inside"), all.npos) << all;
}

TEST_F(NestedEncoded, WhatOnlyBeginsSoIsNone) {
    // Magic bytes, and nothing that a decoder makes anything of.
    const std::string wrong(300, '\x07');  // deflate has no fourth kind of block
    EXPECT_EQ(scan("k: " + test::base64(std::string("\x1f\x8b\x08\0", 4) + wrong) + "\nz: " +
                   test::base64("x\x9c" + wrong) + "\nh: 789c" + test::hex_lower(wrong) + "\n"),
              "");
    EXPECT_EQ(scan("H4sIAAAAAAAA tst_01234567\n"), "x:1 @13 file\n");
}

}  // namespace
}  // namespace stratascan::nested
