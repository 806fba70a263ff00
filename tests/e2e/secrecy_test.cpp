// No secret leaves in the clear: not in any format, not on standard error, not
// in base64 of whatever alignment, whatever the image did to smuggle it there.
#include <array>

#include "tests/e2e/run.hpp"
#include "tests/e2e/secret_forms.hpp"

namespace stratascan::e2e {
namespace {

class Secrecy : public testing::TestWithParam<std::string> {};

TEST_P(Secrecy, NoOutputHoldsAPlantedSecret) {
    const Built built = build_recipe(GetParam());
    if (!built.skipped.empty()) GTEST_SKIP() << built.skipped;
    ASSERT_EQ(built.error, "");
    std::vector<std::string> forms;
    for (const std::string secret : built.expect.at("planted")) {
        for (std::string& form : forms_of(secret)) {
            if (form.size() >= 12) forms.push_back(std::move(form));
        }
        if (forms.size() > 1000) break;
    }
    if (forms.empty()) GTEST_SKIP() << "nothing planted";
    for (const std::string& format :
         std::vector<std::string>{"json", "jsonl", "table", "csv", "sarif", "gitlab", "junit",
                                   "cyclonedx", "markdown", "html", "gate json", "gate table"}) {
        const bool gate = format.starts_with("gate ");
        const Ran ran =
            gate ? scan_built(built, {"--format", format.substr(5), "--policy", "forge,checklist"},
                              "gate")
                 : scan_built(built, {"--format", format, "--stats"});
        ASSERT_GE(ran.exit, 0);
        for (const std::string& form : forms) {
            ASSERT_EQ(ran.out.find(form), std::string::npos) << "in the " << format;
            ASSERT_EQ(ran.err.find(form), std::string::npos) << "on standard error";
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, Secrecy, testing::ValuesIn(recipe_names()), test_name);

TEST(Secrecy, ShowSecretsIsTheOnlyWayToSeeThem) {
    const Built built = build_recipe("gzip-single-member");
    ASSERT_EQ(built.error, "");
    const std::string secret = built.expect.at("planted").at(0);
    EXPECT_EQ(scan_built(built, {"--format", "json"}).out.find(secret), std::string::npos);
    EXPECT_NE(scan_built(built, {"--format", "json", "--show-secrets"}).out.find(secret),
              std::string::npos);
}

TEST(Secrecy, ASecretIsKnownByAKeyedNameThatStays) {
    const Built built = build_recipe("blob-shared");
    ASSERT_EQ(built.error, "");
    const json report = report_of(scan_built(built, {"--format", "json"}));
    const json& first = report.at("targets").at(0).at("findings").at(0);
    const json& second = report.at("targets").at(1).at("findings").at(0);
    const std::string id = first.at("secret_id");
    EXPECT_EQ(id, second.at("secret_id")) << "the same secret in two images";
    EXPECT_TRUE(id.starts_with("hmac-sha256:"));
    EXPECT_EQ(id.size(), std::string("hmac-sha256:").size() + 64);

    const fs::path key = home() / "another.key";
    std::ofstream(key) << std::string(32, 'k');
    fs::permissions(key, fs::perms::owner_read | fs::perms::owner_write);
    const json other =
        report_of(scan_built(built, {"--format", "json", "--key-file", key.string()}));
    EXPECT_NE(other.at("targets").at(0).at("findings").at(0).at("secret_id"), id)
        << "under another key";
}

}  // namespace
}  // namespace stratascan::e2e
