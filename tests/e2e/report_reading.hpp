// Reports as others read them: held against official schemas, and by programs that were written
// to read such reports. Of `scan` and of `gate` alike.
#pragma once

#include <optional>

#include "tests/e2e/expect.hpp"

namespace stratascan::e2e {

constexpr int no_network = 75;  // of the scripts in fixtures/: EX_TEMPFAIL

inline Ran python_on(std::vector<std::string> words) {
    words.insert(words.begin(), {python(), "-W", "ignore"});
    return run({.words = std::move(words)});
}

/// What a script of fixtures/ says of a report; `skipped` says why it can't.
struct Read {
    std::string skipped;
    json said;
};

/// `script FOLDER words…`, where FOLDER keeps what it fetched. It says nothing, or JSON.
inline Read read_with(const std::string& script, std::vector<std::string> words) {
    const fs::path kept = fs::temp_directory_path() /
                          ("stratascan-" + script.substr(0, script.find('.')) + '-' +
                           std::to_string(getuid()));
    words.insert(words.begin(), {(source() / "fixtures" / script).string(), kept.string()});
    const Ran ran = python_on(std::move(words));
    Read read;
    if (ran.exit == no_network) {
        read.skipped = ran.err;
        return read;
    }
    EXPECT_EQ(ran.exit, 0) << script << '\n' << ran.out << ran.err;
    read.said = json::parse(ran.out, nullptr, false);
    return read;
}

/// SARIF and CycloneDX, against the schemas of those who define them, and our own JSON ("report")
/// against ours. Why not, or "".
inline std::string held_against_schema(const std::string& format, const fs::path& report) {
    return read_with("schemas.py", {format, report.string()}).skipped;
}

/// What GitHub's code scanning shows of SARIF: help for each rule, and of each result a place, the
/// image, and what it is known by in the next run. Hands back how many results there are.
inline std::size_t expect_code_scanning(const json& sarif) {
    std::size_t results = 0;
    for (const json& run : sarif.at("runs")) {
        const json& rules = run.at("tool").at("driver").at("rules");
        for (const json& rule : rules) {
            EXPECT_FALSE(rule.at("help").at("text").get<std::string>().empty()) << rule;
            EXPECT_FALSE(rule.at("help").at("markdown").get<std::string>().empty()) << rule;
            EXPECT_TRUE(rule.at("properties").contains("security-severity")) << rule;
        }
        EXPECT_FALSE(run.at("automationDetails").at("id").get<std::string>().empty());
        results += run.at("results").size();
        for (const json& result : run.at("results")) {
            EXPECT_EQ(rules.at(result.at("ruleIndex").get<std::size_t>()).at("id"),
                      result.at("ruleId"));
            EXPECT_FALSE(result.at("partialFingerprints").empty()) << result;
            const json& location = result.at("locations").at(0);
            EXPECT_FALSE(location.at("physicalLocation").at("artifactLocation").at("uri")
                             .get<std::string>().empty()) << result;
            const json& image = location.at("logicalLocations").at(0);
            EXPECT_EQ(image.at("kind"), "image");
            EXPECT_FALSE(image.at("name").get<std::string>().empty()) << result;
        }
    }
    return results;
}

/// What the schemas of GitLab ask for, of secret detection and of container scanning.
inline void hold_against_gitlab(const fs::path& report) {
    const Ran ran = python_on({source() / "fixtures" / "gitlab_report.py", report});
    EXPECT_EQ(ran.exit, 0) << ran.out << ran.err;
}

/// glsr-present shows each entry of the report in its page, in order. Why it can't, or "".
inline std::string gitlab_reader_shows_all(const fs::path& report) {
    if (run({.words = {"sh", "-c", "command -v chromium"}}).exit != 0) return "no chromium";
    const Read read = read_with("gitlab_reader.py", {report.string()});
    if (!read.skipped.empty()) return read.skipped;
    if (read.said.is_discarded()) {
        ADD_FAILURE() << "gitlab_reader.py says no JSON";
        return {};
    }
    const json told = json::parse(read_file(report));
    const bool container = told.at("scan").at("type") == "container_scanning";
    EXPECT_EQ(read.said.at("title"),
              container ? "Container Scanning Report" : "Secret Detection Report");
    EXPECT_EQ(read.said.at("error"), "");
    const auto rows = read.said.at("rows").get<std::vector<std::vector<std::string>>>();
    const json& entries = told.at("vulnerabilities");
    EXPECT_EQ(rows.size(), entries.size());
    for (std::size_t i = 0; i < std::min(rows.size(), entries.size()); ++i) {
        const json& at = entries.at(i).at("location");
        const std::string place =
            container ? at.at("dependency").at("package").at("name").get<std::string>()
                      : at.at("file").get<std::string>() + ':' + at.at("start_line").dump();
        EXPECT_EQ(rows[i].at(1), place);
        if (!container) {
            EXPECT_EQ(rows[i].at(2), entries.at(i).at("name"));
        }
        EXPECT_EQ(rows[i].at(3), entries.at(i).at("severity"));
        EXPECT_EQ(rows[i].at(container ? 6 : 5), entries.at(i).at("description"));
    }
    return {};
}

/// JUnit as junitparser has it: {"tests", "failures", "errors", "skipped" of the whole, "suites":
/// [{"name", "cases": [{"name", "classname", "results"}]}]}; `results` are failure, error and skipped,
/// and none where it passed.
inline Read junit_as_read(const fs::path& report) {
    return read_with("junit_reader.py", {report.string()});
}

/// HTML that cmark-gfm makes of a comment, as GitHub shows it; nothing where it is not here.
inline std::optional<std::string> shown_comment(const fs::path& comment) {
    if (run({.words = {"sh", "-c", "command -v cmark-gfm"}}).exit != 0) return std::nullopt;
    const Ran ran = run({.words = {"cmark-gfm", "--unsafe", "-e", "table", "-e", "autolink", "-e",
                                   "tagfilter", comment.string()}});
    EXPECT_EQ(ran.exit, 0) << ran.err;
    return ran.out;
}

inline std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t number = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++number;
    }
    return number;
}

}  // namespace stratascan::e2e
