// The same input gives the same report, byte for byte, whatever the number of
// threads that worked on it.
#include "tests/e2e/run.hpp"

namespace stratascan::e2e {
namespace {

class Determinism : public testing::TestWithParam<std::string> {};

TEST_P(Determinism, ReportDoesNotDependOnJobs) {
    const Built built = build_recipe(GetParam());
    if (!built.skipped.empty()) GTEST_SKIP() << built.skipped;
    ASSERT_EQ(built.error, "");
    for (const char* format : {"json", "jsonl", "table"}) {
        const Ran first = scan_built(built, {"--format", format, "--jobs", "1", "--no-store"});
        ASSERT_GE(first.exit, 0) << first.err;
        for (const char* jobs : {"2", "8"}) {
            const Ran other = scan_built(built, {"--format", format, "--jobs", jobs, "--no-store"});
            EXPECT_EQ(first.exit, other.exit);
            // Not EXPECT_EQ on megabytes: its difference takes longer than the scan.
            EXPECT_TRUE(first.out == other.out) << format << " differs with --jobs " << jobs;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    Some, Determinism,
    testing::Values("every-alignment", "dense-with-hits", "dense-over-the-limit",
                    "many-small-files", "one-long-line", "opaque-deletes", "blob-shared",
                    "same-layer-twice", "docker-archive-old", "docker-archive-disagrees",
                    "platforms-all", "config-everywhere", "gzip-truncated", "wrong-digest",
                    "oci-archive-stdin", "nested-two-and-three-fold",
                    "nested-across-windows", "nested-damaged", "nested-names-with-secrets",
                     "git-loose", "git-packed", "sqlite-rows", "folder-root", "packages-of-dpkg",
                     "key-and-certificate", "program-renamed", "two-targets",
                    "packages-of-rpm-sqlite", "packages-of-rpm-berkeley", "program-evidence",
                    "encoded-containers", "encoded-bombs"),
    test_name);

TEST(Determinism, TwoRunsGiveTheSameBytes) {
    const Built built = build_recipe("private-keys");
    ASSERT_EQ(built.error, "");
    const Ran first = scan_built(built, {"--format", "json", "--no-store"});
    const Ran second = scan_built(built, {"--format", "json", "--no-store"});
    EXPECT_GT(first.out.size(), 100U);
    EXPECT_TRUE(first.out == second.out);
}

}  // namespace
}  // namespace stratascan::e2e
