// What the parsers of archives promise: the same members however the bytes are cut,
// damage said and not believed, no byte lost.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "scanner/nested/archive_parser.hpp"
#include "scanner/nested/recognise.hpp"
#include "tests/support/blobs.hpp"
#include "tests/support/parsing.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan::nested {
namespace {

using namespace std::string_literals;
using test::Parsed;
using Make = std::unique_ptr<ArchiveParser> (*)();

Parsed parse(Make make, std::string_view archive, std::size_t open_end = 0) {
    bool stuck = false;
    const Parsed whole =
        test::parse(*make(), archive, archive.size() + 1, stuck, open_end);
    EXPECT_FALSE(stuck);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{61}}) {
        const Parsed cut = test::parse(*make(), archive, piece, stuck, open_end);
        EXPECT_FALSE(stuck) << "in pieces of " << piece;
        EXPECT_TRUE(cut.members == whole.members) << "in pieces of " << piece;
        EXPECT_EQ(cut.aside, whole.aside) << "in pieces of " << piece;
        EXPECT_EQ(cut.headers, whole.headers) << "in pieces of " << piece;
        EXPECT_EQ(cut.damage, whole.damage) << "in pieces of " << piece;
    }
    return whole;
}

std::string listed(const Parsed& parsed) {
    std::string text;
    for (const auto& member : parsed.members) {
        text += member.head.name + '=' + member.contents + (member.ended ? ";" : "…");
    }
    for (const std::string& what : parsed.damage) text += '!' + what;
    return text;
}

test::TarMember member_of(std::string name, std::string content) {
    test::TarMember member;
    member.name = std::move(name);
    member.content = std::move(content);
    return member;
}

TEST(NestedTar, GivesMembersWithAllKindsOfNames) {
    const std::string far = "a/" + std::string(200, 'n');
    test::TarBuilder tar;
    tar.folder("etc").file("./etc/x", "one").symlink("link", "etc/x");
    auto pax = member_of("short", "two"), gnu = member_of(far + "2", "three");
    auto binary = member_of("big", "four");
    pax.pax = {{"path", far}};
    gnu.gnu_long_name = true;
    binary.base256_size = true;
    tar.add(pax).add(gnu).add(binary);
    EXPECT_EQ(listed(parse(&make_tar_parser, tar.finish())),
              "etc=;etc/x=one;link=;" + far + "=two;" + far + "2=three;big=four;");
}

TEST(NestedTar, GoesOnBehindAnEndMarkerAndBehindDamage) {
    test::TarBuilder first, second, third;
    first.file("a", "one");
    second.file("b", "two");
    third.file("c", "three");
    const std::string noise(1024, 'x');
    const auto parsed = parse(&make_tar_parser, first.finish() + second.bytes() + noise +
                                                    third.finish());
    EXPECT_EQ(listed(parsed), "a=one;b=two;c=three;!tar: damaged header");
    EXPECT_NE(parsed.aside.find(noise), std::string::npos);
}

TEST(NestedTar, SaysThatItEndsEarly) {
    test::TarBuilder tar;
    tar.file("a", std::string(2000, 'x'));
    EXPECT_EQ(parse(&make_tar_parser, tar.bytes().substr(0, 1000)).damage,
              std::vector{"tar: it ends early"s});
    EXPECT_TRUE(parse(&make_tar_parser, tar.bytes().substr(0, 512 + 2000)).damage.empty())
        << "only padding is missing";
}

TEST(NestedTar, AnExtendedHeaderIsNotBelievedWithoutEnd) {
    test::TarBuilder tar;
    auto endless = member_of("x", "short");
    endless.type = 'x';
    endless.claimed_size = 1 << 30;
    tar.add(endless).file("a", "one");
    const auto parsed = parse(&make_tar_parser, tar.finish());
    EXPECT_EQ(parsed.members.size(), 1U);
    EXPECT_EQ(parsed.damage.size(), 1U);
}

TEST(NestedZip, GivesEntriesByTheirLocalHeaders) {
    const std::string listed_b = test::zip_listed("a/b", test::zip_sums("stored", 0));
    const std::string zip = test::zip_entry("a/b", "stored", 0) +
                            test::zip_entry("c", test::deflated("packed"), 8) +
                            test::zip_entry("d/", "", 0) + listed_b + test::zip_end();
    const auto parsed = parse(&make_zip_parser, zip);
    ASSERT_EQ(parsed.members.size(), 3U);
    EXPECT_EQ(parsed.members[0].contents, "stored");
    EXPECT_EQ(parsed.members[1].head.packing, Packing::deflate);
    EXPECT_EQ(parsed.members[1].contents, test::deflated("packed"));
    EXPECT_EQ(parsed.members[2].head.name, "d");
    EXPECT_EQ(parsed.aside, listed_b + test::zip_end());
    EXPECT_TRUE(parsed.damage.empty());
}

