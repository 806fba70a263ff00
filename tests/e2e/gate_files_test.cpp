// What the gate reads in an image's own files: bills of materials, and hosts.
#include "tests/e2e/gating.hpp"

namespace stratascan::e2e {
namespace {

// The bill is the one that this program writes, of the very image that it is put into.
TEST(GateFiles, ProgramsOfABillAmongTheFilesAreAccountedFor) {
    Layout layout;
    layout.config(good);
    layout.insert(layout.files("tool", {{"opt/tool", {read_file("/bin/busybox"), 0755}}}));
    const std::string policy = (layout.folder() / "policy.toml").string();
    std::ofstream(policy) << "id = \"bill\"\n[checks.sbom]\n[checks.sbom-complete]\n";
    const auto ask = [&] { return verdict_of(layout.target(), {"--policy", policy, "--no-store"}); };
    const json without = ask();
    EXPECT_EQ(outcome(without, "sbom"), "unknown");
    EXPECT_EQ(outcome(without, "sbom-complete"), "fail");
    const Ran bill = stratascan({"scan", layout.target(), "--format", "cyclonedx", "--no-store"});
    ASSERT_NE(bill.out.find("\"opt/tool\""), std::string::npos) << bill.out;
    layout.insert(layout.files("bill", {{"var/lib/db/sbom/tool.cdx.json", {bill.out, 0644}}}));
    const json with = ask();
    EXPECT_EQ(outcome(with, "sbom"), "pass");
    EXPECT_NE(check_of(with, "sbom").dump().find("a bill of materials: CycloneDX 1."), std::string::npos)
        << check_of(with, "sbom").dump(1);
    EXPECT_EQ(outcome(with, "sbom-complete"), "pass") << check_of(with, "sbom-complete").dump(1);
    layout.insert(layout.files("bill", {{"var/lib/db/sbom/tool.cdx.json", {"no bill", 0644}}}));
    const json broken = ask();
    EXPECT_EQ(outcome(broken, "sbom"), "unknown");
    EXPECT_EQ(outcome(broken, "sbom-complete"), "fail") << "the last layer's file counts";
}

TEST(GateFiles, HostsOfTheApplicationsFilesAreHints) {
    Layout layout;
    layout.config(good);
    layout.insert(layout.files(
        "app", {{"app/settings.yaml", {"api: https://api.shop.de/v1\n", 0644}},
                {"app/node_modules/x/index.js", {"fetch('https://of-a-module.de/')\n", 0644}}}));
    const std::string policy = (layout.folder() / "policy.toml").string();
    std::ofstream(policy) << "id = \"hosts\"\n[checks.egress]\n";
    const json report = verdict_of(layout.target(), {"--policy", policy, "--no-store"});
    EXPECT_EQ(outcome(report, "egress"), "pass");
    const std::string told = check_of(report, "egress").dump();
    EXPECT_NE(told.find("names the host api.shop.de"), std::string::npos) << told;
    EXPECT_EQ(told.find("of-a-module"), std::string::npos) << told;
}

}  // namespace
}  // namespace stratascan::e2e
