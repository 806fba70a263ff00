// Every recipe of fixtures/ is scanned, and the report says exactly what the
// recipe put there: each finding with its place, what hides it and which layer
// did, each layer's state, each gap, the exit code; and nothing else.
#include "tests/e2e/expect.hpp"

namespace stratascan::e2e {
namespace {

class Recipe : public testing::TestWithParam<std::string> {};

TEST_P(Recipe, IsReportedAsItWasBuilt) {
    const Built built = build_recipe(GetParam());
    if (!built.skipped.empty()) GTEST_SKIP() << built.skipped;
    ASSERT_EQ(built.error, "");
    check_report(built.expect, scan_built(built, {"--format", "json"}));
}

INSTANTIATE_TEST_SUITE_P(All, Recipe, testing::ValuesIn(recipe_names()), test_name);

TEST(Recipes, ThereAreMany) { EXPECT_GT(recipe_names().size(), 100U); }

}  // namespace
}  // namespace stratascan::e2e
