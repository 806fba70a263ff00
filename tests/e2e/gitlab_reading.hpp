// A report for GitLab as glsr-present shows it, which others wrote to show such reports.
#pragma once

#include <optional>

#include "tests/e2e/expect.hpp"

namespace stratascan::e2e {

struct ShownReport {
    std::vector<std::vector<std::string>> rows;
    std::string skipped;  ///< why there is nothing to see: no browser, no network
};

/// One row for each of the report's vulnerabilities, or a failure of the test.
inline ShownReport shown_by_gitlab_reader(const fs::path& report, const std::string& title) {
    constexpr int no_network = 75;  // of fixtures/gitlab_reader.py
    ShownReport shown;
    if (run({.words = {"sh", "-c", "command -v chromium"}}).exit != 0) {
        shown.skipped = "no chromium";
        return shown;
    }
    const fs::path kept =
        fs::temp_directory_path() / ("stratascan-reader-" + std::to_string(getuid()));
    const Ran ran = run({.words = {python(), "-W", "ignore",
                                   source() / "fixtures" / "gitlab_reader.py", kept, report}});
    if (ran.exit == no_network) {
        shown.skipped = ran.err;
        return shown;
    }
    EXPECT_EQ(ran.exit, 0) << ran.err;
    const json page = json::parse(ran.out, nullptr, false);
    if (page.is_discarded()) return shown;
    EXPECT_EQ(page.at("title"), title);
    EXPECT_EQ(page.at("error"), "");
    shown.rows = page.at("rows").get<std::vector<std::vector<std::string>>>();
    return shown;
}

}  // namespace stratascan::e2e
