// Memory is bounded by configuration, not by the input: the largest and the
// strangest layers stay under the default ceiling, and are read to their end,
// where each has a secret.
#include "tests/e2e/run.hpp"

namespace stratascan::e2e {
namespace {

class Memory : public testing::TestWithParam<std::string> {};

TEST_P(Memory, StaysUnderTheCeiling) {
    if (!memory_is_measured) GTEST_SKIP() << "sanitizers take memory of their own";
    const fs::path expect = home() / (GetParam() + ".json");
    Command command;
    command.producer = {python(), source() / "fixtures/streams.py", GetParam(), "--expect",
                        expect.string()};
    command.environment["TMPDIR"] = home();
    const Ran ran = stratascan({"scan", "--format", "json", "-"}, command);
    ASSERT_FALSE(ran.timed_out);
    EXPECT_EQ(ran.exit, 1) << ran.err;
    EXPECT_LE(ran.peak_rss, default_ceiling);

    const json report = report_of(ran);
    ASSERT_TRUE(report.is_object()) << ran.err;
    ASSERT_EQ(report.at("targets").size(), 1U);
    EXPECT_EQ(report.at("targets").at(0).at("layers").at(0).at("state"), "complete")
        << report.at("targets").at(0).at("layers").dump();
    const json wanted = json::parse(read_file(expect), nullptr, false);
    const json& findings = report.at("targets").at(0).at("findings");
    ASSERT_EQ(findings.size(), 1U) << findings.dump().substr(0, 2000);
    EXPECT_EQ(findings.at(0).at("rule"), wanted.at("rule"));
    EXPECT_EQ(findings.at(0).at("offset"), wanted.at("offset"));
}

INSTANTIATE_TEST_SUITE_P(Streams, Memory,
                         testing::Values("gzip-20g", "zstd-20g", "gzip-10g-file", "members-2m",
                                         "sparse-1t", "xz-dictionary-128m", "git-pack-1g"),
                         test_name);

// Each delta makes a large object of a few bytes: a bomb, ended like any other.
TEST(Memory, DeltasThatMakeGigabytesEndAsAGap) {
    const fs::path expect = home() / "git-deltas.json";
    Command command;
    command.producer = {python(), source() / "fixtures/streams.py", "git-deltas", "--expect",
                        expect.string()};
    const Ran ran = stratascan({"scan", "--format", "json", "-"}, command);
    ASSERT_FALSE(ran.timed_out);
    EXPECT_EQ(ran.exit, 1) << ran.err;
    if (memory_is_measured) {
        EXPECT_LE(ran.peak_rss, default_ceiling);
    }
    const json report = report_of(ran);
    ASSERT_TRUE(report.is_object()) << ran.err;
    const json& layer = report.at("targets").at(0).at("layers").at(0);
    EXPECT_EQ(layer.at("state"), "partial");
    EXPECT_NE(layer.at("gaps").dump().find("compressed more than"), std::string::npos)
        << layer.dump();
    EXPECT_EQ(report.at("targets").at(0).at("findings").size(), 1U) << "once, not once a version";
}

/// Scans an archive round which xz asks for a dictionary of 1 GiB.
Ran scan_large_dictionary(std::vector<std::string> options, const std::string& target) {
    Command command;
    command.producer = {python(), source() / "fixtures/streams.py", "xz-dictionary-1g"};
    options.insert(options.begin(), {"scan", "--format", "json"});
    options.push_back(target);
    return stratascan(std::move(options), command);
}

TEST(Memory, ADictionaryOverTheCeilingIsRefusedAndSaid) {
    if (!memory_is_measured) GTEST_SKIP() << "sanitizers take memory of their own";
    const Ran ran = scan_large_dictionary({}, "-");
    EXPECT_EQ(ran.exit, 2) << ran.err;
    EXPECT_LE(ran.peak_rss, default_ceiling);
    EXPECT_NE(ran.out.find("the stream asks for more than"), std::string::npos) << ran.out;
    // Told that it is an archive, there is nothing that could be scanned without decoding it.
    const Ran forced = scan_large_dictionary({}, "oci-archive:-");
    EXPECT_EQ(forced.exit, 3);
    EXPECT_LE(forced.peak_rss, default_ceiling);
    EXPECT_NE(forced.err.find("raise --memory"), std::string::npos) << forced.err;
}

TEST(Memory, AHigherCeilingReadsALargerDictionary) {
    if (!memory_is_measured) GTEST_SKIP() << "sanitizers take memory of their own";
    const Ran ran = scan_large_dictionary({"--memory", "2GiB"}, "-");
    EXPECT_EQ(ran.exit, 1) << ran.err;
    EXPECT_LE(ran.peak_rss, std::uint64_t{2} << 30);
    const json report = report_of(ran);
    ASSERT_TRUE(report.is_object()) << ran.err;
    EXPECT_EQ(report.at("targets").at(0).at("coverage").at("complete"), true) << ran.out;
}

TEST(Memory, ASmallerCeilingIsKeptToo) {
    if (!memory_is_measured) GTEST_SKIP() << "sanitizers take memory of their own";
    const Built built = build_recipe("every-alignment");
    ASSERT_EQ(built.error, "");
    const Ran ran = scan_built(built, {"--format", "json", "--memory", "256MiB"});
    EXPECT_EQ(ran.exit, 1) << ran.err;
    EXPECT_LE(ran.peak_rss, std::uint64_t{256} << 20);
}

}  // namespace
}  // namespace stratascan::e2e
