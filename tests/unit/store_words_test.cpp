// What people write in questions to the store: patterns of paths, ranges of versions.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scanner/store/glob.hpp"
#include "scanner/store/version_range.hpp"

namespace {

using stratascan::store::compare_versions;
using stratascan::store::Glob;
using stratascan::store::VersionRange;

bool fits(std::string_view pattern, std::string_view path) { return Glob(pattern).matches(path); }

TEST(StoreGlob, WithoutASlashItIsTheLastName) {
    EXPECT_TRUE(fits("id_rsa", "root/.ssh/id_rsa"));
    EXPECT_TRUE(fits("id_rsa", "id_rsa"));
    EXPECT_FALSE(fits("id_rsa", "root/id_rsa/config"));
    EXPECT_TRUE(fits("*.pem", "etc/ssl/a.pem"));
    EXPECT_TRUE(fits("id_[re]*", "x/id_ed25519"));
    EXPECT_FALSE(fits("id_[!re]*", "x/id_ed25519"));
    EXPECT_TRUE(fits("?", "a/b"));
}

TEST(StoreGlob, WithASlashItIsTheWholePath) {
    EXPECT_TRUE(fits("/etc/*.conf", "etc/a.conf"));
    EXPECT_FALSE(fits("/etc/*.conf", "etc/a/b.conf")) << "a star stays in its folder";
    EXPECT_TRUE(fits("/etc/**/b.conf", "etc/a/c/b.conf"));
    EXPECT_TRUE(fits("/etc/**/b.conf", "etc/b.conf"));
    EXPECT_FALSE(fits("/etc/**/b.conf", "etc/ab.conf"));
    EXPECT_FALSE(fits("/etc/a**/b.conf", "etc/ab.conf")) << "those stars end before a slash";
    EXPECT_TRUE(fits("/etc/a**/b.conf", "etc/a/b.conf"));
    EXPECT_TRUE(fits("/etc/a**/b.conf", "etc/ac/d/b.conf"));
    EXPECT_TRUE(fits("**/.ssh/*", "home/x/.ssh/id"));
    EXPECT_TRUE(fits("etc/**", "etc/a/b/c"));
    EXPECT_FALSE(fits("etc/**", "usr/etc/a"));
    EXPECT_TRUE(fits("a/*/c/**/e*", "a/b/c/d/d/ef"));
    EXPECT_FALSE(fits("a/*/c/**/e*", "a/b/b/c/d/ef"));
}

TEST(StoreGlob, HostilePatternsEnd) {
    const std::string path(5000, 'a');
    std::string stars;
    for (int i = 0; i < 500; ++i) stars += "*a";
    EXPECT_FALSE(fits(stars + "b", path));
    std::string doubles;
    for (int i = 0; i < 500; ++i) doubles += "**a";
    EXPECT_FALSE(fits(doubles + "b", path));
    EXPECT_FALSE(fits("[", "a"));
    EXPECT_TRUE(fits("[", "["));
    EXPECT_FALSE(fits("[a", "a"));
}

TEST(StoreGlob, TellsWhatAnIndexCanUse) {
    EXPECT_EQ(Glob("/etc/ssl/*.pem").prefix(), "etc/ssl/");
    EXPECT_EQ(Glob("**/id_rsa").base(), "id_rsa");
    EXPECT_EQ(Glob("**/id_*").base(), std::nullopt);
    EXPECT_EQ(Glob("*[/ ]").base(), std::nullopt) << "that slash is in a set";
    EXPECT_TRUE(Glob("id_*").of_base());
    EXPECT_FALSE(Glob("a/id_*").of_base());
}

TEST(StoreVersions, AreComparedAsPeopleDo) {
    const std::vector<std::string> ascending = {"0.9",    "1.0.1rc1", "1.0.1",  "1.0.2",
                                                "1.0.2k", "1.0.2l",   "1.0.10", "1.2",
                                                "7.9",    "7.88.1",   "10"};
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        for (std::size_t j = 0; j < ascending.size(); ++j) {
            EXPECT_TRUE(compare_versions(ascending[i], ascending[j]) == (i <=> j))
                << ascending[i] << ' ' << ascending[j];
        }
    }
    EXPECT_TRUE(compare_versions("1.02", "1.2") == 0);
    EXPECT_TRUE(compare_versions("v1.2", "1.2") == 0);
    EXPECT_TRUE(compare_versions("1.2-alpha", "1.2") < 0);
    EXPECT_TRUE(compare_versions("1.2-1", "1.2") > 0);
}

TEST(StoreVersions, RangesHoldAllTheirParts) {
    const auto holds = [](std::string_view range, std::string_view version) {
        const auto parsed = VersionRange::parse(range);
        EXPECT_TRUE(parsed) << range;
        return parsed && parsed->holds(version);
    };
    EXPECT_TRUE(holds("<7.88", "7.87.9"));
    EXPECT_FALSE(holds("<7.88", "7.88"));
    EXPECT_TRUE(holds("<=7.88", "7.88"));
    EXPECT_TRUE(holds(">=1.2,<2", "1.9.9"));
    EXPECT_FALSE(holds(">=1.2,<2", "2.0"));
    EXPECT_FALSE(holds(">= 1.2 , < 2", "1.1"));
    EXPECT_TRUE(holds("1.36.1", "1.36.1"));
    EXPECT_FALSE(holds("=1.36.1", "1.36.2"));
    EXPECT_TRUE(holds("!=1", "2"));
    EXPECT_FALSE(holds("<99", "")) << "an unknown version is in no range";
}

TEST(StoreVersions, WhatIsNoRangeIsRefused) {
    for (const char* text : {"", "<", "<,>2", "abc", "1 2", ">=1.2,", "<<1", "=>1"}) {
        EXPECT_FALSE(VersionRange::parse(text)) << text;
    }
}

}  // namespace
