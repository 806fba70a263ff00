// A gate's verdict in the formats that pipelines read: each held against the official schema
// or read with a real reader, on real recipes and on a tree whose names try to break out.
#include <array>
#include <set>

#include "tests/e2e/report_reading.hpp"

namespace stratascan::e2e {
namespace {

constexpr std::array<const char*, 10> formats = {"table", "json",   "jsonl",     "csv",  "sarif",
                                                 "gitlab", "junit", "cyclonedx", "html", "markdown"};

/// Files whose names are markup, each setuid and open to everyone, so that checks tell them.
const std::vector<std::string> hostile = {
    "<img src=x onerror=document.title='owned'>",
    "a\"onmouseover=\"document.title='owned'",
    "<script>document.title='owned'<",
    "]]><!--",
    "a|b`c``d",
    "[click](javascript:alert(1))",
    "@everyone <!-- x",
    "line\nbreak\n# heading",
    "\x1b[31mred\x1b[0m\x07",
    "=cmd|' -C calc'!A1",
    "&lt;b&gt;",
    "\xe2\x80\xae" "gpj.exe",
    "\xff\xfe not text",
};

class HostileTree {
public:
    HostileTree() {
        for (const std::string& name : hostile) {
            const fs::path file = folder_.path() / name;
            std::ofstream(file) << "no program, a text";
            fs::permissions(file, static_cast<fs::perms>(04777));
        }
        const fs::path policy = folder_.path().string() + ".toml";
        std::ofstream(policy) << "id = \"hostile\"\n[checks.setuid-files]\n[checks.world-writable]\n"
                              << "level = \"should\"\n[checks.image-age]\n[checks.tenant-isolation]\n";
        policy_ = policy;
    }
    ~HostileTree() { fs::remove(policy_); }
    HostileTree(const HostileTree&) = delete;
    HostileTree& operator=(const HostileTree&) = delete;

    [[nodiscard]] Ran gate(const std::string& format, std::vector<std::string> more = {}) const {
        std::vector<std::string> words = {"gate", "--quiet", "--no-store", "--policy",
                                          policy_.string(), "--format", format};
        words.insert(words.end(), more.begin(), more.end());
        words.push_back("dir:" + folder_.path().string());
        return stratascan(std::move(words));
    }
    [[nodiscard]] fs::path written(const std::string& format) const {
        const fs::path path = home() / ("hostile-gate." + format);
        EXPECT_EQ(gate(format, {"--output", path.string()}).exit, 1) << format;
        return path;
    }

private:
    TemporaryFolder folder_;
    fs::path policy_;
};

/// Whatever a terminal would obey.
bool has_control(const std::string& text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f;
    });
}

TEST(HostileNamesInAVerdict, ReachNoTerminalAndAreAllTold) {
    const HostileTree tree;
    for (const char* format : formats) {
        const Ran ran = tree.gate(format);
        EXPECT_EQ(ran.exit, 1) << format << ran.err;
        EXPECT_FALSE(has_control(ran.out)) << format;
        // JSON is for programs: they get the name as it is.
        if (std::string_view(format).starts_with("json")) continue;
        EXPECT_EQ(ran.out.find("\xe2\x80\xae"), std::string::npos) << format;
    }
    const json report = report_of(tree.gate("json"));
    for (const json& check : report.at("targets").at(0).at("gate").at("policies").at(0).at("checks")) {
        if (check.at("check") != "setuid-files") continue;
        EXPECT_EQ(check.at("evidence").size(), hostile.size());
    }
}

