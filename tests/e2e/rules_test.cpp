// The subcommands of `rules`, as their users run them: exit codes, what goes to
// which output, and the words of their lines.
#include "tests/e2e/run.hpp"

namespace stratascan::e2e {
namespace {

constexpr const char* sound = R"([[rule]]
id = "acme-token"
title = "ACME token"
pattern = '''\b(?P<secret>acme_[a-z0-9]{12})\b'''
reference = "https://acme.example/tokens"
examples = ["key: acme_{{lowernum:12}}"]
counter_examples = ["key: acmeX{{lowernum:12}}"]
)";

fs::path write(const std::string& name, const std::string& text) {
    const fs::path path = home() / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(RulesCommand, ListIsATableOrJson) {
    const Ran table = stratascan({"rules", "list"});
    EXPECT_EQ(table.exit, 0);
    EXPECT_TRUE(has(table.out, "SECRET")) << table.out.substr(0, 200);
    EXPECT_TRUE(has(table.out, "npm-access-token"));
    EXPECT_TRUE(has(table.out, "PROGRAM"));
    const Ran ran = stratascan({"rules", "list", "--format", "json"});
    EXPECT_EQ(ran.exit, 0);
    const json rules = report_of(ran);
    ASSERT_TRUE(rules.is_object());
    EXPECT_EQ(rules.at("schema"), "stratascan/rules/1");
    EXPECT_GE(rules.at("secrets").size(), 80U);
    for (const char* member : {"id", "title", "severity", "confidence", "file", "line"}) {
        EXPECT_TRUE(rules.at("secrets").at(0).contains(member)) << member;
    }
    EXPECT_GE(rules.at("programs").size(), 10U);
}

TEST(RulesCommand, ShowTellsEverythingOfARule) {
    const Ran ran = stratascan({"rules", "show", "npm-access-token"});
    EXPECT_EQ(ran.exit, 0);
    for (const char* part : {"npm access token", "critical", "npm-crc", "patterns/secrets/",
                             "{{crc32b62}}", "anchors", "width"}) {
        EXPECT_TRUE(has(ran.out, part)) << part << '\n' << ran.out;
    }
    EXPECT_EQ(stratascan({"rules", "show", "busybox"}).exit, 0) << "a program";
    const Ran none = stratascan({"rules", "show", "no-such-rule"});
    EXPECT_EQ(none.exit, 3);
    EXPECT_TRUE(has(none.err, "no-such-rule"));
}

TEST(RulesCommand, HelpIsThereForEach) {
    for (const char* name : {"list", "show", "lint", "test", "explain"}) {
        const Ran ran = stratascan({"rules", name, "--help"});
        EXPECT_EQ(ran.exit, 0) << name;
        EXPECT_TRUE(has(ran.out, "Usage")) << ran.out;
    }
}

TEST(RulesCommand, ShippedRulesLintClean) {
    const Ran ran = stratascan({"rules", "lint"});
    EXPECT_EQ(ran.exit, 0) << ran.out;
    EXPECT_TRUE(has(ran.out, "no problem")) << ran.out;
    EXPECT_TRUE(has(ran.out, "slowest to compile: ")) << ran.out;
}

TEST(RulesCommand, LintNamesFileLineAndRule) {
    const fs::path good = write("good.toml", sound);
    EXPECT_EQ(stratascan({"rules", "lint", good}).exit, 0);
    std::string text = sound;
    text.replace(text.find("{12})"), 5, "{12,})");
    const fs::path bad = write("bad.toml", text);
    const Ran ran = stratascan({"rules", "lint", bad});
    EXPECT_EQ(ran.exit, 1);
    EXPECT_TRUE(has(ran.out, bad.string() + ":1: rule \"acme-token\": ")) << ran.out;
    EXPECT_EQ(stratascan({"rules", "lint", "/no/such.toml"}).exit, 3);
}

// A rule's id is a stranger's word, as all of its file is.
TEST(RulesCommand, NoIdReachesATerminalAsItIs) {
    const fs::path file = write("escape.toml", "[[rule]]\nid = \"a\\u001b[2J\"\ntitle = \"T\"\n"
                                               "pattern = 'acme_[a-z]{8}'\n");
    for (const char* const command : {"lint", "test"}) {
        const Ran ran = stratascan({"rules", command, file});
        EXPECT_EQ((ran.out + ran.err).find('\x1b'), std::string::npos) << command;
        EXPECT_TRUE(has(ran.out + ran.err, "a\\x1B[2J")) << command << ran.out << ran.err;
    }
}

TEST(RulesCommand, StrictLintTakesAdvice) {
    std::string text = sound;
    text.erase(text.find("reference"), std::string("reference = \"https://acme.example/tokens\"\n").size());
    const fs::path file = write("advice.toml", text);
    EXPECT_EQ(stratascan({"rules", "lint", file}).exit, 0);
    const Ran strict = stratascan({"rules", "lint", "--strict", file});
    EXPECT_EQ(strict.exit, 1);
    EXPECT_TRUE(has(strict.out, "where the format comes from")) << strict.out;
}

TEST(RulesCommand, TestSaysWhichRulesPass) {
    const Ran good = stratascan({"rules", "test", write("good.toml", sound)});
    EXPECT_EQ(good.exit, 0);
    EXPECT_EQ(good.out, "ok    acme-token  1 example, 1 counter-example\n"
                        "1 rule: 1 passed, 0 failed\n");
    std::string text = sound;
    text.replace(text.find("acmeX"), 5, "acme_");
    const Ran bad = stratascan({"rules", "test", write("bad.toml", text)});
    EXPECT_EQ(bad.exit, 1);
    EXPECT_EQ(bad.out, "FAIL  acme-token  counter-example 1: reported, with 0 bytes of padding "
                       "(seed 1)\n1 rule: 0 passed, 1 failed\n");
    EXPECT_EQ(stratascan({"rules", "test", "/no/such.toml"}).exit, 3);
}

TEST(RulesCommand, ExplainTellsEachFate) {
    const fs::path rules = write("good.toml", sound);
    const fs::path file =
        write("settings.ini", "[a]\nkey = acme_4c1f7a3b9d2e\npassword = \"changeme\"\n");
    const Ran ran = stratascan({"rules", "explain", "--rules", rules, file});
    EXPECT_EQ(ran.exit, 0) << ran.err;
    EXPECT_TRUE(has(ran.out, file.string() + ":2  acme-token  acme_**** (17 characters)\n"
                                             "    reported: high, high confidence, pattern\n"))
        << ran.out;
    EXPECT_TRUE(has(ran.out, file.string() + ":3  generic-")) << ran.out;
    EXPECT_TRUE(has(ran.out, "\n    dropped: ")) << ran.out;
    EXPECT_FALSE(has(ran.out, "4c1f7a3b9d2e"));
    const Ran shown = stratascan({"rules", "explain", "--show-secrets", "--rules", rules, file});
    EXPECT_TRUE(has(shown.out, "acme_4c1f7a3b9d2e")) << shown.out;
    Command command;
    command.input_file = fs::absolute(file);
    const Ran piped = stratascan({"rules", "explain", "--rules", rules, "-"}, command);
    EXPECT_TRUE(has(piped.out, "standard input:2  acme-token")) << piped.out;
    EXPECT_EQ(stratascan({"rules", "explain", "/no/such/file"}).exit, 3);
}

TEST(RulesCommand, ScanTakesTheRulesOfGitleaks) {
    const fs::path rules = write("their.toml", R"(title = "ours"
[extend]
useDefault = true
[[rules]]
id = "acme"
description = "ACME token"
regex = '''acme_[a-z0-9]{12}'''
keywords = ["acme_"]
[[rules.allowlists]]
commits = ["0123456789"]
paths = ['''^test/''']
)");
    const TemporaryFolder folder;
    for (const char* name : {"app", "test"}) {
        fs::create_directories(folder.path() / name);
        std::ofstream(folder.path() / name / "settings") << "key = acme_4c1f7a3b9d2e\n";
    }
    const Ran ran = stratascan({"scan", "--format", "json", "--rules", rules,
                                "dir:" + folder.path().string()});
    EXPECT_EQ(ran.exit, 1) << ran.err;
    EXPECT_TRUE(has(ran.err, rules.string() + ":4: rule \"acme\": allowlist: `commits` not carried "
                                              "over")) << ran.err;
    const json report = report_of(ran);
    ASSERT_TRUE(report.is_object());
    const json& findings = report.at("targets").at(0).at("findings");
    ASSERT_EQ(findings.size(), 1U) << findings.dump();
    EXPECT_EQ(findings.at(0).at("path"), "app/settings");
    EXPECT_EQ(findings.at(0).at("rule"), "acme");
}

// The lines of --stats that count what was dropped.
std::string dropped_of(const Ran& ran) {
    const std::size_t from = ran.err.find("\ndropped");
    return from == std::string::npos ? "" : ran.err.substr(from, ran.err.find("\nsieve", from) - from);
}

TEST(RulesCommand, StatsCountWhatWasDroppedWhateverTheThreads) {
    const TemporaryFolder folder;
    for (int i = 0; i < 40; ++i) {
        std::ofstream file(folder.path() / ("settings" + std::to_string(i)));
        for (int line = 0; line < 2000; ++line) {
            file << "password = \"changeme\"\npassword = \"" << line % 7 << "changeit\"\n";
        }
    }
    const std::string target = "dir:" + folder.path().string();
    const Ran one = stratascan({"scan", "--stats", "--jobs", "1", target});
    const Ran four = stratascan({"scan", "--stats", "--jobs", "4", target});
    EXPECT_TRUE(has(dropped_of(one), " candidates\n")) << one.err;
    EXPECT_EQ(dropped_of(one), dropped_of(four));
}

}  // namespace
}  // namespace stratascan::e2e
