// Reports for other programs: held against the official schemas of SARIF and CycloneDX,
// which the packages of their authors carry, against what GitLab's ask for, and read with
// programs for JUnit, GitLab's reports, Markdown and CSV. Recipes with names and bytes that try to break out of each.
#include <array>
#include <ctime>
#include <set>

#include "tests/e2e/report_reading.hpp"

namespace stratascan::e2e {
namespace {

std::string in_half_a_year() {
    const std::time_t then = std::time(nullptr) + std::time_t{180} * 24 * 60 * 60;
    std::tm day{};
    gmtime_r(&then, &day);
    std::array<char, 16> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &day)};
}

class Formats : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        built_ = build_recipe(GetParam());
        if (!built_.skipped.empty()) GTEST_SKIP() << built_.skipped;
        ASSERT_EQ(built_.error, "");
        expected_ = report_of(scan_built(built_, {"--format", "json"}));
    }

    /// The report in a file.
    fs::path written(const std::string& format) {
        const fs::path path = home() / ("report." + format);
        const Ran ran = scan_built(built_, {"--format", format, "--output", path.string()});
        EXPECT_TRUE(ran.exit == 0 || ran.exit == 1 || ran.exit == 2) << ran.err;
        return path;
    }

    [[nodiscard]] std::size_t count(const char* what) const {
        std::size_t number = 0;
        for (const json& target : expected_.at("targets")) number += target.at(what).size();
        return number;
    }

    Built built_;
    json expected_;
};

TEST_P(Formats, SarifHoldsAgainstItsSchema) {
    const fs::path file = written("sarif");
    if (const auto why = held_against_schema("sarif", file); !why.empty()) GTEST_SKIP() << why;
    EXPECT_EQ(expect_code_scanning(json::parse(read_file(file))), count("findings"));
}

TEST_P(Formats, CycloneDxHoldsAgainstItsSchema) {
    const fs::path file = written("cyclonedx");
    if (const auto why = held_against_schema("cyclonedx", file); !why.empty()) GTEST_SKIP() << why;
    EXPECT_EQ(json::parse(read_file(file)).at("specVersion"), "1.6");
}

TEST_P(Formats, JsonHoldsAgainstItsSchema) {
    EXPECT_EQ(held_against_schema("report", written("json")), "");
}

TEST_P(Formats, JunitIsReadWithACaseALayer) {
    const Read read = junit_as_read(written("junit"));
    if (!read.skipped.empty()) GTEST_SKIP() << read.skipped;
    std::map<std::string, int> results;
    int cases = 0;
    for (const json& suite : read.said.at("suites")) {
        for (const json& one : suite.at("cases")) {
            ++cases;
            for (const std::string result : one.at("results")) ++results[result];
        }
    }
    EXPECT_EQ(read.said.at("tests"), cases);
    EXPECT_EQ(static_cast<std::size_t>(cases), count("layers") + expected_.at("targets").size());
    EXPECT_EQ(read.said.at("failures"), results["failure"]);
    EXPECT_EQ(read.said.at("errors"), results["error"]);
}

TEST_P(Formats, JsonLinesHaveEachFindingAndProgram) {
    std::istringstream lines(read_file(written("jsonl")));
    std::map<std::string, std::size_t> types;
    for (std::string line; std::getline(lines, line);) {
        ++types[json::parse(line).at("type").get<std::string>()];
    }
    EXPECT_EQ(types["finding"], count("findings"));
    EXPECT_EQ(types["program"], count("programs"));
}

TEST_P(Formats, CsvHasARowForEachAndNoFormula) {
    const Ran done = python_on(
        {"-c",
         "import csv, sys\n"
         "rows = list(csv.reader(open(sys.argv[1], newline='', encoding='utf-8')))\n"
         "assert len({len(row) for row in rows}) == 1\n"
         "assert not any(cell[:1] in '=+-@' for row in rows for cell in row if cell)\n"
         "print(len(rows) - 1)",
         written("csv").string()});
    ASSERT_EQ(done.exit, 0) << done.err;
    EXPECT_EQ(std::stoul(done.out), count("findings") + count("programs"));
}

TEST_P(Formats, GitlabHasAnEntryForEachFindingOnceAndIsShown) {
    const fs::path file = written("gitlab");
    hold_against_gitlab(file);
    const json report = json::parse(read_file(file));
    std::set<std::string> ids;
    for (const json& one : report.at("vulnerabilities")) ids.insert(one.at("id"));
    EXPECT_EQ(ids.size(), count("findings"));
    const bool complete = std::all_of(
        expected_.at("targets").begin(), expected_.at("targets").end(),
        [](const json& target) { return target.at("coverage").at("complete") == true; });
    EXPECT_EQ(report.at("scan").at("status"), complete ? "success" : "failure");
    if (const auto why = gitlab_reader_shows_all(file); !why.empty()) GTEST_SKIP() << why;
}

TEST_P(Formats, MarkdownIsAComment) {
    const fs::path comment = written("markdown");
    EXPECT_LT(fs::file_size(comment), 65536U);
    const auto page = shown_comment(comment);
    if (!page) GTEST_SKIP() << "no cmark-gfm";
    for (const char* markup : {"<script", "<img", "<a ", "<h1"}) {
        EXPECT_EQ(page->find(markup), std::string::npos) << markup;
    }
    // A table of findings and one of programs for each image, and nothing that fell out of them.
    EXPECT_EQ(count_of(*page, "<table>") > 0, count("findings") + count("programs") > 0) << *page;
    EXPECT_EQ(page->find("| ---"), std::string::npos) << *page;
}

TEST(SuppressedFinding, IsMarkedInEveryFormatAndFailsInNone) {
    const Built built = build_recipe("gzip-single-member");
    ASSERT_EQ(built.error, "");
    const json bare = report_of(scan_built(built, {"--format", "json"}));
    const fs::path file = home() / "suppressions.toml";
    std::set<std::string> ids;
    for (const json& target : bare.at("targets")) {
        for (const json& finding : target.at("findings")) ids.insert(finding.at("secret_id"));
    }
    ASSERT_FALSE(ids.empty());
    std::ofstream entries(file);
    for (const std::string& id : ids) {
        entries << "[[suppress]]\nsecret = \"" << id
                << "\"\nreason = \"revoked long ago\"\nowner = \"team-web\"\nuntil = "
                << in_half_a_year() << "\n";
    }
    entries.close();
    for (const char* format : {"table", "json", "jsonl", "csv", "sarif", "gitlab", "junit",
                               "markdown", "html"}) {
        const Ran ran =
            scan_built(built, {"--format", format, "--suppressions", file.string()});
        EXPECT_EQ(ran.exit, 0) << format << ran.err;
        // The table has no room for reasons.
        const bool table = std::string_view(format) == "table";
        EXPECT_NE(ran.out.find(table ? "suppressed until" : "revoked long ago"),
                  std::string::npos) << format;
        if (std::string_view(format) == "junit") {
            EXPECT_EQ(ran.out.find("<failure"), std::string::npos);
        }
        if (std::string_view(format) == "sarif") {
            EXPECT_NE(ran.out.find("\"suppressions\""), std::string::npos);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, Formats,
    testing::Values("config-everywhere", "git-packed", "gzip-truncated", "names-not-utf8",
                    "names-with-control-characters", "nested-zips", "packages-of-dpkg",
                    "platforms-all", "private-keys", "program-busybox"),
    test_name);

}  // namespace
}  // namespace stratascan::e2e
