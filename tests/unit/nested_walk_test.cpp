// A layer with containers in it, the whole way: what is found, where, what is said
// not to be read, and that neither cuts nor limits change it.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/blobs.hpp"
#include "tests/support/nested_scanning.hpp"
#include "tests/support/parsing.hpp"

namespace stratascan::nested {
namespace {

using namespace std::string_literals;

class NestedWalk : public test::NestedScan {};

std::string zip_of(const std::string& entries) { return entries + test::zip_end(); }

TEST_F(NestedWalk, FindsWhatDecodersMake) {
    const std::string text = "a line\n\ntst_01234567\n";
    EXPECT_EQ(scan("x", test::gzip(text)), "x>gzip:3 @8 file\n");
    EXPECT_EQ(scan("x", test::gzip("a line\n\ntst_") + test::gzip("01234567\n")),
              "x>gzip:3 @8 file\n")
        << "members of a gzip file are one";
    EXPECT_EQ(scan("x", test::zstd_skippable("??") + test::zstd(text)), "x>zstd:3 @8 file\n");
    EXPECT_EQ(scan("x", test::gzip(test::zstd(text))), "x>gzip>zstd:3 @8 file\n");
}

TEST_F(NestedWalk, FindsWhatArchivesHold) {
    const std::string text = "a line\n\ntst_01234567\n";
    const std::string tar = test::TarBuilder().file("in/y", text).finish();
    EXPECT_EQ(scan("x", tar), "x>in/y:3 @8 file\n") << "once, though it stands there as it is";
    EXPECT_EQ(scan("x", test::gzip(tar)), "x>gzip>in/y:3 @8 file\n");
    EXPECT_EQ(scan("x", zip_of(test::zip_entry("in/y", test::deflated(text), 8))), "x>in/y:3 @8 file\n");
    EXPECT_EQ(scan("x", zip_of(test::zip_entry("in/y", test::deflated(text), 8, 8) + "PK\7\10" +
                                   test::zip_sums(test::deflated(text), 8) +
                                   test::zip_entry("z", text, 0))),
              "x>in/y:3 @8 file\nx>z:3 @8 file\n");
    EXPECT_EQ(scan("x", test::gzip(zip_of(test::zip_entry("t", test::deflated(test::gzip(tar)), 8)))),
              "x>gzip>t>gzip>in/y:3 @8 file\n");
}

TEST_F(NestedWalk, FindsWhatStandsBehindAScriptOrAProgram) {
    const std::string text = "a line\n\ntst_01234567\n";
    const std::string zip = zip_of(test::zip_entry("in/y", test::deflated(text), 8) +
                                   test::zip_entry("in/z", text, 0));
    const std::string script = "#!/bin/sh\nskip=3\n";
    EXPECT_EQ(scan("x", script + test::gzip(text)), "x>gzip:3 @8 file\n");
    EXPECT_EQ(scan("x", script + zip), "x>in/y:3 @8 file\nx>in/z:3 @8 file\n");
    const std::string both = script + "# tst_76543210\n" + zip;
    EXPECT_EQ(scan("x", both), "x:0 @19 file\nx>in/y:3 @8 file\nx>in/z:3 @8 file\n");
    // In containers the script itself is shown, too, by its own way in.
    const std::string inside = "x>s:0 @19 file\nx>s>in/z:3 @8 file\nx>s>in/y:3 @8 file\n";
    EXPECT_EQ(scan("x", zip_of(test::zip_entry("s", test::deflated(both), 8))), inside);
    EXPECT_EQ(scan("x", test::TarBuilder().file("s", both).finish()), inside);
    std::ifstream file("/bin/true", std::ios::binary);
    const std::string elf(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(scan("x", elf + zip), "x>in/y:3 @8 file\nx>in/z:3 @8 file\n");
    EXPECT_EQ(scan("x", zip_of(test::zip_entry("e", test::deflated(elf + zip), 8))),
              "x>e>in/z:3 @8 file\nx>e>in/y:3 @8 file\n");
}

TEST_F(NestedWalk, ScriptsAreNoLevelOfNesting) {
    Options::Limits limits;
    limits.depth = 1;
    const std::string script = "#!/bin/sh\n";
    const std::string inner = script + test::gzip("tst_01234567");
    EXPECT_EQ(scan("x", inner, limits), "x>gzip:1 @0 file\n");
    EXPECT_EQ(scan("x", zip_of(test::zip_entry("s", script + "tst_01234567\n", 0)), limits),
              "x>s:2 @10 file\n");
    EXPECT_EQ(scan("x", zip_of(test::zip_entry("s", inner, 0)), limits),
              "gap x>s: gzip: containers are nested more than 1 levels deep\n");
}

TEST_F(NestedWalk, SeesMembersAcrossWindowsAsOneFile) {
    test::Random random(3);
    std::string large = random.text(3 << 20);
    const auto lines = std::count(large.begin(), large.end(), '\n');
    const std::string place = std::to_string(lines + 2) + " @" + std::to_string(large.size() + 1);
    const std::string text = large + "\ntst_01234567\n";
    EXPECT_EQ(scan("x", test::gzip(text)), "x>gzip:" + place + " file\n");
    const std::string zip = zip_of(test::zip_entry("y", test::deflated(text), 8));
    EXPECT_EQ(scan("x", zip), "x>y:" + place + " file\n");
    EXPECT_EQ(scan("x", test::TarBuilder().file("y", text).finish()),
              "x>y:" + place + " file\n");
    EXPECT_EQ(scan("x", test::gzip(zip)), "x>gzip>y:" + place + " file\n");
}

TEST_F(NestedWalk, DoesNotDependOnWhereTheContainerStands) {
    const std::string inner = zip_of(test::zip_entry(
        "y", test::gzip(test::TarBuilder().file("z", "tst_01234567").finish()), 0));
    test::Random random(5);
    for (const std::size_t before :
         {(std::size_t{1} << 20) - 1536 - 1, (std::size_t{1} << 20) - 1536 - 100,
          (std::size_t{1} << 20) - 2048, std::size_t{1} << 20}) {
        test::TarBuilder tar;
        tar.file("noise", random.text(before)).file("x", inner);
        EXPECT_EQ(test::told_with_way(engine_.scan(tar.finish())), "x>y>gzip>z:1 @0 file\n") << before;
    }
}

TEST_F(NestedWalk, TellsDamageAndGoesOn) {
    test::Random random(9);
    const std::string whole = test::gzip(random.bytes(200'000));
    EXPECT_EQ(scan("x", whole.substr(0, 100'000)),
              "gap x: gzip: the blob ends inside a member\n");
    EXPECT_EQ(scan("x", zip_of(test::zip_entry("a", "xxxx", 8, 1))), "gap x>a: encrypted\n");
    EXPECT_EQ(last_.gaps.front().bytes, 4U);
    EXPECT_EQ(scan("x", zip_of(test::zip_entry("a", "\7\7\7\7", 8) +
                               test::zip_entry("b", "tst_01234567", 0))),
              "x>b:1 @0 file\ngap x>a: deflate: damaged stream\n");
    EXPECT_EQ(scan("x", "\x1f\x8b\x08"s + std::string(7, '\0') + std::string(300, '\xff')), "")
        << "it only looks like one";
}

TEST_F(NestedWalk, LosesNothingOfAnEntryThatABrokenDirectoryReachesInto) {
    const std::string text = "a line\n\ntst_01234567\n", packed = test::deflated(text);
    const std::string first = test::zip_entry("a", "one", 0);
    std::string wide = test::zip_listed("a", test::zip_sums("one", 0));
    wide.replace(28, 2, "\x80\1");
    const std::string behind = test::zip_entry("z", "more", 0) + std::string(400, '-');
    const std::string told = "x>y:3 @8 file\ngap x: zip: 1 entries of its directory are not as they "
                             "were read\n";
    for (const unsigned flags : {0U, 8U}) {
        std::string entry = test::zip_entry("y", packed, 8, flags);
        if (flags != 0) entry += test::zip_sums(packed, 8);
        EXPECT_EQ(scan("x", zip_of(first + wide + entry + behind)), told) << flags;
        EXPECT_EQ(scan("x", zip_of(first + wide + test::zip_entry("y", text, 0) + behind)), told);
    }
}

TEST_F(NestedWalk, TellsWhatPackedBytesShowOnceWithTheMember) {
    const std::string data = "a tst_01234567\n" + test::Random(8).bytes(20'000);
    const std::string packed = test::deflated(data);
    ASSERT_NE(packed.find("tst_01234567"), packed.npos) << "as what does not compress is stored";
    EXPECT_EQ(scan("x", test::gzip(zip_of(test::zip_entry("y", packed, 8)))),
              "x>gzip>y:0 @2 file\n");
    EXPECT_EQ(scan("x", zip_of(test::zip_entry("y", packed, 8))), "x>y:0 @2 file\n");
}

TEST_F(NestedWalk, TellsContentsThatAreNotThoseOfTheirSums) {
    const std::string text = "a line\n\ntst_01234567\n", packed = test::deflated(text);
    const std::string found = "x>y:3 @8 file\n";
    const std::string gap = "gap x>y: zip: the contents are not those of the CRC-32 and the size\n";
    std::string entry = test::zip_entry("y", packed, 8);
    EXPECT_EQ(scan("x", zip_of(entry)), found);
    ++entry[14];
    EXPECT_EQ(scan("x", zip_of(entry)), found + gap);
    EXPECT_EQ(last_.gaps.front().bytes, 0U);
    // A damaged stream is told once.
    EXPECT_EQ(scan("x", zip_of(test::zip_entry("y", packed.substr(0, packed.size() - 2), 8))),
              found + "gap x>y: deflate: it ends early\n");

    const std::string sums = test::zip_sums(packed, 8), crc = sums.substr(0, 4);
    const std::string large =
        crc + test::little(packed.size(), 8) + test::little(text.size(), 8);
    const std::string open = test::zip_entry("y", packed, 8, 8);
    std::string filled_in = open;
    filled_in.replace(14, 12, sums);
    for (const std::string& behind : {sums, large, "PK\7\10" + sums, "PK\7\10" + large, ""s}) {
        EXPECT_EQ(scan("x", zip_of(open + behind + test::zip_listed("y", sums))), found);
        EXPECT_EQ(scan("x", zip_of(filled_in + behind)), found);
    }
    for (const std::string& behind : {crc + std::string(20, 'x'), "PK\7\10" + std::string(20, 'x')}) {
        EXPECT_EQ(scan("x", zip_of(open + behind)), found + gap);
        EXPECT_EQ(scan("x", open + behind.substr(0, 7)),
                  found + gap + "gap x: zip: it ends before its central directory does\n");
    }

    const std::string cpio = test::cpio_member("TRAILER!!!", "");
    EXPECT_EQ(scan("x", test::cpio_member("y", text, 7) + cpio),
              found + "gap x>y: cpio: the contents are not those of the checksum\n");
}

TEST_F(NestedWalk, EndsAtItsLimits) {
    Options::Limits limits;
    limits.depth = 2;
    const std::string deep = test::gzip(test::gzip(test::gzip("tst_01234567")));
    EXPECT_EQ(scan("x", deep, limits),
              "gap x>gzip>gzip: gzip: containers are nested more than 2 levels deep\n");
    limits.depth = 3;
    EXPECT_EQ(scan("x", deep, limits), "x>gzip>gzip>gzip:1 @0 file\n");

    limits.output_bytes = 1 << 20;
    EXPECT_EQ(scan("x", test::gzip(std::string(4 << 20, '\0')), limits),
              "gap x>gzip: the layer's containers hold more than 1048576 bytes\n");

    test::TarBuilder many;
    for (int i = 0; i < 20; ++i) many.file(std::to_string(i), "");
    Options::Limits few;
    few.members = 10;
    EXPECT_EQ(scan("x", many.finish(), few),
              "gap x: the layer's containers have more than 10 members\n");
}

TEST_F(NestedWalk, CutsSecretsOutOfNames) {
    const std::string text = "tst_otherone";
    const std::string found = scan("x", zip_of(test::zip_entry("tst_01234567/y", test::deflated(text), 8)));
    EXPECT_EQ(found.find("tst_"), std::string::npos) << found;
    EXPECT_EQ(last_.findings.size(), 3U);
}

}  // namespace
}  // namespace stratascan::nested
