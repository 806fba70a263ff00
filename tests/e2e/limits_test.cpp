// Limits: that each has an option, that reaching it is a gap and exit code 2 (the recipes
// `limit-…`, which Recipe.* holds to that as well), and that the same image is read to its
// end by default. How far real images stay below each is bench/limits.py.
#include <set>

#include "tests/e2e/expect.hpp"

namespace stratascan::e2e {
namespace {

std::vector<std::string> limit_recipes() {
    std::vector<std::string> names;
    for (const std::string& name : recipe_names()) {
        if (name.starts_with("limit-")) names.push_back(name);
    }
    return names;
}

/// The "--max-…" of a text, each once.
std::set<std::string> options_in(const std::string& text) {
    std::set<std::string> options;
    for (std::size_t at = text.find("--max-"); at != text.npos; at = text.find("--max-", at + 1)) {
        options.insert(text.substr(at, text.find_first_of(" ,\n", at) - at));
    }
    return options;
}

class Limits : public testing::TestWithParam<std::string> {};

TEST_P(Limits, EndWhatIsOverThemAndNothingByDefault) {
    Built built = build_recipe(GetParam());
    ASSERT_EQ(built.error, "");
    const std::vector<std::string> common = {"--format", "json", "--no-store"};
    check_report(built.expect, scan_built(built, common));

    json& arguments = built.expect.at("arguments");
    ASSERT_TRUE(arguments.at(0).get<std::string>().starts_with("--max-"));
    arguments.erase(0);
    arguments.erase(0);
    const Ran ran = scan_built(built, common);
    EXPECT_EQ(ran.exit, built.expect.at("findings").empty() ? 0 : 1) << ran.err;
    const json report = report_of(ran);
    ASSERT_TRUE(report.is_object()) << ran.err;
    for (const json& target : report.at("targets")) {
        EXPECT_EQ(target.at("coverage").at("complete"), true) << target.dump().substr(0, 2000);
    }
}

INSTANTIATE_TEST_SUITE_P(All, Limits, testing::ValuesIn(limit_recipes()), test_name);

TEST(LimitOptions, EachIsTried) {
    std::set<std::string> tried;
    for (const std::string& name : limit_recipes()) {
        const Built built = build_recipe(name);
        ASSERT_EQ(built.error, "");
        tried.insert(built.expect.at("arguments").at(0).get<std::string>());
    }
    EXPECT_EQ(options_in(stratascan({"scan", "--help"}).out), tried);
}

// A ratio of none to one would be a division by zero past the first gigabytes.
TEST(LimitOptions, NoneIsAskedForThatMeansNothing) {
    for (const char* const value : {"0", "-1", "many", "1e3000"}) {
        const Ran ran = stratascan({"scan", "--no-store", "--max-ratio", value, "x"});
        EXPECT_EQ(ran.exit, 3) << value;
        EXPECT_NE(ran.err.find("--max-ratio"), std::string::npos) << ran.err;
    }
}

}  // namespace
}  // namespace stratascan::e2e
