// What the walk promises: its windows are the stream, byte for byte; each piece
// is exactly the contents of the member that it names; nothing that an archive
// may hold, or a broken one hides, ends the walk before the stream does.
#include "scanner/layer/tar_walk.hpp"

#include <gtest/gtest.h>
#include <locale.h>

#include <array>
#include <cstring>

#include "tests/support/cut_stream.hpp"
#include "tests/support/walking.hpp"

namespace stratascan::layer {
namespace {

using test::Random;
using test::TarBuilder;
using test::TarMember;
using test::Walked;
using test::walk_blob;

constexpr std::size_t mebibyte = 1 << 20;
constexpr std::array<std::size_t, 10> telling_sizes = {
    0, 1, 511, 512, 513, mebibyte - 1, mebibyte, mebibyte + 1, 3 * mebibyte, 33'000};

struct Expected {
    std::string path, contents;
    EntryKind kind = EntryKind::file;
};

void expect_members(const Walked& walked, const std::vector<Expected>& expected) {
    ASSERT_EQ(walked.members.size(), expected.size()) << walked.told();
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(walked.members[i].member.path, expected[i].path);
        EXPECT_EQ(walked.members[i].member.kind, expected[i].kind) << expected[i].path;
        EXPECT_TRUE(walked.members[i].contents() == expected[i].contents)
            << expected[i].path << ": " << walked.members[i].contents().size() << " of "
            << expected[i].contents.size() << " bytes";
    }
}

TEST(TarWalk, ShowsEveryByteOfEveryMember) {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        Random random(seed);
        TarBuilder tar;
        std::vector<Expected> expected;
        for (std::size_t i = 0, count = random.number(3, 14); i < count; ++i) {
            TarMember member;
            member.name = "d/" + random.text(8) + std::to_string(i);
            std::replace(member.name.begin(), member.name.end(), '\n', 'x');
            member.content =
                random.bytes(telling_sizes[random.number(0, telling_sizes.size() - 1)]);
            switch (random.number(0, 5)) {
                case 0:
                    member.name += std::string(200, 'p');
                    member.pax = {{"path", member.name}, {"mtime", "1.5"}};
                    break;
                case 1:
                    member.name += std::string(300, 'g');
                    member.gnu_long_name = true;
                    break;
                case 2: member.v7 = true; break;
                case 3: member.base256_size = true; break;
                default: break;
            }
            tar.add(member);
            expected.push_back({member.name, member.content});
        }
        const std::string archive = tar.finish();
        const Walked walked = walk_blob(archive);
        EXPECT_TRUE(walked.stream == archive) << seed;
        EXPECT_TRUE(walked.is_tar);
        EXPECT_EQ(walked.files, expected.size());
        EXPECT_EQ(walked.told(), "");
        expect_members(walked, expected);
        if (HasFailure()) FAIL() << "seed " << seed;
    }
}

// Headers that stand on each side of a slab's end, in every alignment of blocks.
TEST(TarWalk, DoesNotMindWhereSlabsEnd) {
    for (std::size_t before = 0; before < 8; ++before) {
        const std::string filler(mebibyte - 512 * (before + 1), 'f');
        const std::string name(700, 'n');
        TarMember member;
        member.name = name;
        member.content = "contents";
        member.pax = {{"path", name}, {"SCHILY.xattr.user.x", std::string(900, 'v')}};
        const std::string archive =
            TarBuilder().file("filler", filler).add(member).file("after", "A").finish();
        for (const std::string& blob : {archive, test::gzip(archive, 1)}) {
            const Walked walked = walk_blob(blob);
            EXPECT_TRUE(walked.stream == archive);
            expect_members(walked, {{"filler", filler}, {name, "contents"}, {"after", "A"}});
            ASSERT_EQ(walked.members.size(), 3U);
            EXPECT_NE(walked.members[1].header.find("SCHILY.xattr.user.x=vvv"), std::string::npos);
            EXPECT_EQ(walked.told(), "");
        }
    }
}

TEST(TarWalk, SeesLinksFoldersAndWhiteouts) {
    TarMember device;
    device.name = "dev/null";
    device.type = '3';
    const Walked walked = walk_blob(TarBuilder()
                                        .folder("./usr/")
                                        .symlink("usr/bin/sh", "../lib/dash")
                                        .symlink("usr/bin/ash", "/bin/busybox")
                                        .hardlink("usr/bin/vi", "./usr/bin/vim")
                                        .file("etc/.wh.passwd", "")
                                        .file("var/.wh..wh..opq", "")
                                        .file("etc/.wh.shadow", "a payload")
                                        .add(device)
                                        .finish());
    expect_members(walked, {{"usr", "", EntryKind::directory},
                            {"usr/bin/sh", "", EntryKind::symlink},
                            {"usr/bin/ash", "", EntryKind::symlink},
                            {"usr/bin/vi", "", EntryKind::hardlink},
                            {"etc/passwd", "", EntryKind::whiteout},
                            {"var", "", EntryKind::opaque},
                            {"etc/shadow", "a payload", EntryKind::whiteout},
                            {"dev/null", "", EntryKind::other}});
    EXPECT_EQ(walked.members[1].member.link, "usr/lib/dash");
    EXPECT_EQ(walked.members[2].member.link, "bin/busybox");
    EXPECT_EQ(walked.members[3].member.link, "usr/bin/vim");
    EXPECT_FALSE(walked.members[4].member.whiteout_payload);
    EXPECT_TRUE(walked.members[6].member.whiteout_payload);
    EXPECT_EQ(walked.files, 0U);
}

TEST(TarWalk, ShowsTheContentsThatALinkCarries) {
    TarMember link;
    link.name = "link";
    link.link = "target";
    link.type = '1';
    link.content = "contents of the link";
    const Walked walked =
        walk_blob(TarBuilder().file("target", "T").add(link).file("after", "A").finish());
    // Whether it belongs to the link or to nobody, the bytes are in the stream, and
    // the walk goes on behind them.
    EXPECT_NE(walked.stream.find("contents of the link"), std::string::npos);
    EXPECT_EQ(walked.contents_of("after"), "A") << walked.told();
}

TEST(TarWalk, KeepsNamesThatAreNotUtf8) {
    const std::string plain = "caf\xe9/\xff\xfe";
    const std::string in_pax = "pax-\xe9\xff";
    const std::string utf8 = "caf\xc3\xa9/\xe6\x97\xa5";
    TarMember member;
    member.name = "short";
    member.content = "P";
    member.pax = {{"path", in_pax}};
    TarMember right = member;
    right.pax = {{"path", utf8}};
    right.content = "U";
    const Walked walked = walk_blob(
        TarBuilder().file(plain, "S").add(member).add(right).file("after", "A").finish());
    expect_members(walked, {{plain, "S"}, {in_pax, "P"}, {utf8, "U"}, {"after", "A"}});
    EXPECT_TRUE(walked.gaps.empty()) << walked.told();
}

// Whoever waits for bytes goes on on another thread at times, which has a locale of its own: none
// is left with that of names.
TEST(TarWalk, WaitsForBytesInTheLocaleOfTheThread) {
    class MovingReader final : public source::BlobReader {
    public:
        explicit MovingReader(std::string bytes) : bytes_(std::move(bytes)) {}
        Result<std::size_t> read(std::span<std::byte> out) override {
            EXPECT_EQ(::uselocale(nullptr), LC_GLOBAL_LOCALE);
            const std::size_t size = std::min({out.size(), bytes_.size() - at_, std::size_t{10'000}});
            std::memcpy(out.data(), bytes_.data() + at_, size);
            at_ += size;
            return size;
        }
        std::int64_t size() const noexcept override { return -1; }

    private:
        std::string bytes_;
        std::size_t at_ = 0;
    };
    const std::string name = "pax-\xe9\xff";
    TarBuilder tar;
    for (int i = 0; i < 40; ++i) {
        TarMember member;
        member.name = "short";
        member.content = std::string(100'000, 'x');
        member.pax = {{"path", name + std::to_string(i)}};
        tar.add(member);
        TarMember link;
        link.name = "link";
        link.type = '1';
        link.pax = {{"linkpath", name + std::to_string(i)}};
        tar.add(link);
    }
    SlabPool pool(4);
    BlobStream stream(std::make_unique<MovingReader>(tar.finish()), {}, nullptr);
    TarWalk walk(stream, pool, {});
    int named = 0, linked = 0;
    for (auto window = walk.next(); window && *window; window = walk.next()) {
        for (const Member& member : (*window)->members) {
            if (!member.fresh) continue;
            named += member.path.starts_with(name) ? 1 : 0;
            linked += member.kind == EntryKind::hardlink ? 1 : 0;
        }
        EXPECT_EQ(::uselocale(nullptr), LC_GLOBAL_LOCALE);
    }
    EXPECT_EQ(named, 40);
    EXPECT_EQ(linked, 40);
}

// PAX 1.0: the map stands in front of the data. Holes are not in the stream.
TEST(TarWalk, MapsSparseFiles) {
    std::string map = "2\n1048576\n5\n3000000000000\n4\n";
    map.resize(512, '\0');
    TarMember member;
    member.name = "GNUSparseFile.0/big";
    member.content = map + "first" + "last";
    member.pax = {{"GNU.sparse.major", "1"},
                  {"GNU.sparse.minor", "0"},
                  {"GNU.sparse.name", "big"},
                  {"GNU.sparse.realsize", "3000000000004"}};
    const std::string archive = TarBuilder().add(member).file("after", "A").finish();
    const Walked walked = walk_blob(archive);
    EXPECT_TRUE(walked.stream == archive);
    const auto* big = walked.find("big");
    ASSERT_NE(big, nullptr) << walked.told();
    ASSERT_EQ(big->runs.size(), 2U);
    EXPECT_EQ(big->runs.begin()->first, 1'048'576U);
    EXPECT_EQ(big->runs.begin()->second, "first");
    EXPECT_EQ(big->runs.rbegin()->first, 3'000'000'000'000U);
    EXPECT_EQ(big->runs.rbegin()->second, "last");
    EXPECT_EQ(walked.contents_of("after"), "A") << walked.told();
}

TEST(TarWalk, GoesOnBehindTheEndMarker) {
    const std::string archive = TarBuilder()
                                    .file("first", "1")
                                    .raw(std::string(1024, '\0'))
                                    .file("second", "2")
                                    .raw(std::string(4096, '\0'))
                                    .file("third", std::string(2 * mebibyte, '3'))
                                    .finish() +
                                std::string(3 * mebibyte, '\0');
    const Walked walked = walk_blob(archive);
    EXPECT_TRUE(walked.stream == archive);
    expect_members(walked, {{"first", "1"},
                            {"second", "2"},
                            {"third", std::string(2 * mebibyte, '3')}});
    EXPECT_FALSE(walked.members[0].member.after_end);
    EXPECT_TRUE(walked.members[1].member.after_end);
    EXPECT_TRUE(walked.members[2].member.after_end);
    EXPECT_NE(walked.told().find("behind the end marker"), std::string::npos);
}

TEST(TarWalk, FindsTheMembersBehindADamagedHeader) {
    for (const std::size_t size : {std::size_t{10}, mebibyte - 512, mebibyte, 2 * mebibyte + 77}) {
        TarBuilder tar;
        tar.file("first", std::string(size, 'a'));
        const std::size_t header = tar.bytes().size();
        tar.file("second", std::string(2000, 'b')).file("third", "3").file("fourth", "4");
        std::string archive = tar.finish();
        archive[header + 150] = '9';
        const Walked walked = walk_blob(archive);
        EXPECT_TRUE(walked.stream == archive);
        EXPECT_EQ(walked.gaps.size(), 1U) << walked.told();
        EXPECT_EQ(walked.contents_of("first"), std::string(size, 'a'));
        EXPECT_EQ(walked.find("second"), nullptr);
        EXPECT_EQ(walked.contents_of("third"), "3");
        EXPECT_EQ(walked.contents_of("fourth"), "4");
    }
}

TEST(TarWalk, GoesOnWhenAMemberClaimsMoreThanThereIs) {
    TarMember member;
    member.name = "liar";
    member.content = "short";
    member.claimed_size = 1 << 30;
    const std::string archive = TarBuilder().file("first", "1").add(member).finish();
    const Walked walked = walk_blob(archive);
    EXPECT_TRUE(walked.stream == archive);
    ASSERT_FALSE(walked.gaps.empty());
    EXPECT_EQ(walked.gaps.front().path, "liar");
    EXPECT_TRUE(walked.contents_of("liar").starts_with("short"));
}

TEST(TarWalk, NotesAMissingEndMarker) {
    const TarBuilder whole = TarBuilder().file("first", "1").file("second", std::string(700, '2'));
    const std::vector<Expected> expected = {{"first", "1"}, {"second", std::string(700, '2')}};
    // Without the marker, and without the padding of the last member.
    for (const std::size_t cut : {std::size_t{0}, std::size_t{5}, std::size_t{324}}) {
        const Walked walked = walk_blob(whole.bytes().substr(0, whole.bytes().size() - cut));
        expect_members(walked, expected);
        EXPECT_TRUE(walked.gaps.empty()) << walked.told();
        EXPECT_EQ(walked.notes, std::vector<std::string>{"the archive has no end marker"}) << cut;
    }
    EXPECT_EQ(walk_blob(whole.finish()).told(), "");
    EXPECT_EQ(walk_blob(whole.bytes() + std::string(512, '\0')).told(), "") << "half a marker";
    // One byte of the contents is missing: that is a gap.
    const Walked cut = walk_blob(whole.bytes().substr(0, whole.bytes().size() - 325));
    ASSERT_EQ(cut.gaps.size(), 1U);
    EXPECT_EQ(cut.gaps[0].path, "second");
    EXPECT_EQ(cut.contents_of("second"), std::string(699, '2'));
}

TEST(TarWalk, EveryTruncationIsWalkedToItsEnd) {
    TarMember second;
    second.name = "second";
    second.content = "2";
    second.pax = {{"path", "s"}};
    const std::string archive = TarBuilder()
                                    .file("first", std::string(600, '1'))
                                    .add(second)
                                    .file("third", "3")
                                    .finish();
    for (std::size_t size = 0; size < archive.size(); size += 61) {
        EXPECT_TRUE(walk_blob(archive.substr(0, size)).stream == archive.substr(0, size));
    }
}

TEST(TarWalk, TakesWhatIsNoArchiveAsOneFile) {
    for (const std::size_t size :
         {std::size_t{1}, std::size_t{5000}, 2 * mebibyte, 2 * mebibyte + 9}) {
        const std::string text = Random(size).text(size);
        const Walked walked = walk_blob(text);
        EXPECT_TRUE(walked.stream == text);
        EXPECT_FALSE(walked.is_tar);
        ASSERT_EQ(walked.members.size(), 1U);
        EXPECT_EQ(walked.members[0].member.path, "");
        EXPECT_TRUE(walked.members[0].contents() == text);
    }
}

TEST(TarWalk, FindsAnArchiveBehindOtherBytes) {
    const std::string front = Random(4).text(3 * 512);
    const Walked walked = walk_blob(front + TarBuilder().file("inside", "I").finish());
    EXPECT_TRUE(walked.is_tar);
    EXPECT_EQ(walked.contents_of("inside"), "I");
    EXPECT_EQ(walked.gaps.size(), 1U) << walked.told();
}

TEST(TarWalk, AnEmptyStreamAndAnEmptyArchiveHaveNoMembers) {
    const Walked nothing = walk_blob("");
    EXPECT_EQ(nothing.members.size(), 0U);
    EXPECT_FALSE(nothing.is_tar);
    const Walked empty = walk_blob(TarBuilder().finish());
    EXPECT_EQ(empty.members.size(), 0U);
    EXPECT_TRUE(empty.is_tar);
    EXPECT_EQ(empty.told(), "");
}

// To GNU tar a label is a member, and tarfile gives an archive of such headers alone up.
TEST(TarWalk, HeadersBehindTheLastMemberAreAmbiguous) {
    for (const char type : {'g', 'V'}) {
        TarMember last;
        last.name = "label";
        last.type = type;
        for (const bool alone : {true, false}) {
            TarBuilder tar;
            if (!alone) tar.file("f", "contents");
            const Walked walked = walk_blob(tar.add(last).finish());
            EXPECT_EQ(walked.told(),
                      "gap : ambiguous-archive: headers with no member behind them\n")
                << type << alone;
            EXPECT_EQ(walked.members.size(), alone ? 0U : 1U);
        }
    }
}

TEST(TarWalk, StopsTellingMembersApartAtItsLimit) {
    TarBuilder tar;
    for (int i = 0; i < 10; ++i) tar.file("f" + std::to_string(i), "contents");
    const Walked walked = walk_blob(tar.finish(), {4});
    EXPECT_EQ(walked.members.size(), 4U);
    EXPECT_TRUE(walked.stream == tar.finish()) << "the bytes are scanned all the same";
    ASSERT_EQ(walked.gaps.size(), 1U);
}

TEST(TarWalk, ToldGapsAreBounded) {
    TarBuilder tar;
    for (int i = 0; i < 3000; ++i) {
        const std::size_t header = tar.bytes().size();
        tar.file("f" + std::to_string(i), "x");
        if (i % 2 == 1) {
            std::string bytes = tar.bytes();
            bytes[header] ^= 1;
            tar = TarBuilder().raw(bytes);
        }
    }
    const Walked walked = walk_blob(tar.finish());
    EXPECT_EQ(walked.members.size(), 1500U);
    EXPECT_LE(walked.gaps.size(), 1001U);
    EXPECT_GE(walked.gaps.size(), 1000U);
}

TEST(TarWalk, DamageInTheCompressionIsToldByTheStream) {
    const std::string archive =
        TarBuilder().file("first", "1").file("second", Random(1).text(300'000)).finish();
    std::string blob = test::gzip(archive);
    blob.resize(blob.size() / 2);
    const Walked walked = walk_blob(blob);
    EXPECT_NE(walked.damage, "");
    EXPECT_EQ(walked.contents_of("first"), "1");
    ASSERT_FALSE(walked.gaps.empty());
    EXPECT_EQ(walked.gaps.back().path, "second");
    EXPECT_TRUE(archive.starts_with(walked.stream));
}

// Until its first bytes are in sight a member may be one; from then on it is known.
TEST(WindowBuilder, KnowsElfFilesByTheirFirstBytes) {
    SlabPool slabs(4);
    const auto elf_by_window = [&](const std::string& file, std::size_t cut) {
        const std::string front(20'000, 'x');
        const std::string stream = front + file + std::string(40'000, 'y');
        const std::vector<test::StreamPart> parts = {
            {0, front.size()},
            {front.size(), front.size() + file.size()},
            {front.size() + file.size(), stream.size()}};
        std::string seen;
        for (const Window& window : test::windows_of(stream, parts, {cut}, slabs)) {
            for (const Piece& piece : window.pieces) {
                seen += window.members[piece.member].program ? 'E' : '-';
            }
            seen += ' ';
        }
        return seen;
    };
    const std::string elf = "\x7f" "ELF" + std::string(50'000, 'z');
    EXPECT_EQ(elf_by_window(elf, 19'000), "- -E- ");
    EXPECT_EQ(elf_by_window(elf, 20'000), "- -E- ");
    for (std::size_t cut = 20'001; cut <= 20'004; ++cut) {
        EXPECT_EQ(elf_by_window(elf, cut), "-E -E- ") << cut;
    }
    EXPECT_EQ(elf_by_window(elf, 69'000), "-E E- ") << "its beginning is out of sight";
    EXPECT_EQ(elf_by_window("\x7f" "ELG" + elf, 20'002), "-E --- ") << "it was not one";
    EXPECT_EQ(elf_by_window("\x7f" "ELG" + elf, 20'004), "-- --- ");
    EXPECT_EQ(elf_by_window("\x7f" "EL", 30'000), "--- --- ");
}

}  // namespace
}  // namespace stratascan::layer