TEST(HostileNamesInAVerdict, AreTextInABrowser) {
    if (run({.words = {"sh", "-c", "command -v chromium"}}).exit != 0) GTEST_SKIP() << "no chromium";
    const HostileTree tree;
    const fs::path page = tree.written("html");
    const std::string source = read_file(page);
    EXPECT_EQ(count_of(source, "<script"), 2U) << "the data and the script of the page";
    const Ran ran = run({.words = {"chromium", "--headless", "--no-sandbox", "--disable-gpu",
                                   "--user-data-dir=" + (home() / "browser").string(), "--dump-dom",
                                   "file://" + page.string()},
                         .timeout_ms = 120'000});
    ASSERT_EQ(ran.exit, 0) << ran.err;
    EXPECT_EQ(ran.out.find("<title>owned"), std::string::npos);
    EXPECT_EQ(ran.out.find("<img"), std::string::npos);
    EXPECT_NE(ran.out.find("Policy hostile"), std::string::npos);
    EXPECT_NE(ran.out.find("is not eligible under hostile"), std::string::npos);
    EXPECT_NE(ran.out.find("aria-label=\"Checks of hostile\""), std::string::npos);
}

TEST(HostileNamesInAVerdict, AreTextInAComment) {
    const HostileTree tree;
    const auto page = shown_comment(tree.written("markdown"));
    if (!page) GTEST_SKIP() << "no cmark-gfm";
    for (const char* markup : {"<img", "<script", "<a ", "<h1"}) {
        EXPECT_EQ(page->find(markup), std::string::npos) << markup;
    }
    // Five columns, a row for the heading and one for each check that fails.
    EXPECT_EQ(count_of(*page, "<table>"), 1U) << *page;
    EXPECT_EQ(count_of(*page, "<th>"), 5U) << *page;
    EXPECT_EQ(count_of(*page, "<td>"), 10U) << *page;
}

TEST(HostileNamesInAVerdict, AreNoFormulaAndNoMarkup) {
    const HostileTree tree;
    const Ran csv = python_on(
        {"-c",
         "import csv, sys\n"
         "rows = list(csv.reader(open(sys.argv[1], newline='', encoding='utf-8')))\n"
         "assert len({len(row) for row in rows}) == 1, {len(row) for row in rows}\n"
         "assert not any(cell[:1] in '=+-@' for row in rows for cell in row if cell)\n"
         "print(sum(row[0] == 'check' for row in rows), sum(row[0] == 'evidence' for row in rows))",
         tree.written("csv").string()});
    ASSERT_EQ(csv.exit, 0) << csv.err;
    EXPECT_EQ(csv.out, "4 " + std::to_string(2 * hostile.size()) + "\n");
    const Ran xml = python_on(
        {"-c",
         "import sys, xml.etree.ElementTree as tree\n"
         "root = tree.parse(sys.argv[1]).getroot()\n"
         "suite = root.find('testsuite')\n"
         "print(suite.get('tests'), suite.get('failures'), suite.get('skipped'))\n"
         "print(len(root.findall('.//failure')), root.get('failures'))",
         tree.written("junit").string()});
    ASSERT_EQ(xml.exit, 0) << xml.err;
    EXPECT_EQ(xml.out, "5 1 1\n1 1\n");
}

TEST(SuppressedCheck, IsMarkedInEveryFormatAndFailsInNone) {
    const HostileTree tree;
    const fs::path file = home() / "gate-suppressions.toml";
    const std::string day =
        run({.words = {"date", "-u", "-d", "90 days", "+%Y-%m-%d"}}).out.substr(0, 10);
    std::ofstream(file) << "[[suppress]]\ncheck = \"setuid-files\"\nreason = \"all of them are known\"\n"
                        << "owner = \"team-web\"\nuntil = " << day << "\n";
    const auto gate = [&](const char* format) {
        const Ran ran = tree.gate(format, {"--suppressions", file.string()});
        EXPECT_EQ(ran.exit, 0) << format << ran.err;
        return ran.out;
    };
    for (const char* format : {"table", "json", "jsonl", "csv", "sarif", "gitlab", "junit", "html",
                               "markdown", "cyclonedx"}) {
        EXPECT_NE(gate(format).find("all of them are known"), std::string::npos) << format;
    }
    std::size_t suppressed = 0, open = 0;
    const json sarif = json::parse(gate("sarif"));
    for (const json& result : sarif.at("runs").at(0).at("results")) {
        (result.contains("suppressions") ? suppressed : open) += 1;
    }
    EXPECT_EQ(suppressed, 1U);
    EXPECT_EQ(open, 1U) << "what everyone may write is told and not suppressed";
    EXPECT_EQ(gate("junit").find("<failure"), std::string::npos);
    EXPECT_NE(gate("cyclonedx").find("set aside: "), std::string::npos);
}

class GateFormats : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        built_ = build_recipe(GetParam());
        if (!built_.skipped.empty()) GTEST_SKIP() << built_.skipped;
        ASSERT_EQ(built_.error, "");
        expected_ = report_of(gate("json"));
        ASSERT_TRUE(expected_.is_object());
    }

    Ran gate(const std::string& format, std::vector<std::string> more = {}) {
        std::vector<std::string> words = {"--quiet", "--no-store", "--policy",
                                          "default,forge,cis-docker", "--format", format};
        words.insert(words.end(), more.begin(), more.end());
        return scan_built(built_, std::move(words), "gate");
    }
    fs::path written(const std::string& format) {
        const fs::path path = home() / ("gate." + format);
        const Ran ran = gate(format, {"--output", path.string()});
        EXPECT_TRUE(ran.exit == 1 || ran.exit == 2) << ran.exit << ran.err;
        return path;
    }
    /// Checks of all policies of all targets for which `holds`.
    template <typename Holds>
    std::size_t checks(Holds holds) const {
        std::size_t number = 0;
        for (const json& target : expected_.at("targets")) {
            for (const json& policy : target.at("gate").at("policies")) {
                for (const json& check : policy.at("checks")) number += holds(check) ? 1 : 0;
            }
        }
        return number;
    }
    static bool shown(const json& check) {
        return check.at("outcome") == "fail" || check.at("blocks") == true;
    }

    Built built_;
    json expected_;
};

