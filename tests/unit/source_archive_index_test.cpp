// The offset of every member is exact, whatever headers stand before its data,
// and an archive that tools could read in two ways is said to be one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "scanner/source/archive_index.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan {
namespace {

using source::ArchiveIndex;
using source::ArchiveMember;
using source::NameKind;
using test::TarBuilder;
using test::TarMember;

Result<ArchiveIndex> index_of(const std::string& bytes, const ArchiveIndex::Limits& limits = {}) {
    const auto read_at = [&](std::uint64_t offset, std::span<std::byte> out) {
        const std::size_t start = std::min<std::size_t>(offset, bytes.size());
        const std::size_t count = std::min(out.size(), bytes.size() - start);
        if (count > 0) std::memcpy(out.data(), bytes.data() + start, count);
        return Result<std::size_t>(count);
    };
    return ArchiveIndex::build(read_at, bytes.size(), limits);
}

std::string content_of(const std::string& bytes, const ArchiveIndex& index,
                       const std::string& name) {
    const ArchiveMember* const member = index.find(name);
    return member == nullptr ? "absent" : bytes.substr(member->offset, member->size);
}

std::string gaps_of(const ArchiveIndex& index) {
    std::string text;
    for (const Gap& gap : index.gaps()) text += gap.path + ": " + gap.reason + '\n';
    return text;
}

TarMember plain(std::string name, std::string content) {
    TarMember member;
    member.name = std::move(name);
    member.content = std::move(content);
    return member;
}

TEST(ArchiveIndex, OffsetsAreExactBehindEveryKindOfHeader) {
    const std::string long_name = "blobs/sha256/" + std::string(200, 'n');
    TarMember pax = plain("short", "by pax");
    pax.pax = {{"mtime", "1.5"}, {"path", "./blobs/pax"}, {"size", "6"}};
    pax.claimed_size = 0;
    TarMember gnu = plain(long_name, "by gnu");
    gnu.gnu_long_name = true;
    TarMember old = plain("blobs/v7", "by v7");
    old.v7 = true;
    TarMember big = plain("blobs/base256", "by base 256");
    big.base256_size = true;
    TarBuilder tar;
    tar.global_pax({{"comment", "of git archive"}}).add(pax).add(gnu).folder("blobs/");
    tar.add(old).add(big).file("blobs/empty", "").file("blobs/block", std::string(512, 'b'));
    const std::string bytes = tar.finish();
    const auto index = index_of(bytes);
    ASSERT_TRUE(index.has_value());
    EXPECT_EQ(gaps_of(*index), "");
    EXPECT_EQ(content_of(bytes, *index, "blobs/pax"), "by pax");
    EXPECT_EQ(content_of(bytes, *index, long_name), "by gnu");
    EXPECT_EQ(content_of(bytes, *index, "blobs/v7"), "by v7");
    EXPECT_EQ(content_of(bytes, *index, "blobs/base256"), "by base 256");
    EXPECT_EQ(content_of(bytes, *index, "blobs/empty"), "");
    EXPECT_EQ(content_of(bytes, *index, "blobs/block"), std::string(512, 'b'));
    EXPECT_EQ(content_of(bytes, *index, "short"), "absent");
    EXPECT_EQ(index->members(), 7U);
}

TEST(ArchiveIndex, LinksLeadToTheirMemberAndLoopsToNone) {
    TarBuilder tar;
    tar.file("a/layer.tar", "data").symlink("b/layer.tar", "../a/layer.tar");
    tar.hardlink("c/layer.tar", "./b/layer.tar").symlink("z.tar", "/");
    tar.symlink("x.tar", "y.tar").symlink("y.tar", "x.tar");
    const std::string bytes = tar.finish();
    const auto index = index_of(bytes);
    ASSERT_TRUE(index.has_value());
    std::string key;
    ASSERT_NE(index->find("c/layer.tar", &key), nullptr);
    EXPECT_EQ(key, "a/layer.tar");
    EXPECT_EQ(content_of(bytes, *index, "b/layer.tar"), "data");
    EXPECT_EQ(index->find("x.tar"), nullptr);
    EXPECT_EQ(index->find("z.tar"), nullptr);
}

TEST(ArchiveIndex, WhatToolsReadDifferentlyIsAGap) {
    const auto gaps = [](const TarBuilder& tar) {
        const auto index = index_of(tar.finish());
        return index ? gaps_of(*index) : "error: " + index.error().message();
    };
    TarBuilder twice;
    EXPECT_NE(gaps(twice.file("a.json", "1").file("./a.json", "2")).find("there twice"),
              std::string::npos);
    TarBuilder global;
    EXPECT_NE(gaps(global.global_pax({{"path", "b.json"}}).file("a.json", "1")).find("global PAX"),
              std::string::npos);
    TarMember link = plain("a.tar", "data of a link");
    link.type = '1';
    link.link = "b.tar";
    TarBuilder data;
    EXPECT_NE(gaps(data.add(link).file("c.tar", "c")).find("data behind a header"),
              std::string::npos);
    TarBuilder bad_pax;
    TarMember member = plain("PaxHeaders/1", "999 path=x\n");
    member.type = 'x';
    EXPECT_NE(gaps(bad_pax.add(member).file("a.json", "1")).find("malformed PAX"),
              std::string::npos);
}

TEST(ArchiveIndex, MembersAfterTheEndMarkerAreMembers) {
    TarBuilder tar;
    tar.file("a.json", "first").raw(std::string(2048, '\0')).file("b.json", "second");
    const std::string bytes = tar.finish();
    const auto index = index_of(bytes);
    ASSERT_TRUE(index.has_value());
    EXPECT_EQ(content_of(bytes, *index, "b.json"), "second");
    EXPECT_EQ(gaps_of(*index), "");
}

TEST(ArchiveIndex, DamageCostsWhatLiesBehindIt) {
    TarBuilder tar;
    tar.file("a.json", "kept").raw(std::string(512, '!')).file("b.json", "lost");
    const auto index = index_of(tar.finish());
    ASSERT_TRUE(index.has_value());
    EXPECT_NE(index->find("a.json"), nullptr);
    EXPECT_NE(gaps_of(*index).find("no tar header where one is due"), std::string::npos);

    TarBuilder behind;
    behind.file("a.json", "kept").raw(std::string(1024, '\0')).raw(std::string(600, '!'));
    const auto tail = index_of(behind.bytes());
    ASSERT_TRUE(tail.has_value());
    EXPECT_NE(gaps_of(*tail).find("after the archive's end marker"), std::string::npos);
    EXPECT_EQ(tail->gaps().at(0).bytes, 600U);

    const std::string cut = TarBuilder().file("a.json", std::string(5000, 'x')).bytes();
    const auto ended = index_of(cut.substr(0, 2000));
    ASSERT_TRUE(ended.has_value());
    EXPECT_NE(gaps_of(*ended).find("ends inside this member"), std::string::npos);
    EXPECT_FALSE(index_of("no tar").has_value());
    EXPECT_FALSE(index_of(std::string(4096, 'x')).has_value());
}

TEST(ArchiveIndex, SizesThatLieAllocateNothingAndEndTheWalk) {
    for (const std::int64_t size : {std::int64_t{1} << 40, std::int64_t{0x7fffffffffffffff}}) {
        TarMember member = plain("a.json", "x");
        member.claimed_size = size;
        const auto index = index_of(TarBuilder().add(member).finish());
        ASSERT_TRUE(index.has_value());
        EXPECT_NE(gaps_of(*index).find("ends inside this member"), std::string::npos);
        member.type = 'L';
        const auto name = index_of(TarBuilder().add(member).finish());
        ASSERT_TRUE(name.has_value());
        EXPECT_NE(gaps_of(*name).find("too large"), std::string::npos);
    }
}

TEST(ArchiveIndex, LimitsAreGapsAndALayerIsGivenUpEarly) {
    TarBuilder tar;
    for (int i = 0; i < 50; ++i) tar.file("usr/" + std::to_string(i) + ".json", "x");
    ArchiveIndex::Limits limits;
    limits.undecided = 10;
    const auto layer = index_of(tar.finish(), limits);
    ASSERT_TRUE(layer.has_value());
    EXPECT_TRUE(layer->gave_up());
    EXPECT_EQ(layer->members(), 10U);

    limits = {};
    limits.members = 20;
    const auto many = index_of(tar.finish(), limits);
    EXPECT_NE(gaps_of(*many).find("more than 20 members"), std::string::npos);
    limits = {};
    limits.names = 5;
    const auto names = index_of(tar.finish(), limits);
    EXPECT_NE(gaps_of(*names).find("left out"), std::string::npos);
    EXPECT_EQ(names->kept().size(), 5U);
}

TEST(ArchiveIndex, SparseMembersAreMarked) {
    TarMember pax = plain("blobs/a", "x");
    pax.pax = {{"GNU.sparse.major", "1"}};
    const auto marked = index_of(TarBuilder().add(pax).finish());
    EXPECT_TRUE(marked->has_sparse());
    TarMember old = plain("blobs/b", "x");
    old.type = 'S';
    EXPECT_TRUE(index_of(TarBuilder().add(old).finish())->has_sparse());
}

TEST(Names, OfImageArchivesAreKnown) {
    const std::string hex(64, 'a');
    for (const std::string& name :
         {std::string("oci-layout"), "blobs/sha256/" + hex, hex + "/layer.tar", hex, hex + ".json",
          hex + ".tar", hex + ".tar.gz", "sha256:" + hex, std::string("repositories")}) {
        EXPECT_EQ(source::classify_name(name), NameKind::marker) << name;
    }
    for (const char* name : {"etc", "usr/bin/sh", "blobs2", "index.html", "etc/apk/repositories"}) {
        EXPECT_EQ(source::classify_name(name), NameKind::other) << name;
    }
    EXPECT_EQ(source::classify_name("index.json"), NameKind::document);
    EXPECT_EQ(source::resolve_link("a/b/layer.tar", "../../../../etc/passwd", true), "etc/passwd");
}

}  // namespace
}  // namespace stratascan
