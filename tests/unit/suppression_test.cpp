// Suppressions: every way in which an entry is refused, and what a sound one does to
// a report and to a verdict.
#include <gtest/gtest.h>

#include <filesystem>

#include "scanner/policy/suppress_report.hpp"
#include "scanner/policy/verdict.hpp"
#include "tests/support/image_builder.hpp"
#include "stratascan/scanner.hpp"
#include "tests/support/policy_subject.hpp"

namespace {

using namespace stratascan;
using policy::parse_suppressions;
using test::MadeUpImage;

const std::int64_t today = *policy::read_date("2026-06-01");

std::string entry(std::string_view selectors, std::string_view until = "2026-12-31") {
    return "[[suppress]]\n" + std::string(selectors) +
           "\nreason = \"known, and revoked\"\nowner = \"team\"\nuntil = " + std::string(until) +
           "\n";
}

struct Wrong {
    std::string text;
    const char *where, *what;
};

class WrongSuppression : public testing::TestWithParam<Wrong> {};

TEST_P(WrongSuppression, SaysFileLineAndWhat) {
    const auto read = parse_suppressions(GetParam().text, "s.toml", today);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().where, GetParam().where) << read.error().message();
    EXPECT_NE(read.error().what.find(GetParam().what), std::string::npos)
        << read.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, WrongSuppression,
    testing::Values(
        Wrong{"x = 1", "s.toml:1", "no key `x`"},
        Wrong{"suppress = 1", "s.toml:1", "no key `suppress`"},
        Wrong{"suppress = [1]", "s.toml:1", "[[suppress]]"},
        Wrong{"\n[[suppress]]\n", "s.toml:2", "says not what"},
        Wrong{entry(""), "s.toml:1", "says not what"},
        Wrong{entry("path = \"**\""), "s.toml:1", "would suppress everything"},
        Wrong{entry("path = \"*/*\""), "s.toml:1", "would suppress everything"},
        Wrong{entry("rule = \"*\""), "s.toml:1", "would suppress everything"},
        Wrong{entry("rule = \"aws-*\""), "s.toml:1", "takes no pattern"},
        Wrong{entry("rule = \"\""), "s.toml:2", "`rule` is empty"},
        Wrong{entry("rule = 5"), "s.toml:2", "`rule` must be a string"},
        Wrong{entry("file = \"x\""), "s.toml:2", "no key `file`"},
        Wrong{entry("rule = \"x\"", "2027-06-05"), "s.toml:1", "more than a year away"},
        Wrong{entry("rule = \"x\"", "\"soon\""), "s.toml:5", "must be a day"},
        Wrong{entry("rule = \"x\"", "2026-12-31T10:00:00"), "s.toml:5", "must be a day"},
        Wrong{"[[suppress]]\nrule = \"x\"\nowner = \"o\"\nuntil = 2026-12-31", "s.toml:1",
              "`reason` is missing"},
        Wrong{"[[suppress]]\nrule = \"x\"\nreason = \"ok\"\nowner = \"o\"\nuntil = 2026-12-31",
              "s.toml:1", "too short"},
        Wrong{"[[suppress]]\nrule = \"x\"\nreason = \"known, revoked\"\nuntil = 2026-12-31",
              "s.toml:1", "`owner` is missing"},
        Wrong{"[[suppress]]\nrule = \"x\"\nreason = \"known, revoked\"\nowner = \"o\"", "s.toml:1",
              "`until` is missing"},
        Wrong{entry("rule = \"x\"", "2026-02-30"), "s.toml:5", ""}));

