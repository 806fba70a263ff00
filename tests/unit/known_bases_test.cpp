// Tables of base images: the program's own, users' ones, and what is wrong with them.
#include <gtest/gtest.h>

#include <set>

#include "scanner/policy/known_bases.hpp"
#include "tests/support/scanning.hpp"

namespace {

using namespace stratascan;

std::string digest(char digit) { return "sha256:" + std::string(64, digit); }

TEST(KnownBases, TheProgramsOwn) {
    std::set<std::string> lines, names;
    for (const policy::BaseImage& base : policy::known_bases()) {
        ASSERT_EQ(base.names.size(), 1U);
        EXPECT_FALSE(base.layer_digests.empty());
        EXPECT_TRUE(lines.insert(base.names[0] + base.platform + base.layer_digests[0]).second)
            << base.names[0];
        names.insert(base.names[0]);
    }
    EXPECT_GE(names.size(), 40U);
    for (const char* name : {"alpine:latest", "debian:trixie-slim", "ubuntu:24.04", "busybox:musl"}) {
        EXPECT_TRUE(names.contains(name)) << name;
    }
}

TEST(KnownBases, LinesOfATable) {
    const auto read = policy::parse_known_bases(
        "# a comment\n\nours:1\tlinux/amd64\t2026-01-01\t" + digest('a') + "," + digest('b') +
            "\nours:2\tlinux/arm64\tunknown\t" + digest('c') + "\t" + digest('d') + "\r\n",
        "t.tsv");
    ASSERT_TRUE(read) << read.error().message();
    ASSERT_EQ(read->size(), 2U);
    EXPECT_EQ((*read)[0].layer_digests, (std::vector<std::string>{digest('a'), digest('b')}));
    EXPECT_TRUE((*read)[0].diff_ids.empty());
    EXPECT_EQ((*read)[1].names, std::vector<std::string>{"ours:2"});
    EXPECT_EQ((*read)[1].diff_ids, std::vector<std::string>{digest('d')});
}

TEST(KnownBases, AWrongLineIsNamed) {
    for (const std::string& line : std::vector<std::string>
         {"ours:1", "ours:1\tlinux/amd64\t2026\t", "ours:1\tlinux/amd64\t2026\tsha256:abc",
          "ours:1\t\t2026\t" + digest('a'),
          "ours:1\tx\t2026\t" + digest('a') + "\t" + digest('b') + "," + digest('c')}) {
        const auto read = policy::parse_known_bases("\n" + line + "\n", "t.tsv");
        ASSERT_FALSE(read) << line;
        EXPECT_EQ(read.error().where, "t.tsv:2");
        EXPECT_FALSE(read.error().what.empty());
    }
    const auto none = policy::load_known_bases("/nonexistent/t.tsv");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::not_found);
}

// Whoever has a base's layer has it by its checked digest, compressed or not.
TEST(KnownBases, ProveALayerByItsDigestOrItsDiffId) {
    const auto bases = policy::parse_known_bases(
        "ours:1\tlinux/amd64\t2026-01-01\t" + digest('a') + "\t" + digest('b') + "\n", "t.tsv");
    ASSERT_TRUE(bases);
    TargetReport report;
    report.layers.resize(2);
    LayerReport& lowest = report.layers[0];
    lowest.state = LayerState::complete;
    lowest.digest = digest('a');
    EXPECT_EQ(policy::proved_base(report, *bases).names, std::vector<std::string>{"ours:1"});
    lowest.digest = digest('b');
    lowest.compression = "none";
    EXPECT_EQ(policy::proved_base(report, *bases).layers, 1);
    lowest.compression = "gzip";
    EXPECT_EQ(policy::proved_base(report, *bases).layers, -1) << "a blob of another name";
    lowest.digest = digest('a');
    lowest.state = LayerState::failed;
    EXPECT_EQ(policy::proved_base(report, *bases).layers, -1) << "it only claims to be";
}

}  // namespace
