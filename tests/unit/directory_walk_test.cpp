// What a folder says beside its files' contents. That each file is read, and what is not,
// the recipes for `dir:` show.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "scanner/layer/directory_walk.hpp"
#include "tests/e2e/run.hpp"

namespace stratascan::layer {
namespace {

struct Walked {
    std::vector<Member> members;
    std::vector<std::pair<std::string, std::string>> pieces;  ///< path and bytes; "header " in front
    std::vector<std::uint64_t> offsets;                       ///< of contents
    std::uint64_t bytes = 0;
    std::size_t gaps = 0;
};

/// Of folders that fill one window at most.
Walked walk(const std::string& root) {
    SlabPool pool(2);
    DirectoryWalk walk(root, pool);
    Walked walked;
    while (true) {
        auto window = walk.next();
        if (!window || !*window) break;
        const Window& one = **window;
        for (Piece piece : one.pieces) {
            // A piece may have begun in a window before.
            if (piece.begin < one.sight_begin()) {
                piece.file_offset += one.sight_begin() - piece.begin;
                piece.begin = one.sight_begin();
            }
            const std::string text(one.bytes().substr(
                static_cast<std::size_t>(piece.begin - one.sight_begin()),
                static_cast<std::size_t>(piece.end - piece.begin)));
            const bool header = piece.kind == PieceKind::header;
            walked.pieces.emplace_back((header ? "header " : "") + one.members[piece.member].path,
                                       text);
            if (!header) walked.offsets.push_back(piece.file_offset);
        }
        walked.members = one.members;
    }
    walked.bytes = walk.bytes();
    walked.gaps = walk.gaps().size();
    return walked;
}

using namespace std::string_literals;

TEST(DirectoryWalk, TellsPathsAndTargetsInFrontOfContents) {
    const e2e::TemporaryFolder folder;
    std::filesystem::create_directories(folder.path() / "a");
    std::ofstream(folder.path() / "a" / "file") << "contents";
    std::filesystem::create_symlink("../else where", folder.path() / "a" / "link");
    const Walked walked = walk(folder.path().string());
    const std::vector<std::pair<std::string, std::string>> expected = {
        {"header a", "a\0"s},
        {"header a/file", "a/file\0"s},
        {"a/file", "contents"},
        {"header a/link", "a/link\0../else where\0"s}};
    EXPECT_EQ(walked.pieces, expected);
    ASSERT_EQ(walked.members.size(), 3U);
    EXPECT_EQ(walked.members[2].kind, EntryKind::symlink);
    EXPECT_EQ(walked.members[2].link, "else where");
    EXPECT_EQ(walked.gaps, 0U);
}

TEST(DirectoryWalk, TellsExtendedAttributes) {
    const e2e::TemporaryFolder folder;
    const std::string file = (folder.path() / "file").string();
    std::ofstream(file) << "x";
    if (::setxattr(file.c_str(), "user.note", "one\ntwo", 7, 0) != 0) {
        GTEST_SKIP() << "this file system has no extended attributes";
    }
    const Walked walked = walk(folder.path().string());
    ASSERT_FALSE(walked.pieces.empty());
    EXPECT_EQ(walked.pieces[0].second, "file\0SCHILY.xattr.user.note=one\ntwo\n"s);
}

TEST(DirectoryWalk, PassesOverHoles) {
    const e2e::TemporaryFolder folder;
    const std::string file = (folder.path() / "sparse").string();
    const int opened = ::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ASSERT_GE(opened, 0);
    constexpr off_t far = off_t{1} << 40;
    EXPECT_EQ(::write(opened, "begin", 5), 5);
    if (::pwrite(opened, "behind", 6, far) != 6 || ::ftruncate(opened, far + (1 << 30)) != 0) {
        ::close(opened);
        GTEST_SKIP() << "this file system has no files that long";
    }
    ::close(opened);
    const Walked walked = walk(folder.path().string());
    std::string all;
    for (const auto& [path, bytes] : walked.pieces) all += bytes;
    EXPECT_NE(all.find("begin"), all.npos);
    EXPECT_NE(all.find("behind"), all.npos);
    EXPECT_EQ(walked.gaps, 0U);
    EXPECT_LT(walked.bytes, std::uint64_t{1} << 20);
    ASSERT_FALSE(walked.offsets.empty());
    EXPECT_EQ(walked.offsets.front(), 0U);
    EXPECT_GE(walked.offsets.back(), static_cast<std::uint64_t>(far) - (1 << 20));
}

}  // namespace
}  // namespace stratascan::layer
