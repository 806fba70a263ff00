// What is left out of a window that has more findings than are kept: it is counted, told for a
// hundred files, and takes no other file's room.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/scanning.hpp"
#include "tests/support/tar_builder.hpp"
#include "tests/support/token_rule.hpp"

namespace stratascan {
namespace {

// A window keeps twice as many of a member, and three times as many in all.
constexpr std::uint64_t few = 10;

layer::LayerResult scanned(const std::string& tar) {
    layer::ScanOptions options;
    options.findings_a_file = few;
    test::TestEngine engine(test::token_rule, options);
    return engine.scan(tar);
}

std::string tokens(std::size_t count, const std::string& before = "tst_") {
    std::string text;
    for (std::size_t at = 0; at < count; ++at) text += fmt::format("{}{:04}\n", before, at);
    return text;
}

std::size_t found_in(const layer::LayerResult& result, const std::string& path) {
    return static_cast<std::size_t>(std::ranges::count_if(
        result.findings, [&](const auto& found) { return found.finding.path == path; }));
}

TEST(LeftOut, IsCountedAndLeavesRoomForTheNextFile) {
    test::TarBuilder tar;
    tar.file("dense", tokens(25)).file("next", tokens(1)).file("more", tokens(12));
    const layer::LayerResult result = scanned(tar.finish());
    EXPECT_EQ(found_in(result, "dense"), 20U);
    EXPECT_EQ(found_in(result, "next"), 1U);
    EXPECT_EQ(found_in(result, "more"), 9U) << "30 in all";
    ASSERT_EQ(result.gaps.size(), 2U);
    EXPECT_EQ(result.gaps[0].path, "dense");
    EXPECT_EQ(result.gaps[0].reason, "too many findings within a mebibyte; 5 more, not yet held "
                                     "against each other, are not told (--max-findings)");
    EXPECT_EQ(result.gaps[1].path, "more");
    EXPECT_NE(result.gaps[1].reason.find("; 3 more"), std::string::npos) << result.gaps[1].reason;
}

TEST(LeftOut, NothingIsWhereThereIsRoom) {
    test::TarBuilder tar;
    tar.file("a", tokens(20)).file("b", tokens(10));
    const layer::LayerResult result = scanned(tar.finish());
    EXPECT_EQ(result.findings.size(), 30U);
    EXPECT_TRUE(result.gaps.empty());
}

TEST(LeftOut, OfManyFilesAHundredAreTold) {
    test::TarBuilder tar;
    for (int file = 0; file < 300; ++file) tar.file(fmt::format("f{}", file), tokens(2));
    const layer::LayerResult result = scanned(tar.finish());
    EXPECT_EQ(result.findings.size(), 30U);
    ASSERT_EQ(result.gaps.size(), 101U);
    std::size_t elsewhere = 0;
    for (const Gap& gap : result.gaps) {
        elsewhere += gap.reason == "too many findings within a mebibyte; 370 more elsewhere are not "
                                   "told (--max-findings)";
    }
    EXPECT_EQ(elsewhere, 1U);
}

TEST(LeftOut, WhereItStandsInNamesNoNameIsTold) {
    test::TarBuilder tar;
    for (int file = 0; file < 40; ++file) tar.file(fmt::format("tst_n{:03}", file), "x\n");
    tar.file("tst_last", tokens(1));
    const layer::LayerResult result = scanned(tar.finish());
    EXPECT_FALSE(result.gaps.empty());
    for (const auto& found : result.findings) {
        EXPECT_EQ(found.finding.path.find("tst_"), std::string::npos) << found.finding.path;
    }
    for (const Gap& gap : result.gaps) EXPECT_EQ(gap.path.find("tst_"), std::string::npos) << gap.path;
}

}  // namespace
}  // namespace stratascan