TEST(NestedZip, ADecoderMayTellWhereAnEntryEnds) {
    const std::string packed = test::deflated("packed");
    const std::string zip = test::zip_entry("a", packed, 8, 8) + "PK\7\10" + std::string(12, 'd') +
                            test::zip_entry("b", "stored", 0) + test::zip_end();
    const auto parsed = parse(&make_zip_parser, zip, packed.size());
    ASSERT_EQ(parsed.members.size(), 2U);
    EXPECT_FALSE(parsed.members[0].head.sized);
    EXPECT_EQ(parsed.members[0].contents, packed);
    EXPECT_EQ(parsed.members[1].contents, "stored");
}

TEST(NestedZip, FindsEntriesBehindAnything) {
    const std::string chance = "PK\3\4\xff\xff"s + "PKPK\3PK\3\4";
    const auto parsed = parse(&make_zip_parser, test::zip_entry("a", "one", 0) + chance +
                                                    test::zip_entry("b", "two", 0) +
                                                    test::zip_end() + "PK\3");
    EXPECT_EQ(listed(parsed), "a=one;b=two;");
    EXPECT_EQ(parsed.aside, chance + test::zip_end() + "PK\3");
}

TEST(NestedZip, SaysWhatItCannotRead) {
    const auto parsed = parse(&make_zip_parser, test::zip_entry("a", "xxxx", 8, 1) +
                                                    test::zip_entry("b", "xxxx", 9) +
                                                    test::zip_entry("c", "xxxx", 0, 8) + test::zip_end());
    ASSERT_EQ(parsed.members.size(), 3U);
    EXPECT_EQ(parsed.members[0].head.packing, Packing::encrypted);
    EXPECT_EQ(parsed.members[0].head.bytes, 4U);
    EXPECT_EQ(parsed.members[1].head.packing, Packing::unsupported);
    EXPECT_EQ(parsed.members[2].head.packing, Packing::unsupported);
    EXPECT_EQ(parsed.aside, "xxxx" + test::zip_end()) << "an entry without a size is nobody's";
}

std::string unlike(int entries) {
    return "zip: " + std::to_string(entries) + " entries of its directory are not as they were read";
}

TEST(NestedZip, HoldsItsDirectoryAgainstWhatWasRead) {
    const std::string sums = test::zip_sums("one", 0), other = test::zip_sums("two", 0);
    const std::string a = test::zip_entry("a", "one", 0), end = test::zip_end();
    const auto told = [](const std::string& zip) { return listed(parse(&make_zip_parser, zip)); };
    EXPECT_EQ(told(a + test::zip_listed("a", sums) + end), "a=one;");
    EXPECT_EQ(told(a + end), "a=one;") << "an entry that it does not name";
    EXPECT_EQ(told(a + test::zip_listed("a", other) + end), "a=one;!" + unlike(1));
    EXPECT_EQ(told(a + test::zip_listed("b", sums) + test::zip_listed("a", sums) +
                   test::zip_listed("c", sums) + end), "a=one;!" + unlike(2));
    // Of what was not read its name is known.
    EXPECT_EQ(told(test::zip_entry("a", "xxxx", 8, 1) + test::zip_listed("a", sums) + end),
              "a=xxxx;");
    // An entry of the directory that says that all the rest is its name hides nothing.
    std::string endless = test::zip_listed("a", sums);
    endless.replace(28, 2, "\xff\xff");
    EXPECT_EQ(told(a + endless + test::zip_entry("b", "two", 0) + end), "a=one;b=two;");
    std::string wide = test::zip_listed("a", sums);
    wide.replace(28, 2, "\x80\1");
    EXPECT_EQ(told(a + wide + test::zip_entry("b", "two", 0) + std::string(400, '-') + end),
              "a=one;b=two;!" + unlike(1));
}

