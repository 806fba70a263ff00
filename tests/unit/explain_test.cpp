// Every candidate has a fate, and every fate a name.
#include "scanner/lint/explain.hpp"

#include <gtest/gtest.h>

#include "tests/support/scanning.hpp"

namespace stratascan::lint {
namespace {

constexpr const char* rules = R"(
[[rule]]
id = "token"
title = "Token"
confidence = "medium"
pattern = '''\b(?P<secret>tst_[A-Za-z0-9]{8})\b'''
entropy = 2.5
digit = true
allow = ["^tst_1234", "9{8}$"]
[[rule]]
id = "near"
title = "Near"
pattern = '''near=(?P<secret>[a-z0-9]{8})'''
context = ["acme", "corp"]
context_within = 16
[[rule]]
id = "generic-secret"
title = "Secret"
pattern = '''secret {0,3}= {0,3}(?P<secret>[^\s]{1,40})'''
check = "generic-value"
confidence = "medium"
)";

// "rule line reason (detail)", one a line; "reported" where there is no reason.
std::string fates(std::string_view text) {
    auto set = test::rules_of(rules);
    auto database = match::Database::compile(*set);
    if (!database) throw std::runtime_error(database.error().message());
    const Engine engine{set, *database, nullptr, {}, {}};
    const auto explanation = explain(engine, text, "a/file", false);
    if (!explanation) throw std::runtime_error(explanation.error().message());
    std::string all;
    for (const Explained& one : explanation->candidates) {
        all += set->rules()[one.rule]->rule().id + ' ' + std::to_string(one.line) + ' ';
        all += one.reason.empty() ? "reported" : one.reason;
        if (!one.detail.empty()) all += " (" + one.detail + ")";
        all += '\n';
        EXPECT_NE(one.shown.find("****"), std::string::npos) << one.shown;
    }
    return all;
}

TEST(Explain, NamesTheReason) {
    EXPECT_EQ(fates("nothing here"), "");
    EXPECT_EQ(fates("a\ntst_4c1f7a3b"), "token 2 reported\n");
    EXPECT_EQ(fates("tst_11111111"), "token 1 low entropy (1.42 of 2.5 bits a byte)\n");
    EXPECT_EQ(fates("tst_abcdefgh"), "token 1 no digit\n");
    EXPECT_EQ(fates("tst_1234abcd"), "token 1 allow condition (matches '^tst_1234')\n");
    EXPECT_EQ(fates("near=4c1f7a3b"), "near 1 no context word near (none of 'acme', 'corp' within "
                                      "16 bytes)\n");
    EXPECT_EQ(fates("corp near=4c1f7a3b"), "near 1 reported\n");
    EXPECT_EQ(fates("secret = os.environ['X']"), "generic-secret 1 reference\n");
    EXPECT_EQ(fates("secret = changeme"), "generic-secret 1 placeholder\n");
}

TEST(Explain, NamesTheRuleThatTellsMore) {
    EXPECT_EQ(fates("secret = tst_4c1f7a3b"),
              "token 1 reported\ngeneric-secret 1 same bytes as a more telling rule (token)\n");
    EXPECT_EQ(fates("secret = x/tst_4c1f7a3b"),
              "generic-secret 1 overlapped by a more specific rule (token)\ntoken 1 reported\n");
}

TEST(Explain, SecretsAreShownOnlyIfAskedFor) {
    auto set = test::rules_of(rules);
    auto database = match::Database::compile(*set);
    ASSERT_TRUE(database.has_value());
    const Engine engine{set, *database, nullptr, {}, {}};
    const auto shown = explain(engine, "tst_4c1f7a3b tst_abcdefgh", "", true);
    ASSERT_TRUE(shown.has_value());
    ASSERT_EQ(shown->candidates.size(), 2U);
    EXPECT_EQ(shown->candidates[0].shown, "tst_4c1f7a3b");
    EXPECT_EQ(shown->candidates[1].shown, "tst_abcdefgh");
}

TEST(Explain, BinaryFilesHaveOffsetsAndNoLines) {
    EXPECT_EQ(fates(std::string_view("\0\ntst_4c1f7a3b", 14)), "token 0 reported\n");
}

}  // namespace
}  // namespace stratascan::lint