TEST(Suppressions, HoldToTheEndOfTheirLastDay) {
    const auto last = parse_suppressions(entry("rule = \"x\"", "2026-06-01"), "s", today + 86'399);
    ASSERT_TRUE(last) << last.error().message();
    EXPECT_FALSE(last->entries[0].expired);
    const auto past = parse_suppressions(entry("rule = \"x\"", "2026-05-31"), "s", today);
    ASSERT_TRUE(past);
    EXPECT_TRUE(past->entries[0].expired);
    const auto longest = parse_suppressions(entry("rule = \"x\"", "2027-06-01"), "s", today);
    EXPECT_TRUE(longest) << "a year";
}

TEST(Suppressions, AllSelectorsMustMatch) {
    auto file = parse_suppressions(entry("rule = \"r\"\npath = \"app/*.py\""), "s", today);
    ASSERT_TRUE(file);
    policy::Suppressor suppressor(file->entries);
    EXPECT_EQ(suppressor.suppress({{}, "r", {}, "app/a.py", {}, {}}), 0);
    EXPECT_EQ(suppressor.suppress({{}, "r", {}, "lib/a.py", {}, {}}), -1);
    EXPECT_EQ(suppressor.suppress({{}, "q", {}, "app/a.py", {}, {}}), -1);
    EXPECT_EQ(suppressor.suppress({{}, "r", {}, "app/a.py", {}, {}}), 0) << "asked before";
    EXPECT_EQ(file->entries[0].matched, 2U);
}

TEST(Suppressions, AreWrittenAsTheyAreRead) {
    policy::Suppression entry;
    entry.path = "odd \"name\"\\\n.txt";
    entry.reason = "a reason with \x01 in it";
    entry.owner = "team";
    entry.until = today + 86'400 - 1;
    const auto text = policy::write_suppression(entry, today);
    ASSERT_TRUE(text) << text.error().message();
    const auto read = parse_suppressions(*text, "s", today);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->entries[0].path, entry.path);
    EXPECT_EQ(read->entries[0].reason, entry.reason);
    EXPECT_EQ(read->entries[0].until, entry.until);
    entry.until = today - 86'400;
    EXPECT_FALSE(policy::write_suppression(entry, today)) << "it has passed";
}

TEST(Suppressions, NoFileIsNoneAndAWrongPathIsAnError) {
    const test::TempDir folder;
    EXPECT_FALSE(policy::load_suppressions(folder.path("none.toml"), today));
    EXPECT_FALSE(policy::load_suppressions(folder.path(), today)) << "a folder";
}

TEST(Suppressions, ALinkThatLeadsNowhereIsTold) {
    const test::TempDir folder;
    std::filesystem::create_symlink("b", folder.path("a"));
    std::filesystem::create_symlink("a", folder.path("b"));
    const auto ring = policy::load_suppressions(folder.path("a"), today);
    ASSERT_FALSE(ring);
    EXPECT_NE(ring.error().what.find("symbolic links"), std::string::npos) << ring.error().what;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    const auto none = policy::load_suppressions("", today);
    std::filesystem::create_symlink("a", policy::default_suppressions);
    const auto usual = policy::load_suppressions("", today);
    std::filesystem::current_path(before);
    EXPECT_TRUE(none);
    ASSERT_FALSE(usual);
    EXPECT_NE(usual.error().what.find("symbolic links"), std::string::npos) << usual.error().what;
}

TEST(Suppressions, MarkAReportAndChangeItsExitCode) {
    MadeUpImage image;
    image.finding("some-token", Source::file, "app/a.py");
    Report report;
    report.targets.push_back(image.report);
    EXPECT_EQ(exit_code(report), 1);
    auto file = parse_suppressions(entry("rule = \"some-token\"") + entry("rule = \"other\""), "s",
                                   today);
    ASSERT_TRUE(file);
    const auto warnings = policy::suppress(report, *file);
    ASSERT_TRUE(report.targets[0].findings[0].suppressed);
    EXPECT_EQ(report.targets[0].findings[0].suppressed->until, "2026-12-31");
    EXPECT_EQ(exit_code(report), 0);
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_NE(warnings[0].find("s:6: this suppression matches nothing"), std::string::npos)
        << warnings[0];
}

TEST(Suppressions, ExpiredOnesMarkNothing) {
    MadeUpImage image;
    image.finding("some-token", Source::file, "app/a.py");
    Report report;
    report.targets.push_back(image.report);
    auto file = parse_suppressions(entry("rule = \"some-token\"", "2026-01-01"), "s", today);
    ASSERT_TRUE(file);
    const auto warnings = policy::suppress(report, *file);
    EXPECT_FALSE(report.targets[0].findings[0].suppressed);
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_NE(warnings[0].find("has run out"), std::string::npos);
}

}  // namespace