TEST(NestedZip, KnowsNothingOfItsDirectoryBehindTooManyEntries) {
    std::string zip;
    for (int i = 0; i < 270'000; ++i) zip += test::zip_entry(std::to_string(i), "", 0);
    zip += test::zip_listed("other", test::zip_sums("one", 0)) + test::zip_end();
    bool stuck = false;
    const auto parser = make_zip_parser();
    EXPECT_TRUE(test::parse(*parser, zip, zip.size(), stuck).damage.empty());
    EXPECT_LT(parser->hold(), std::uint64_t{8} << 20);
}

TEST(NestedZip, ReadsSizesOf64Bits) {
    std::string entry = test::zip_entry("a", "", 0);
    entry.replace(18, 8, std::string(8, '\xff'));
    entry.replace(28, 2, test::little(20, 2));
    entry.replace(14, 4, test::zip_sums("stuff", 0).substr(0, 4));
    entry += test::little(1, 2) + test::little(16, 2) + test::little(5, 8) + test::little(5, 8);
    std::string directory = test::zip_listed(
        "a", entry.substr(14, 4) + std::string(8, '\xff'),
        test::little(1, 2) + test::little(16, 2) + test::little(5, 8) + test::little(5, 8));
    EXPECT_EQ(listed(parse(&make_zip_parser, entry + "stuff" + directory + test::zip_end())),
              "a=stuff;");
    ++directory[directory.size() - 16];
    EXPECT_EQ(listed(parse(&make_zip_parser, entry + "stuff" + directory + test::zip_end())),
              "a=stuff;!" + unlike(1));
}

constexpr const char* wrong_zip_sums = "zip: the contents are not those of the CRC-32 and the size";

TEST(NestedZip, HoldsContentsAgainstTheSumsInTheirHeader) {
    const std::string entry = test::zip_entry("a", "stored", 0), end = test::zip_end();
    const auto with = [&](std::size_t at, const std::string& bytes) {
        std::string made = entry;
        return listed(parse(&make_zip_parser, made.replace(at, bytes.size(), bytes) + end));
    };
    const std::string wrong = "a=stored;!"s + wrong_zip_sums;
    EXPECT_EQ(listed(parse(&make_zip_parser, entry + end)), "a=stored;");
    EXPECT_EQ(with(14, test::little(1, 4)), wrong);
    EXPECT_EQ(with(22, test::little(7, 4)), wrong);
    EXPECT_EQ(with(31, "STORED"), "a=STORED;!"s + wrong_zip_sums);
    EXPECT_EQ(with(6, test::little(1, 2)), "a=stored;") << "encrypted";
}

TEST(NestedZip, SaysThatItEndsEarly) {
    const std::string zip = test::zip_entry("a", "one", 0) +
                            test::zip_listed("a", test::zip_sums("one", 0)) + test::zip_end();
    EXPECT_EQ(listed(parse(&make_zip_parser, zip + "a comment")), "a=one;");
    const std::string entry = test::zip_entry("a", "one", 0);
    for (std::size_t size = 1; size < zip.size(); ++size) {
        const auto parsed = parse(&make_zip_parser, zip.substr(0, size));
        // The first bytes alone are no entry.
        const char* const told = size < 4 || size >= entry.size()
                                     ? "zip: it ends before its central directory does"
                                     : "zip: it ends inside an entry";
        EXPECT_EQ(parsed.damage, std::vector<std::string>{told}) << size;
    }
}


TEST(NestedAr, GivesMembersWithLongNames) {
    const std::string ar =
        "!<arch>\n" + test::ar_member("//", "a_long_name_for_a_member.o/\nanother/\n") +
        test::ar_member("/0", "one") + test::ar_member("/28", "two!") +
        test::ar_member("short.o/", "three") + test::ar_member("#1/8", "bsd_name" + "four"s);
    EXPECT_EQ(listed(parse(&make_ar_parser, ar)),
              "a_long_name_for_a_member.o=one;another=two!;short.o=three;bsd_name=four;");
}

TEST(NestedAr, SaysDamage) {
    const std::string ar = "!<arch>\n" + test::ar_member("a/", "one");
    EXPECT_EQ(listed(parse(&make_ar_parser, ar + std::string(60, 'x'))),
              "a=one;!ar: damaged header");
    EXPECT_EQ(listed(parse(&make_ar_parser, ar.substr(0, ar.size() - 2))),
              "a=on…!ar: it ends early");
    EXPECT_EQ(parse(&make_ar_parser, "!<arch>\n" + test::ar_member("#1/99", "x")).damage.size(), 1U);
}

TEST(NestedCpio, GivesMembersAndWhatIsBehindTheTrailer) {
    const std::string cpio =
        test::cpio_member("./a", "one") + test::cpio_member("TRAILER!!!", "");
    EXPECT_EQ(listed(parse(&make_cpio_parser, cpio + std::string(100, '\0'))), "a=one;");
    EXPECT_EQ(listed(parse(&make_cpio_parser, cpio + std::string(100, '\0') + "more")),
              "a=one;=more;");
    EXPECT_EQ(parse(&make_cpio_parser, test::cpio_member("a", "one")).damage,
              std::vector{"cpio: the trailer is missing"s});
}

TEST(NestedCpio, HoldsContentsAgainstTheirSum) {
    const auto told = [](const std::string& member) {
        return listed(parse(&make_cpio_parser, member + test::cpio_member("TRAILER!!!", "")));
    };
    EXPECT_EQ(told(test::cpio_member("a", "one", 'o' + 'n' + 'e')), "a=one;");
    EXPECT_EQ(told(test::cpio_member("a", std::string(3, '\xff'), 765)), "a=\xff\xff\xff;");
    EXPECT_EQ(told(test::cpio_member("a", "one", 1) + test::cpio_member("b", "two")),
              "a=one;b=two;!cpio: the contents are not those of the checksum");
    EXPECT_EQ(told(test::cpio_member("a", "", 7)), "a=;") << "one of several names of a file";
    std::string link = test::cpio_member("a", "one", 0);
    link.replace(14, 8, "0000A1FF");
    EXPECT_EQ(told(link), "a=one;") << "a link's target";
}

TEST(NestedRpm, GivesThePayload) {
    const std::string intro = "\x8e\xad\xe8\x01"s + std::string(4, '\0');
    const auto count = [](unsigned number) { return "\0\0\0"s + static_cast<char>(number); };
    const std::string rpm = "\xed\xab\xee\xdb" + std::string(92, '\0') + intro + count(0) +
                            count(3) + "sig\0\0\0\0\0"s + intro + count(1) + count(2) +
                            std::string(18, 'h');
    EXPECT_EQ(listed(parse(&make_rpm_parser, rpm + "payload")), "=payload;");
    EXPECT_EQ(parse(&make_rpm_parser, rpm.substr(0, 150)).damage,
              std::vector{"rpm: it ends early"s});
}

TEST(NestedTar, PassesOverTheMapOfASparseFile) {
    const auto sparse = [](const std::string& map, std::string contents) {
        contents.insert(0, map + std::string((512 - map.size() % 512) % 512, '\0'));
        test::TarMember member;
        member.name = "GNUSparseFile.0/a";
        member.content = std::move(contents);
        member.pax = {{"GNU.sparse.major", "1"}, {"GNU.sparse.minor", "0"},
                      {"GNU.sparse.name", "a"}};
        test::TarBuilder builder;
        builder.add(member);
        return builder.file("b", "two").finish();
    };
    EXPECT_EQ(listed(parse(&make_tar_parser, sparse("1\n0\n3\n", "one"))), "a=one;b=two;");
    std::string many = "300\n";
    for (int i = 0; i < 300; ++i) many += std::to_string(1000 * i) + "\n1\n";
    EXPECT_EQ(listed(parse(&make_tar_parser, sparse(many, std::string(300, 'x')))),
              "a=" + std::string(300, 'x') + ";b=two;");
    // What is none is contents.
    for (const std::string& map : {"one\n"s, "9\n"s, "2000000\n"s, std::string(512, '7')}) {
        const std::string padded = map + std::string((512 - map.size() % 512) % 512, '\0');
        EXPECT_EQ(listed(parse(&make_tar_parser, sparse(map, "one"))), "a=" + padded + "one;b=two;");
    }
}

TEST(NestedCpio, ReadsItsOldestFormInBothOrders) {
    for (const bool big : {false, true}) {
        const std::string end = test::binary_cpio_member("TRAILER!!!", "", big);
        const std::string two = test::binary_cpio_member("./a", "one", big) +
                                test::binary_cpio_member("bc", std::string(70'000, 'x'), big);
        EXPECT_EQ(listed(parse(&make_cpio_parser, two + end + std::string(99, '\0'))),
                  "a=one;bc=" + std::string(70'000, 'x') + ';');
        EXPECT_EQ(parse(&make_cpio_parser, two).damage,
                  std::vector{"cpio: the trailer is missing"s});
        EXPECT_EQ(recognise(two), Format::cpio);
        const std::string longest = test::binary_cpio_member(std::string(900, 'n'), "", big);
        EXPECT_EQ(recognise(longest), Format::cpio);
        EXPECT_EQ(recognise(longest.substr(0, recognised_within)), Format::cpio);
        std::string wrong = two;
        wrong[26] = '\0';
        EXPECT_EQ(recognise(wrong), Format::none) << "a name that ends before its size says";
    }
}

TEST(NestedRecognise, KnowsContainersByTheirContents) {
    using layer::Compression;
    EXPECT_EQ(recognise(test::gzip("x")), Format::gzip);
    EXPECT_EQ(recognise(test::zstd("x")), Format::zstd);
    EXPECT_EQ(recognise(test::zstd_skippable("abc") + test::zstd("x")), Format::zstd);
    EXPECT_EQ(recognise(test::compress(Compression::bzip2, "x")), Format::bzip2);
    EXPECT_EQ(recognise(test::compress(Compression::xz, "x")), Format::xz);
    EXPECT_EQ(recognise(test::TarBuilder().file("a", "b").finish()), Format::tar);
    EXPECT_EQ(recognise(test::zip_entry("a", "b", 0)), Format::zip);
    EXPECT_EQ(recognise("!<arch>\n" + test::ar_member("a/", "b")), Format::ar);
    EXPECT_EQ(recognise(test::cpio_member("a", "b")), Format::cpio);
}

TEST(NestedRecognise, TakesNothingElseForOne) {
    EXPECT_EQ(recognise(""), Format::none);
    EXPECT_EQ(recognise("\x1f\x8b"), Format::none);
    EXPECT_EQ(recognise("x^2 and more of a formula, which is long enough"), Format::none);
    EXPECT_EQ(recognise("PK\3\4 and then text, more than a header's length"), Format::none);
    EXPECT_EQ(recognise("BZh9 and then text, more than a header's length"), Format::none);
    EXPECT_EQ(recognise(std::string(512, '\0')), Format::none);
    test::Random random(7);
    for (int i = 0; i < 20'000; ++i) {
        std::string bytes = random.bytes(512);
        EXPECT_EQ(recognise(bytes), Format::none);
        for (const std::string_view begin : {"\x78\x9c", "\x18\x95", "8O", "HK", "hC"}) {
            bytes.replace(0, 2, begin);
            EXPECT_EQ(recognise(bytes), Format::none) << "zlib's two bytes in front of noise";
        }
        bytes.replace(0, 14, "\x5e\0\0\1\0\xff\xff\xff\xff\xff\xff\xff\xff\0"s);
        EXPECT_EQ(recognise(bytes), Format::none) << "lzma's header in front of noise";
    }
}

std::string elf_of_this_machine() {
    std::ifstream file("/bin/true", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(NestedAppended, IsWhatBeginsALineOfAScript) {
    const std::string gzip = test::gzip(std::string(700, 'x') + "\n");
    const std::string zip = test::zip_entry("a", "one", 0);
    const std::string tar = test::TarBuilder().file("a", "one").finish();
    for (const std::string& rest : {gzip, zip, tar, test::gzip("short")}) {
        EXPECT_EQ(listed(parse(&make_script_parser, "#!/bin/sh\n" + rest)), '=' + rest + ';');
        EXPECT_EQ(listed(parse(&make_script_parser,
                               "#!/bin/sh\nskip=3\n" + std::string(3000, '#') + "\n\nPK\n" + rest)),
                  '=' + rest + ';');
    }
    EXPECT_EQ(listed(parse(&make_script_parser, "#!/bin/sh\necho " + gzip)), "");
    EXPECT_EQ(listed(parse(&make_script_parser, "#!/bin/sh\n\x1f\x8bis no gzip\nBZhello\n")), "");
    EXPECT_EQ(listed(parse(&make_script_parser, "#!/bin/sh")), "");
    EXPECT_EQ(listed(parse(&make_script_parser,
                           "#!/bin/sh\n" + std::string(300 << 10, 'x') + '\n' + gzip)), "")
        << "what is so long is text";
}

TEST(NestedAppended, IsWhatStandsBehindTheLastSectionOfAnElfFile) {
    const std::string elf = elf_of_this_machine();
    const std::string zip = test::zip_entry("a", std::string(5000, 'x'), 0);
    EXPECT_EQ(listed(parse(&make_elf_parser, elf + zip)), '=' + zip + ';');
    EXPECT_EQ(listed(parse(&make_elf_parser, elf)), "");
    EXPECT_EQ(listed(parse(&make_elf_parser, elf + '\n' + zip)), '=' + zip + ';');
    EXPECT_EQ(listed(parse(&make_elf_parser, elf.substr(0, 100))), "");
    std::string far = elf;
    for (std::size_t i = 40; i < 48; ++i) far[i] = '\xff';  // e_shoff
    EXPECT_EQ(listed(parse(&make_elf_parser, far + zip)), '=' + zip + ';');
}

}  // namespace
}  // namespace stratascan::nested
