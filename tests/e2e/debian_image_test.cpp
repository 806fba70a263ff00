// The image that `make scan` builds: a real Debian 12 tree with planted secrets.
// Every planted secret is found, every program of it that is known is named, and
// nothing else is reported.
#include "tests/e2e/expect.hpp"

namespace stratascan::e2e {
namespace {

TEST(DebianImage, HoldsWhatWasPlantedAndNothingElse) {
    if (setting("STRATASCAN_OFFLINE", "") == "1") GTEST_SKIP() << "needs the package archive";
    const TemporaryFolder folder;
    const fs::path given = setting("STRATASCAN_DEBIAN_IMAGE", "");
    const fs::path out = given.empty() ? folder.path() / "debian" : given;
    if (given.empty()) {
        const Ran made =
            run({.words = {python(), source() / "fixtures/debian_image.py", out.string()}});
        if (made.exit == 77) GTEST_SKIP() << made.err;
        ASSERT_EQ(made.exit, 0) << made.err;
    }
    Built built;
    built.folder = out;
    built.expect = json::parse(read_file(out.string() + ".expect.json"), nullptr, false);
    ASSERT_TRUE(built.expect.is_object());
    const Ran ran = scan_built(built, {"--format", "json"});
    check_report(built.expect, ran);
    const json report = json::parse(ran.out, nullptr, false);
    const json& target = report.at("targets").at(0);
    EXPECT_EQ(target.at("image").at("distribution"), json({{"id", "debian"}, {"version", "12"}}));

    const Ran components = scan_built(built, {"--format", "cyclonedx"});
    std::size_t named = 0;
    const json listed = json::parse(components.out, nullptr, false);
    for (const json& one : listed.at("components")) {
        if (!one.contains("purl")) continue;
        const std::string purl = one.at("purl");
        EXPECT_TRUE(purl.starts_with("pkg:deb/debian/")) << purl;
        EXPECT_TRUE(purl.ends_with("&distro=debian-12")) << purl;
        ++named;
    }
    EXPECT_GT(named, 10U) << "most programs belong to packages";
    for (const std::string secret : built.expect.at("planted")) {
        EXPECT_EQ(ran.out.find(secret), std::string::npos);
    }
}

}  // namespace
}  // namespace stratascan::e2e
