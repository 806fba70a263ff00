// Reports for other programs: held against the official schemas of SARIF and CycloneDX,
// which the packages of their authors carry, and read with Python's own readers of XML
// and CSV. Recipes with names and bytes that try to break out of each.
#include <array>
#include <ctime>
#include <set>

#include "tests/e2e/expect.hpp"
#include "tests/e2e/gitlab_reading.hpp"

namespace stratascan::e2e {
namespace {

constexpr int no_network = 75;  // of fixtures/schemas.py

struct Done {
    int exit = -1;
    std::string out;
};

Done python_on(const std::string& code_or_script, const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {python(), "-W", "ignore", code_or_script};
    if (!code_or_script.ends_with(".py")) command.insert(command.begin() + 3, "-c");
    command.insert(command.end(), arguments.begin(), arguments.end());
    const Ran ran = run({.words = command});
    return {ran.exit, ran.out + ran.err};
}

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

    /// Skips the test where the schema can't be had; the caller must end then.
    void hold_against_schema(const std::string& format) {
        const std::string script = source() / "fixtures" / "schemas.py";
        const std::string folder =
            fs::temp_directory_path() / ("stratascan-schemas-" + std::to_string(getuid()));
        const Done done = python_on(script, {folder, format, written(format).string()});
        if (done.exit == no_network) GTEST_SKIP() << done.out;
        EXPECT_EQ(done.exit, 0) << done.out;
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
    hold_against_schema("sarif");
    if (IsSkipped()) return;
    const json sarif = json::parse(std::ifstream(written("sarif")));
    std::size_t results = 0;
    for (const json& run : sarif.at("runs")) results += run.at("results").size();
    EXPECT_EQ(results, count("findings"));
}

TEST_P(Formats, CycloneDxHoldsAgainstItsSchema) {
    hold_against_schema("cyclonedx");
    EXPECT_EQ(json::parse(std::ifstream(written("cyclonedx"))).at("specVersion"), "1.6");
}

TEST_P(Formats, JunitIsXmlWithACaseALayer) {
    const Done done = python_on(
        "import sys, xml.etree.ElementTree as tree\n"
        "root = tree.parse(sys.argv[1]).getroot()\n"
        "cases = root.findall('testsuite/testcase')\n"
        "assert len(cases) == int(root.get('tests'))\n"
        "assert len(root.findall('.//failure')) == int(root.get('failures'))\n"
        "assert len(root.findall('.//error')) == int(root.get('errors'))\n"
        "print(len(cases))",
        {written("junit").string()});
    ASSERT_EQ(done.exit, 0) << done.out;
    EXPECT_EQ(std::stoul(done.out), count("layers") + expected_.at("targets").size());
}

TEST_P(Formats, CsvHasARowForEachAndNoFormula) {
    const Done done = python_on(
        "import csv, sys\n"
        "rows = list(csv.reader(open(sys.argv[1], newline='', encoding='utf-8')))\n"
        "assert len({len(row) for row in rows}) == 1\n"
        "assert not any(cell[:1] in '=+-@' for row in rows for cell in row if cell)\n"
        "print(len(rows) - 1)",
        {written("csv").string()});
    ASSERT_EQ(done.exit, 0) << done.out;
    EXPECT_EQ(std::stoul(done.out), count("findings") + count("programs"));
}

TEST_P(Formats, GitlabHasAnEntryForEachFindingOnce) {
    const json report = json::parse(std::ifstream(written("gitlab")));
    std::set<std::string> ids;
    for (const json& one : report.at("vulnerabilities")) ids.insert(one.at("id"));
    EXPECT_EQ(ids.size(), count("findings"));
    const bool complete = std::all_of(
        expected_.at("targets").begin(), expected_.at("targets").end(),
        [](const json& target) { return target.at("coverage").at("complete") == true; });
    EXPECT_EQ(report.at("scan").at("status"), complete ? "success" : "failure");
}

TEST_P(Formats, GitlabIsReadByAProgramForSuchReports) {
    const fs::path path = written("gitlab");
    const ShownReport shown_there = shown_by_gitlab_reader(path, "Secret Detection Report");
    if (!shown_there.skipped.empty()) GTEST_SKIP() << shown_there.skipped;
    const json report = json::parse(std::ifstream(path));
    const json& told = report.at("vulnerabilities");
    ASSERT_EQ(shown_there.rows.size(), told.size());
    for (std::size_t i = 0; i < told.size(); ++i) {
        const auto& row = shown_there.rows.at(i);
        const json& at = told.at(i).at("location");
        EXPECT_EQ(row.at(1), at.at("file").get<std::string>() + ":" +
                                 std::to_string(at.at("start_line").get<int>()));
        EXPECT_EQ(row.at(2), told.at(i).at("name"));
        EXPECT_EQ(row.at(3), told.at(i).at("severity"));
        EXPECT_EQ(row.at(5), told.at(i).at("description"));
    }
}

TEST_P(Formats, MarkdownIsAComment) {
    std::stringstream text;
    text << std::ifstream(written("markdown")).rdbuf();
    EXPECT_LT(text.str().size(), 65536U);
    EXPECT_EQ(text.str().find("<script"), std::string::npos);
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
