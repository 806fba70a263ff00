// Packs that the real git made: each object is seen as git itself tells it, however
// the bytes are cut; and what is damaged, or too large for the memory there is.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "scanner/nested/git_delta.hpp"
#include "scanner/nested/git_history.hpp"
#include "scanner/nested/git_pack.hpp"
#include "tests/support/blobs.hpp"
#include "tests/support/git_repository.hpp"
#include "tests/support/parsing.hpp"

namespace stratascan::nested {
namespace {

constexpr std::uint64_t much = 64 << 20;

struct Unpacked {
    std::map<std::string, std::string> objects;
    std::vector<std::string> gaps;
    bool over_memory = false;
};

Unpacked unpack(const std::string& pack, std::uint64_t memory = much,
                std::size_t piece = ~std::size_t{0}, GitHash hash = GitHash::sha1) {
    GitHistory history(much);
    const auto parser = make_git_pack_parser(history, history.repository({"x.pack"}), hash, memory);
    bool stuck = false;
    const test::Parsed parsed = test::parse(*parser, pack, std::min(piece, pack.size()), stuck);
    EXPECT_FALSE(stuck);
    Unpacked result{{}, parsed.damage, parser->over_memory()};
    for (const test::ParsedMember& member : parsed.members) {
        EXPECT_TRUE(member.ended);
        EXPECT_TRUE(result.objects.emplace(member.head.name, member.contents).second)
            << member.head.name << " is there twice";
    }
    return result;
}

// Versions of a long file, a folder, a tag and a note that no delta helps.
void fill(test::GitRepository& git, unsigned commits = 30) {
    test::Random random(11);
    std::string text = random.text(20'000);
    for (unsigned i = 0; i < commits; ++i) {
        text.insert(random.number(0, text.size()), random.text(50));
        git.write("src/long.txt", text);
        git.write("src/" + std::to_string(i) + ".bin", random.bytes(300));
        git.commit("number " + std::to_string(i));
    }
    git.run("tag -a -m 'a tag' v1");
}

TEST(GitPack, HasTheObjectsThatGitTells) {
    test::GitRepository git;
    fill(git);
    for (const char* how : {"gc -q --aggressive", "-c repack.useDeltaBaseOffset=false repack -qadf",
                            "-c pack.compression=0 repack -qadF --depth=4095 --window=250"}) {
        git.run(how);
        const std::string pack = git.pack();
        const auto objects = git.objects();
        ASSERT_GT(objects.size(), 100U);
        for (const std::size_t piece : {std::size_t{1}, std::size_t{61}, pack.size()}) {
            const Unpacked unpacked = unpack(pack, much, piece);
            EXPECT_EQ(unpacked.gaps, std::vector<std::string>()) << how;
            EXPECT_TRUE(unpacked.objects == objects) << how << ", " << piece << ": "
                << unpacked.objects.size() << " of " << objects.size();
            EXPECT_FALSE(unpacked.over_memory);
        }
    }
}

TEST(GitPack, ReadsRepositoriesOfSha256) {
    test::GitRepository git("sha256");
    fill(git, 5);
    git.run("-c repack.useDeltaBaseOffset=false repack -qadf");
    const Unpacked unpacked = unpack(git.pack(), much, 1000, GitHash::sha256);
    EXPECT_EQ(unpacked.gaps, std::vector<std::string>());
    EXPECT_TRUE(unpacked.objects == git.objects());
}

// A cache of next to nothing: each chain is made again from its beginning.
TEST(GitPack, MakesBasesAgainThatItGaveUp) {
    test::GitRepository git;
    fill(git);
    git.run("gc -q --aggressive");
    const std::string pack = git.pack();
    const std::uint64_t memory = 640 << 10;  // objects of 40 KiB, 80 of bases, 320 of the pack
    ASSERT_LT(pack.size(), memory / 4);
    const Unpacked unpacked = unpack(pack, memory);
    EXPECT_EQ(unpacked.gaps, std::vector<std::string>());
    EXPECT_TRUE(unpacked.objects == git.objects());
}

TEST(GitPack, TellsWhatPassesItsMemory) {
    test::GitRepository git;
    test::Random random(5);
    const std::string common = random.text(30'000);
    std::vector<std::string> planted;
    for (unsigned i = 0; i < 20; ++i) {
        // Nothing of it is in its base, so nothing of it is copied.
        planted.emplace_back(20, static_cast<char>('A' + i));
        git.write("a", common + planted.back());
        git.write("noise" + std::to_string(i), random.bytes(20'000));
        git.commit();
    }
    git.write("large.txt", random.text(300'000) + "the end");
    git.commit();
    git.run("repack -qadf");
    const std::string pack = git.pack();
    const auto objects = git.objects();
    const Unpacked unpacked = unpack(pack, 512 << 10);
    EXPECT_TRUE(unpacked.over_memory);
    ASSERT_FALSE(unpacked.gaps.empty());
    std::string all;
    std::size_t whole = 0;
    for (const auto& [name, contents] : unpacked.objects) {
        all += contents;
        const auto object = objects.find(name);
        if (object == objects.end()) continue;
        EXPECT_EQ(contents, object->second);
        ++whole;
    }
    EXPECT_GT(whole, 40U);
    for (const std::string& one : planted) {
        EXPECT_NE(all.find(one), all.npos) << "what a delta inserts is seen without its base";
    }
    EXPECT_NE(all.find("the end"), all.npos) << "large objects are seen";
}

TEST(GitPack, ShowsLargeObjectsByTheirIds) {
    test::GitRepository git;
    git.write("large.txt", test::Random(5).text(300'000));
    git.commit();
    git.run("repack -qadf");
    const Unpacked unpacked = unpack(git.pack(), 1 << 20);  // objects of 64 KiB
    EXPECT_EQ(unpacked.gaps, std::vector<std::string>());
    EXPECT_TRUE(unpacked.objects == git.objects());
}

// Each byte in turn: what is not hit is seen as it is, and nothing is silent.
TEST(GitPack, LosesNoMoreThanWhatIsDamaged) {
    test::GitRepository git;
    for (int i = 0; i < 4; ++i) {
        git.write("note", "text " + std::to_string(i));
        git.commit();
    }
    git.run("repack -qadf");
    const std::string pack = git.pack();
    const auto objects = git.objects();
    ASSERT_EQ(objects.size(), 12U);
    for (std::size_t at = 12; at < pack.size(); ++at) {
        std::string damaged = pack;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
        const Unpacked unpacked = unpack(damaged);
        EXPECT_FALSE(unpacked.gaps.empty()) << at;
        std::size_t seen = 0;
        for (const auto& [name, contents] : objects) {
            const auto found = unpacked.objects.find(name);
            seen += found != unpacked.objects.end() && found->second == contents ? 1 : 0;
        }
        EXPECT_GE(seen, objects.size() - 1) << at;
    }
    for (std::size_t size = 12; size < pack.size(); size += 7) {
        EXPECT_FALSE(unpack(pack.substr(0, size)).gaps.empty()) << size;
    }
}

TEST(GitPack, MissesBasesThatAreElsewhere) {
    test::GitRepository git;
    fill(git, 6);
    const std::string old = git.id("HEAD~1");
    // A thin pack, as git sends it over the wire: deltas against what the other has.
    const std::string pack =
        git.run("pack-objects --thin --stdout --revs <<EOF 2>/dev/null\nHEAD\n^" + old + "\nEOF");
    const Unpacked unpacked = unpack(pack);
    ASSERT_EQ(unpacked.gaps.size(), 1U);
    EXPECT_NE(unpacked.gaps.front().find("whose base is not there"), std::string::npos)
        << unpacked.gaps.front();
    EXPECT_TRUE(unpacked.objects.contains("commit " + git.id("HEAD")));
}

TEST(GitDelta, CopiesAndInserts) {
    using namespace std::string_literals;
    const std::string base = "0123456789";
    EXPECT_EQ(apply_delta(base, "\x0a\x07\x91\x02\x03\x04wxyz"s, 100), "234wxyz");
    EXPECT_EQ(delta_result_size("\x0a\x87\x01"s), 135U);
    EXPECT_EQ(apply_delta(base, "\x0b\x07\x91\x02\x03\x04wxyz"s, 100), std::nullopt) << "base";
    EXPECT_EQ(apply_delta(base, "\x0a\x08\x91\x02\x03\x04wxyz"s, 100), std::nullopt) << "size";
    EXPECT_EQ(apply_delta(base, "\x0a\x06\x91\x02\x03\x04wxyz"s, 100), std::nullopt) << "more";
    EXPECT_EQ(apply_delta(base, "\x0a\x07\x91\x09\x03\x04wxyz"s, 100), std::nullopt) << "outside";
    EXPECT_EQ(apply_delta(base, "\x0a\x07\x91\x02\x03\x05wxyz"s, 100), std::nullopt) << "cut";
    EXPECT_EQ(apply_delta(base, "\x0a\x01\x00"s, 100), std::nullopt) << "reserved";
    EXPECT_EQ(apply_delta(base, "\x0a\x07\x91\x02\x03\x04wxyz"s, 6), std::nullopt) << "limit";
    EXPECT_EQ(apply_delta(base, std::string(20, '\xff'), 100), std::nullopt);
    for (const std::size_t piece : {1U, 3U, 100U}) {
        const std::string delta = "\x0a\x09\x91\x02\x03\x04wxyz\x90\x01\x01!"s;
        DeltaLiterals literals;
        std::string out;
        for (std::size_t at = 0; at < delta.size(); at += piece) {
            literals.take(std::string_view(delta).substr(at, piece), out);
        }
        EXPECT_EQ(out, "wxyz\0!\0"s) << piece;
    }
}

}  // namespace
}  // namespace stratascan::nested
