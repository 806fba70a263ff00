// A token that is assigned to a plain name is told as what the names round it and its own form
// say that it is.
#include "scanner/match/sections.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/support/scanning.hpp"

namespace stratascan::match {
namespace {

TEST(Sections, FormIsWhatTheGroupHolds) {
    EXPECT_EQ(secret_form(R"(name=(?P<secret>[0-9a-f]{32})\b)"), "[0-9a-f]{32}");
    EXPECT_EQ(secret_form(R"((?i)x(?P<secret>a(?:b|[)\]]{2})\)c)d)"), R"((?i)a(?:b|[)\]]{2})\)c)");
    EXPECT_EQ(secret_form("no group"), "");
    EXPECT_EQ(secret_form("(?P<secret>open"), "open");
}

// Where "@" stands in the text is the secret; which of "acme" and "newforge" it stands under.
std::string under(std::string_view text) {
    Sections sections;
    sections.add("acme", 1);
    sections.add("newforge", 2);
    const std::size_t at = text.find('@');
    EXPECT_NE(at, std::string_view::npos);
    const auto section = sections.find(text, at, at + 1, [](std::uint32_t) { return true; });
    return section ? std::string(section->name) : "";
}

TEST(Sections, NamesStandAsConfigurationIsWritten) {
    for (const std::string_view text : {
             "[acme]\nenabled = true\nkey = @\n",
             "[providers.acme]\n\n# a key\nkey = \"@\"\n",
             "services:\n  acme:\n    site: eu\n\n    key: @\n",
             "acme:\n  - name: x\n    auth:\n      key: \"@\"\n",
             R"({"acme": {"key": "@"}})",
             "{\n\"acme\":\n{\n\"site\": \"x\", \"tags\": [\"a\", \"b\"],\n\"key\": \"@\"\n}\n}\n",
             "provider \"acme\" {\n  region = \"x\"\n  key = \"@\"\n}\n",
             "<acme><key>@</key></acme>",
             "<acme>\n  <on>1</on>\n  <key>@</key>\n</acme>\n",
             "'acme' => [\n   'key' => '@',\n],\n",
             "Acme.configure do |c|\n  c.key = '@'\nend\n",
             "const client = new AcmeClient({ key: '@' });\n",
             "client = acme.Client(\n    site='x',\n    key='@')\n",
             "# Keys of ACME\nSITE=x\nKEY=@\n",
             "ACME_SITE=x; acme login --key @\n",
             "curl -H 'X-Api-Key: @' 'https://api.acme.example/v1'\n",
         }) {
        EXPECT_EQ(under(text), "acme") << text;
    }
    for (const std::string_view text : {
             "[new-forge]\nkey = @\n", "new_forge:\n  key: @\n", "NewForge({key: '@'})",
             "newForge: {key: '@'}", "NEW_FORGE login @", "newforge.key @",
         }) {
        EXPECT_EQ(under(text), "newforge") << text;
    }
}

TEST(Sections, TheNearestNameCounts) {
    EXPECT_EQ(under("newforge:\n  acme:\n    key: @\n"), "acme");
    EXPECT_EQ(under("{\"newforge\": {\"acme\": {\"key\": \"@\"}}}"), "acme");
    EXPECT_EQ(under("[newforge]\nkey = 1\n[acme]\nkey = @\n"), "acme");
    EXPECT_EQ(under("# newforge\nnew = 1\n\n# acme\nkey = @\n"), "acme");
}

TEST(Sections, OfAnothersSectionNothingIsSaid) {
    for (const std::string& text : {
             std::string("{\"acme\": {\"key\": 1}, \"other\": {\"key\": \"@\"}}"),
             std::string("acme:\n  key: 1\nother:\n  key: @\n"),
             std::string("acme(1)\nkey = '@'\n"),
             std::string("[acme]\nkey = 1\n[other]\nkey = @\n"),
             std::string("# acme\nkey = 1\n\nkey = @\n"),
             std::string("pharmacmeans({key: '@'})"),
             std::string("acme:\n") + std::string(section_sight, '\n') + "  key: @\n",
             std::string("key: @\n  acme: 1\n"),
             std::string("@"), std::string("\n\n@\n"),
         }) {
        EXPECT_EQ(under(text), "") << text;
    }
}

constexpr std::string_view rule_text = R"(
[[rule]]
id = "generic-key"
title = "Key"
confidence = "low"
pattern = '\bkey"?\s?[=:]\s?"?(?P<secret>[0-9a-z]{32,40})\b'
anchors = ["key=", "key =", "key:", "key\":"]

[[rule]]
id = "acme-key"
title = "Acme key"
severity = "critical"
confidence = "high"
pattern = '(?i:acme)[\w .\-]{0,40}[=:]\s?(?P<secret>[0-9a-f]{32})\b'
section = ["acme"]
digit = true
anchors = ["acme"]
nocase = true
)";

std::string drawn(test::Random& random, std::string_view letters, std::size_t size) {
    std::string text;
    while (text.size() < size) text += letters[random.number(0, letters.size() - 1)];
    return text;
}

Finding found(const std::string& text) {
    test::TestEngine engine(rule_text);
    auto findings = engine.scan_text(text);
    EXPECT_EQ(findings.size(), 1U) << text;
    return findings.empty() ? Finding{} : findings[0];
}

TEST(Sections, AGenericFindingIsToldAsWhatItIs) {
    test::Random random(4);
    const std::string hex = drawn(random, "0123456789abcdef", 32);
    const Finding in_section = found("[acme]\nkey = " + hex + "\n");
    EXPECT_EQ(in_section.rule, "acme-key");
    EXPECT_EQ(in_section.severity, Severity::critical);
    EXPECT_EQ(in_section.confidence, Confidence::medium);
    EXPECT_EQ(in_section.evidence_detail, "stands under the name acme");
    EXPECT_EQ(in_section.offset, 13U);
    // One in the token's own name is as sure as its rule says.
    EXPECT_EQ(found("acme_key = " + hex + "\n").confidence, Confidence::high);
    // Of another form, or what the rule's conditions drop, stays what it was.
    for (const std::string& other : {hex + "z", drawn(random, "abcdef", 32)}) {
        const Finding generic = found("[acme]\nkey = " + other + "\n");
        EXPECT_EQ(generic.rule, "generic-key");
        EXPECT_EQ(generic.confidence, Confidence::low);
    }
    EXPECT_EQ(found("[other]\nkey = " + hex + "\n").rule, "generic-key");
}

TEST(Sections, NamesAreChecked) {
    const auto refused = [](std::string_view section, std::string_view pattern) {
        auto file = parse_rule_file("[[rule]]\nid = \"a-key\"\ntitle = \"A\"\npattern = '" +
                                   std::string(pattern) + "'\nsection = [\"" +
                                   std::string(section) + "\"]\n", "r.toml");
        EXPECT_TRUE(file.has_value());
        const auto built = file ? RuleSet::build(std::move(*file)) : std::unexpected(file.error());
        return built ? std::string() : built.error().what;
    };
    constexpr std::string_view sound = "acme=(?P<secret>[a-z]{20})";
    EXPECT_EQ(refused("acme", sound), "");
    for (const std::string_view name : {"", "ac", "Acme", "ac-me", "ac_me"}) {
        EXPECT_NE(refused(name, sound).find("is no name"), std::string::npos) << name;
    }
    EXPECT_NE(refused("acme", "acme=[a-z]{20}").find("no group `secret`"), std::string::npos);
}

}  // namespace
}  // namespace stratascan::match
