// Every recipe through a store: a report from it is the report of a scan, byte for byte,
// and no planted secret is in it.
#include "tests/e2e/store.hpp"
#include "tests/e2e/secret_forms.hpp"

namespace stratascan::e2e {
namespace {

class Stored : public testing::TestWithParam<std::string> {};

TEST_P(Stored, ReportsAreThoseOfAScan) {
    const Built built = build_recipe(GetParam());
    if (!built.skipped.empty()) GTEST_SKIP() << built.skipped;
    ASSERT_EQ(built.error, "");
    const Place place;
    const Ran bare = scan_built(built, {"--format", "json", "--no-store"});
    const Ran cold = scan_with(built, place);
    const Ran warm = scan_with(built, place, {"--jobs", "1"});
    for (const Ran* ran : {&cold, &warm}) {
        EXPECT_EQ(ran->exit, bare.exit);
        EXPECT_EQ(ran->err, bare.err);
        EXPECT_TRUE(ran->out == bare.out) << (ran == &cold ? "cold" : "warm");
    }
    const bool folder = bare.out.find("\"kind\": \"directory\"") != std::string::npos;
    if (folder || bare.exit == 3) return;
    for (const char* format : {"json", "table", "jsonl"}) {
        const Ran scanned = scan_built(built, {"--format", format, "--no-store"});
        const Ran stored = stratascan({"report", "--format", format, "--store", place.file()});
        EXPECT_EQ(stored.exit, scanned.exit);
        EXPECT_TRUE(stored.out == scanned.out) << format;
    }
    EXPECT_EQ(stratascan({"store", "check", "--store", place.file()}).out, "sound\n");
}

INSTANTIATE_TEST_SUITE_P(All, Stored, testing::ValuesIn(recipe_names()), test_name);

class StoreSecrecy : public testing::TestWithParam<std::string> {};

TEST_P(StoreSecrecy, NoPlantedSecretIsInTheStore) {
    const Built built = build_recipe(GetParam());
    if (!built.skipped.empty()) GTEST_SKIP() << built.skipped;
    ASSERT_EQ(built.error, "");
    const Place place;
    ASSERT_GE(scan_with(built, place).exit, 0);
    if (!fs::exists(place.file())) GTEST_SKIP() << "nothing to keep";
    const std::string bytes = all_bytes(place);
    EXPECT_GT(bytes.size(), 1000U);
    std::size_t tried = 0;
    for (const std::string secret : built.expect.at("planted")) {
        for (const std::string& form : forms_of(secret)) {
            if (form.size() < 12) continue;
            ASSERT_EQ(bytes.find(form), std::string::npos);
        }
        if (++tried > 300) break;
    }
}

INSTANTIATE_TEST_SUITE_P(All, StoreSecrecy, testing::ValuesIn(recipe_names()), test_name);

}  // namespace
}  // namespace stratascan::e2e