TEST_P(GateFormats, SarifHoldsAgainstItsSchemaWithAResultForEachCheck) {
    const fs::path file = written("sarif");
    if (const auto why = held_against_schema("sarif", file); !why.empty()) GTEST_SKIP() << why;
    const json sarif = json::parse(read_file(file));
    expect_code_scanning(sarif);
    std::size_t results = 0, findings = 0;
    for (const json& run : sarif.at("runs")) {
        for (const json& result : run.at("results")) {
            (result.at("ruleId").get<std::string>().find('/') == std::string::npos ? findings
                                                                                  : results) += 1;
        }
        EXPECT_FALSE(run.at("properties").at("gate").at("verdict").empty());
    }
    EXPECT_EQ(results, checks(shown));
    std::size_t wanted = 0;
    for (const json& target : expected_.at("targets")) wanted += target.at("findings").size();
    EXPECT_EQ(findings, wanted) << "findings and verdict stand in one report";
}

TEST_P(GateFormats, CycloneDxHoldsAgainstItsSchemaAndHasTheVerdict) {
    const fs::path file = written("cyclonedx");
    if (const auto why = held_against_schema("cyclonedx", file); !why.empty()) GTEST_SKIP() << why;
    EXPECT_GT(count_of(read_file(file), "\"stratascan:gate:forge:user-root\""), 0U);
}

TEST_P(GateFormats, GitlabHoldsAgainstWhatItsSchemaAsksForAndIsShown) {
    const fs::path file = written("gitlab");
    hold_against_gitlab(file);
    const json report = json::parse(read_file(file));
    EXPECT_EQ(report.at("scan").at("type"), "container_scanning");
    std::size_t of_checks = 0;
    for (const json& one : report.at("vulnerabilities")) {
        of_checks += one.at("identifiers").at(0).at("type") == "stratascan_check" ? 1 : 0;
    }
    EXPECT_EQ(of_checks, checks(shown));
    if (const auto why = gitlab_reader_shows_all(file); !why.empty()) GTEST_SKIP() << why;
}

TEST_P(GateFormats, JsonHoldsAgainstItsSchema) {
    EXPECT_EQ(held_against_schema("report", written("json")), "");
}

TEST_P(GateFormats, JunitIsReadWithACaseForEachCheck) {
    const Read read = junit_as_read(written("junit"));
    if (!read.skipped.empty()) GTEST_SKIP() << read.skipped;
    std::map<std::string, std::size_t> results, of_checks;
    std::size_t cases = 0, of_policies = 0;
    for (const json& suite : read.said.at("suites")) {
        for (const json& one : suite.at("cases")) {
            ++cases;
            // The policy's own case is called after its verdict.
            const std::string of = one.at("classname"), name = one.at("name");
            const bool is_check = of.find(" under ") != of.npos && name.find(": ") != name.npos;
            of_policies += is_check ? 1 : 0;
            for (const std::string result : one.at("results")) {
                ++results[result];
                if (is_check) ++of_checks[result];
            }
        }
    }
    EXPECT_EQ(read.said.at("tests"), cases);
    EXPECT_EQ(read.said.at("failures"), results["failure"]);
    EXPECT_EQ(read.said.at("errors"), results["error"]);
    EXPECT_EQ(read.said.at("skipped"), results["skipped"]);
    EXPECT_EQ(of_policies, checks([](const json&) { return true; }));
    EXPECT_EQ(of_checks["failure"], checks([](const json& check) { return check.at("fails") == true; }));
    EXPECT_EQ(of_checks["skipped"], checks([](const json& check) {
                  return check.at("outcome") != "pass" && check.at("outcome") != "fail" &&
                         check.at("blocks") == false;
              }));
}

TEST_P(GateFormats, JsonLinesHaveEachCheckAndTheVerdict) {
    std::istringstream lines(gate("jsonl").out);
    std::map<std::string, std::size_t> types;
    for (std::string line; std::getline(lines, line);) {
        ++types[json::parse(line).at("type").get<std::string>()];
    }
    EXPECT_EQ(types["check"], checks([](const json&) { return true; }));
    EXPECT_EQ(types["verdict"], 3 * expected_.at("targets").size());
}

TEST_P(GateFormats, CommentIsShortAndNamesEachReason) {
    const std::string text = read_file(written("markdown"));
    EXPECT_LT(text.size(), 65536U);
    EXPECT_TRUE(text.starts_with("## ")) << text.substr(0, 80);
    EXPECT_EQ(text.find("<script"), std::string::npos);
    EXPECT_NE(text.find("under `forge`"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, GateFormats,
                         testing::Values("config-everywhere", "gzip-truncated", "names-not-utf8",
                                         "names-with-control-characters", "platforms-all",
                                         "private-keys", "program-busybox"),
                         test_name);

}  // namespace
}  // namespace stratascan::e2e
