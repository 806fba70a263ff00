// Programs packed as UPX packs them: what they unpack to is looked into as if it
// stood there, and what cannot be unpacked is told.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "scanner/nested/recognise.hpp"
#include "scanner/nested/upx.hpp"
#include "scanner/program/elf.hpp"
#include "tests/support/parsing.hpp"
#include "tests/support/scanning.hpp"
#include "tests/support/tar_builder.hpp"
#include "tests/support/upx_writer.hpp"

namespace stratascan::nested {
namespace {

using test::UpxWriter;

constexpr std::uint64_t much = 64 << 20;
constexpr UpxWriter::Method methods[] = {UpxWriter::Method::nrv2b, UpxWriter::Method::nrv2d,
                                         UpxWriter::Method::nrv2e, UpxWriter::Method::lzma};

std::string real_program() {
    std::ifstream stream("/bin/cat", std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

struct Unpacked {
    std::string contents;
    std::vector<std::string> told;
    std::size_t members = 0;
    bool over_memory = false;
};

Unpacked unpack(const std::string& file, std::size_t piece = ~std::size_t{0},
                std::uint64_t memory = much) {
    const auto parser = make_upx_parser(memory);
    bool stuck = false;
    const test::Parsed parsed = test::parse(*parser, file, std::min(piece, file.size()), stuck);
    EXPECT_FALSE(stuck);
    Unpacked result{{}, parsed.damage, parsed.members.size(), parser->over_memory()};
    for (const test::ParsedMember& member : parsed.members) {
        EXPECT_EQ(member.head.name, "UPX");
        EXPECT_TRUE(member.ended);
        result.contents += member.contents;
    }
    return result;
}

/// The original with zeros where no segment is, and that behind it.
std::string expected_of(const std::string& original, const std::string& unloaded) {
    const auto elf = program::read_elf(original);
    const std::size_t headers = 64 + 56 * static_cast<unsigned char>(original[56]);
    std::string expected = original.substr(0, headers);
    for (const program::FileRange& load : elf->loads) {
        const std::size_t from = std::max<std::size_t>(load.offset, expected.size());
        expected.resize(from, '\0');
        expected += original.substr(from, load.offset + load.size - from);
    }
    return expected + unloaded;
}

TEST(Upx, PutsTheOriginalTogetherAgain) {
    const std::string original = real_program();
    for (const UpxWriter::Method method : methods) {
        for (const std::size_t block_size : {std::size_t{1} << 30, std::size_t{5000}}) {
            UpxWriter writer(method, block_size);
            const std::string packed = writer.pack(original);
            ASSERT_LT(packed.size(), original.size());
            ASSERT_EQ(recognise(packed.substr(0, recognised_within)), Format::upx);
            for (const std::size_t piece : {std::size_t{7}, std::size_t{1000}, packed.size()}) {
                const Unpacked unpacked = unpack(packed, piece);
                EXPECT_EQ(unpacked.told, std::vector<std::string>());
                EXPECT_TRUE(unpacked.contents == expected_of(original, writer.unloaded()))
                    << static_cast<int>(method) << " in pieces of " << piece;
            }
        }
    }
}

TEST(Upx, TellsWhatIsDamagedOrCutOff) {
    UpxWriter writer(UpxWriter::Method::nrv2e, 20'000);
    const std::string packed = writer.pack(real_program());
    const std::string whole = unpack(packed).contents;
    for (std::size_t percent = 20; percent < 100; percent += 10) {
        const Unpacked cut = unpack(packed.substr(0, packed.size() * percent / 100));
        ASSERT_EQ(cut.told.size(), 1U) << percent;
        EXPECT_LT(cut.contents.size(), whole.size());
        EXPECT_TRUE(whole.starts_with(cut.contents)) << percent;
    }
    std::string damaged = packed;
    for (std::size_t i = 0; i < 200; ++i) damaged[packed.size() / 2 + i] ^= '\x55';
    const Unpacked unpacked = unpack(damaged);
    ASSERT_EQ(unpacked.told.size(), 1U);
    EXPECT_EQ(unpacked.told.front(), "UPX: damaged block");
    EXPECT_TRUE(whole.starts_with(unpacked.contents));
    EXPECT_GT(unpacked.contents.size(), 0U);
}

TEST(Upx, AsksForNoMoreMemoryThanItIsGiven) {
    UpxWriter writer(UpxWriter::Method::lzma);
    const std::string packed = writer.pack(real_program());
    const Unpacked unpacked = unpack(packed, packed.size(), 16 << 10);
    EXPECT_TRUE(unpacked.over_memory);
    ASSERT_FALSE(unpacked.told.empty());
    EXPECT_TRUE(unpacked.told.front().contains("takes more memory")) << unpacked.told.front();
}

TEST(Upx, IsNotSeenInWhatMerelySpeaksOfIt) {
    std::string file = real_program();
    file.replace(400, 4, "UPX!");
    EXPECT_NE(recognise(file.substr(0, recognised_within)), Format::upx);
    EXPECT_EQ(find_upx("UPX!"), std::nullopt);
}

TEST(Upx, ProgramsAndSecretsAreFoundInIt) {
    constexpr const char* rules = R"(
[[rule]]
id = "token"
title = "Token"
pattern = '\b(?P<secret>tst_[A-Za-z0-9]{8})\b'

[[program]]
id = "cat"
title = "cat"
class = "command-runner"
identity = [["%s: input file is output file"]]
version_reason = "not asked"
names = ["cat"]
)";
    test::TestEngine engine(test::rules_of(rules));
    std::string original = real_program();
    // In the same segment, where a longer text stands.
    const std::string secret = std::string("tst_") + "0a1b2c3d";
    const std::size_t text = original.find("With no FILE, or when FILE is -");
    ASSERT_NE(text, original.npos);
    original.replace(text, secret.size() + 1, secret + ' ');

    UpxWriter writer(UpxWriter::Method::nrv2e);
    test::TarBuilder tar;
    tar.file("bin/tool", writer.pack(original)).file("bin/cat", writer.pack(original));
    const layer::LayerResult result = engine.scan(tar.finish());
    ASSERT_EQ(result.findings.size(), 2U);
    for (const auto& found : result.findings) {
        EXPECT_EQ(found.finding.inner_path, std::vector<std::string>{"UPX"});
        EXPECT_EQ(found.finding.offset, text);
    }
    std::vector<std::string> told;
    for (const auto& found : result.programs) {
        const Program& program = found.program;
        if (program.inner_path.empty()) {
            EXPECT_EQ(program.program, "packed");
            continue;
        }
        EXPECT_EQ(program.inner_path, std::vector<std::string>{"UPX"});
        EXPECT_TRUE(program.packed);
        EXPECT_EQ(program.role, Role::is);
        told.push_back(program.path + ' ' + program.program + (program.renamed ? " renamed" : ""));
    }
    std::sort(told.begin(), told.end());
    EXPECT_EQ(told, (std::vector<std::string>{"bin/cat cat", "bin/tool cat renamed"}));
}

}  // namespace
}  // namespace stratascan::nested
