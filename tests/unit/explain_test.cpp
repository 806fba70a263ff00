// Every candidate has a fate, and every fate a name.
#include "scanner/lint/explain.hpp"

#include <gtest/gtest.h>

#include "tests/support/encodings.hpp"
#include "tests/support/scanning.hpp"
#include "tests/support/tar_builder.hpp"

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
        all += one.finding.rule + ' ' + std::to_string(one.finding.line) + ' ';
        for (const std::string& step : one.finding.inner_path) all += step + ' ';
        all += one.reason.empty() ? "reported" : one.reason;
        if (!one.detail.empty()) all += " (" + one.detail + ")";
        all += '\n';
        EXPECT_NE(one.finding.redacted.find("****"), std::string::npos) << one.finding.redacted;
    }
    for (const Gap& gap : explanation->gaps) all += "gap: " + gap.reason + '\n';
    return all;
}

TEST(Explain, NamesTheReason) {
    EXPECT_EQ(fates("nothing here"), "");
    EXPECT_EQ(fates("a\ntst_4c1f7a3b"), "token 2 reported\n");
    EXPECT_EQ(fates("tst_11111111"), "token 1 low entropy (1.42 of 2.5 bits a byte)\n");
    EXPECT_EQ(fates("tst_abcdefgh"), "token 1 no digit\n");
    EXPECT_EQ(fates("tst_1234abcd"), "token 1 sequential characters (matches '^tst_1234')\n");
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
    EXPECT_EQ(shown->candidates[0].finding.clear_text, "tst_4c1f7a3b");
    EXPECT_EQ(shown->candidates[1].finding.clear_text, "tst_abcdefgh");
}

TEST(Explain, BinaryFilesHaveOffsetsAndNoLines) {
    EXPECT_EQ(fates(std::string_view("\0\ntst_4c1f7a3b", 14)), "token 0 reported\n");
}

TEST(Explain, SeesThroughEncodings) {
    // Behind "x: " the encoded text begins a word of its own.
    const std::string lines = "one: tst_1234abcd\nsecret = os.environ['X']\ntwo: tst_4c1f7a3b\n";
    EXPECT_EQ(fates("x: " + test::base64(lines)),
              "token 1 base64 sequential characters (matches '^tst_1234')\n"
              "generic-secret 1 base64 reference\ntoken 1 base64 reported\n");
    EXPECT_EQ(fates(test::utf16_little("\ntst_11111111 and more\n")),
              "token 2 utf-16le low entropy (1.42 of 2.5 bits a byte)\n");
    // A generic rule's name and value that are none: the bytes round them are no text.
    std::string noise = "secret = kX9wq72mZb4T\n";
    for (int i = 0; i < 40; ++i) noise += static_cast<char>(0x01 + i % 7);
    EXPECT_EQ(fates("x: " + test::base64(noise)),
              "generic-secret 1 base64 decoded bytes that are no text\n");
}

TEST(Explain, LooksIntoContainers) {
    const std::string text = "a\ntst_1234abcd\ntst_4c1f7a3b\n";
    const std::string archive =
        test::TarBuilder().file("etc/a.conf", text).file("b.gz", test::gzip(text)).finish();
    const std::string inside = " sequential characters (matches '^tst_1234')\n";
    EXPECT_EQ(fates(test::gzip(archive)),
              "token 2 gzip b.gz gzip" + inside + "token 3 gzip b.gz gzip reported\n" +
                  "token 2 gzip etc/a.conf" + inside + "token 3 gzip etc/a.conf reported\n");
}

TEST(Explain, TellsWhatItSawTwiceAndWhatItCouldNotRead) {
    // Stored as it is, the secret is seen in the archive's bytes, too; and the damaged
    // end of a compression is not read.
    const std::string archive = test::TarBuilder().file("a", "tst_4c1f7a3b\n").finish();
    EXPECT_EQ(fates(archive), "token 0 told with its way into the container\n"
                              "token 1 a reported\n");
    std::string cut = test::gzip(std::string(5000, ' ') + "tst_4c1f7a3b\nand the end of it\n");
    cut.resize(cut.size() - 9);
    const std::string told = fates(cut);
    EXPECT_NE(told.find("token 1 gzip reported\ngap: "), std::string::npos) << told;
}

TEST(Explain, LongPathsAreWhole) {
    auto set = test::rules_of(rules);
    auto database = match::Database::compile(*set);
    ASSERT_TRUE(database.has_value());
    const Engine engine{set, *database, nullptr, {}, {}};
    const std::string path = std::string(300, 'd') + "/file";
    const auto explanation = explain(engine, "tst_4c1f7a3b", path, false);
    ASSERT_TRUE(explanation.has_value()) << explanation.error().message();
    ASSERT_EQ(explanation->candidates.size(), 1U);
    EXPECT_EQ(explanation->candidates[0].finding.path, path);
}

}  // namespace
}  // namespace stratascan::lint
