// Every check of the catalogue in what a user runs: each passes on an image that has what is asked
// and fails on one that has not, and what no image can answer is never passed.
#include <set>

#include "tests/e2e/gating.hpp"

namespace stratascan::e2e {
namespace {

/// Outcomes by check.
using Outcomes = std::map<std::string, std::string>;

class EveryCheck : public testing::Test {
protected:
    void SetUp() override {
        const Ran made = run({.words = {python(), source() / "fixtures/gate_images.py", here()}});
        if (made.exit == 77) GTEST_SKIP() << made.err;
        ASSERT_EQ(made.exit, 0) << made.err;
        missing_ = json::parse(made.out).at("missing").get<std::set<std::string>>();
        std::istringstream lines(stratascan({"policies", "checks"}).out);
        for (std::string line; std::getline(lines, line);) {
            if (line.empty() || line.front() == ' ') continue;
            ids_.push_back(line.substr(0, line.find(' ')));
        }
        std::ofstream policy(here() / "all.toml");
        policy << "id = \"all\"\n";
        for (const std::string& id : ids_) {
            policy << "[checks." << id << "]\n";
            if (id == "base-trusted") policy << "bases = [\"ours/**\"]\n";
            if (id == "user-ids") policy << "uid = 2000\ngid = 2000\n";
        }
        suppress("valid.toml", day(30));
        suppress("expired.toml", day(-1));
    }

    [[nodiscard]] const fs::path& here() const { return folder_.path(); }
    void suppress(const std::string& name, const std::string& until) const {
        std::ofstream(here() / name) << "[[suppress]]\nrule = \"none-of-ours\"\nreason = \"known, "
                                        "and revoked\"\nowner = \"team\"\nuntil = " << until << "\n";
    }
    [[nodiscard]] Ran judged(const std::string& image, std::vector<std::string> more) const {
        more.insert(more.end(), {"--no-store", "--policy", (here() / "all.toml").string()});
        return gate((here() / (image + ".tar")).string(), std::move(more), here());
    }
    [[nodiscard]] Outcomes outcomes(const std::string& image, std::vector<std::string> more = {}) const {
        more.insert(more.end(), {"--format", "json"});
        Outcomes all;
        const json report = report_of(judged(image, std::move(more)));
        for (const json& check : report.at("targets").at(0).at("gate").at("policies").at(0).at("checks")) {
            all[check.at("check")] = check.at("outcome");
            EXPECT_NE(check.at("reason"), "") << check;
        }
        return all;
    }

    TemporaryFolder folder_;
    std::vector<std::string> ids_;
    std::set<std::string> missing_;
};

TEST_F(EveryCheck, PassesAndFailsOnImagesThatAreMadeForIt) {
    // What files can't tell, and which tests ask a registry for it.
    const std::set<std::string> attached = {"signed", "sbom", "provenance", "vex"};
    const Outcomes good_image = outcomes("good", {"--base", here() / "good-base.tar", "--suppressions",
                                                  here() / "valid.toml"});
    const Outcomes bad_image = outcomes("bad", {"--base", here() / "bad-base.tar", "--suppressions",
                                                here() / "expired.toml"});
    const Outcomes bare = outcomes("bare");
    ASSERT_EQ(good_image.size(), ids_.size());
    std::size_t decided = 0, undecided = 0;
    for (const std::string& id : ids_) {
        if (good_image.at(id) == "undecidable") {
            ++undecided;
            EXPECT_EQ(bad_image.at(id), "undecidable") << id;
            continue;
        }
        ++decided;
        if (attached.contains(id)) {
            EXPECT_EQ(good_image.at(id), "unknown") << id;
            continue;
        }
        // That any user may write everything no image tells.
        EXPECT_EQ(good_image.at(id), id == "user-arbitrary" ? "unknown" : "pass") << id;
        if (id == "base-pinned") {
            // It fails by provenance alone (OriginChecks.BaseByAnnotationAndProvenance).
            EXPECT_EQ(bad_image.at(id), "unknown");
        } else if (id == "healthcheck") {
            EXPECT_EQ(bare.at(id), "fail");
        } else if (!missing_.contains(id)) {
            EXPECT_EQ(bad_image.at(id), "fail") << id;
        }
    }
    EXPECT_GT(decided, 45U);
    EXPECT_GT(undecided, 15U);
}

TEST_F(EveryCheck, IsNamedWithItsReasonInTheTable) {
    const Ran ran = judged("bad", {"--base", here() / "bad-base.tar"});
    EXPECT_EQ(ran.exit, 1);
    for (const std::string& id : ids_) EXPECT_NE(ran.out.find(id), std::string::npos) << id;
    // Why it is not decided stands behind it, also of what stops nothing.
    std::string words = ran.out;
    std::replace(words.begin(), words.end(), '\n', ' ');
    for (std::size_t at = 0; (at = words.find("  ", at)) != std::string::npos;) words.erase(at, 1);
    for (const char* why :
         {"tenant-isolation: what the process asks for shows only when it runs",
          "runtime-privileges, runtime-profile, mounts: set by the orchestrator",
          "use-case: a reviewer decides; what a policy exempts is listed with its use case"}) {
        EXPECT_NE(words.find(why), std::string::npos) << why << words.substr(words.find("not decidable"));
    }
}

}  // namespace
}  // namespace stratascan::e2e
