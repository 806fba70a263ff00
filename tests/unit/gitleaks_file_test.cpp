// Rule files in the form of gitleaks: what they say holds here, too, and what can't
// is named.
#include "scanner/match/gitleaks_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "scanner/engine.hpp"
#include "scanner/lint/explain.hpp"
#include "scanner/match/extension.hpp"
#include "tests/support/scanning.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan::match {
namespace {

GitleaksFile parsed(const std::string& toml) {
    auto file = parse_gitleaks_file(toml, "their.toml");
    if (!file) throw std::runtime_error(file.error().message());
    return std::move(*file);
}

test::TestEngine engine_of(const std::string& toml) {
    RuleFile file;
    file.rules = parsed(toml).rules;
    auto rules = RuleSet::build(std::move(file));
    if (!rules) throw std::runtime_error(rules.error().message());
    return test::TestEngine(*rules, {.show_secrets = true});
}

// The secrets that are found in a text, one behind the other.
std::string found(const std::string& toml, std::string_view text) {
    auto engine = engine_of(toml);
    std::string all;
    for (const Finding& finding : engine.scan_text(text)) all += finding.clear_text + ' ';
    return all;
}

bool noted(const std::vector<std::string>& notes, std::string_view begin, std::string_view what) {
    return std::any_of(notes.begin(), notes.end(), [&](const std::string& note) {
        return note.starts_with(begin) && note.find(what) != std::string::npos;
    });
}

std::string joined(const std::vector<std::string>& notes) {
    std::string all;
    for (const std::string& note : notes) all += note + '\n';
    return all;
}

TEST(GitleaksFile, IsKnownByItsTables) {
    EXPECT_TRUE(is_gitleaks_file("title = 'x'\n[[rules]]\nid = 'a'\n"));
    EXPECT_TRUE(is_gitleaks_file("[extend]\nuseDefault = true\n"));
    EXPECT_TRUE(is_gitleaks_file("[allowlist]\npaths = ['a']\n"));
    EXPECT_FALSE(is_gitleaks_file("[[rule]]\nid = 'a'\n"));
    EXPECT_FALSE(is_gitleaks_file("[[rule]]\nid = 'a'\n[[rules]]\nid = 'a'\n"));
    EXPECT_FALSE(is_gitleaks_file("[[program]]\nid = 'a'\n"));
    EXPECT_FALSE(is_gitleaks_file(""));
    EXPECT_FALSE(is_gitleaks_file("[[rules"));
}

TEST(GitleaksFile, CarriesARuleOver) {
    const GitleaksFile file = parsed(R"(
[[rules]]
id = "acme"
description = "ACME token"
regex = '''acme_[a-z0-9]{8}'''
keywords = ["ACME_"]
tags = ["key", "acme"]
)");
    ASSERT_EQ(file.rules.size(), 1U);
    EXPECT_EQ(joined(file.notes), "");
    const Rule& rule = file.rules.front();
    EXPECT_EQ(rule.id, "acme");
    EXPECT_EQ(rule.title, "ACME token");
    EXPECT_EQ(rule.note, "tags: key, acme");
    EXPECT_EQ(rule.line, 2U);
    EXPECT_EQ(rule.file, "their.toml");
    EXPECT_TRUE(rule.context.empty()) << "every match has the keyword";
}

TEST(GitleaksFile, TakesTheSecretsGroup) {
    const std::string rule = "[[rules]]\nid = 'a'\nregex = '''(key)_(?:[a-z]\\()(x|(?P<secret>y))="
                             "([0-9(]{4})[)(]'''\n";
    EXPECT_EQ(found(rule + "secretGroup = 4\n", "key_q(y=73(1("), "73(1 ");
    EXPECT_EQ(found(rule + "secretGroup = 1\n", "key_q(y=73(1("), "key ");
    EXPECT_EQ(found(rule, "key_q(y=73(1("), "key ") << "the first group without a number";
    const GitleaksFile wrong = parsed(rule + "secretGroup = 5\n");
    EXPECT_TRUE(noted(wrong.notes, "their.toml:1: rule \"a\": ", "`secretGroup` is 5"));
}

TEST(GitleaksFile, TakesTheFirstGroupThatHoldsAnything) {
    const std::string rule = "[[rules]]\nid = 'a'\nregex = '''token(?:=([a-z0-9]{4})|:([a-z0-9]{4}))'''";
    EXPECT_EQ(found(rule, "token=4c1f token:9d2e"), "4c1f 9d2e ");
    const std::string plain = "[[rules]]\nid = 'a'\nregex = '''token=[a-z0-9]{4}'''";
    EXPECT_EQ(found(plain, "token=4c1f"), "token=4c1f ");
}

TEST(GitleaksFile, AsksForMoreThanTheEntropy) {
    const std::string rule = "[[rules]]\nid = 'a'\nregex = '''token=([a-z0-9]{4})'''\nentropy = ";
    EXPECT_EQ(found(rule + "2", "token=4c1f"), "") << "two bits, and no more";
    EXPECT_EQ(found(rule + "1.9", "token=4c1f"), "4c1f ");
}

TEST(GitleaksFile, LooksForKeywordsNearAMatch) {
    const std::string rule =
        "[[rules]]\nid = 'a'\nregex = '''token=([a-z0-9]{4})'''\nkeywords = ['acme', 'ac']\n";
    EXPECT_TRUE(noted(parsed(rule).notes, "their.toml:1: rule \"a\": ", "`keywords`"));
    EXPECT_EQ(found(rule, "token=4c1f"), "");
    EXPECT_EQ(found(rule, "# Acme\ntoken=4c1f"), "4c1f ");
}

TEST(GitleaksFile, IsFoundByKeywordsWhereTheExpressionHasNoLiteral) {
    const std::string rule =
        "[[rules]]\nid = 'a'\nregex = '''\\b[a-f0-9]{12}\\b'''\nkeywords = ['acme']\n";
    EXPECT_TRUE(noted(parsed(rule).notes, "their.toml:1: rule \"a\": ", "of a keyword"));
    EXPECT_EQ(found(rule, "ACME 4c1f7a3b9d2e"), "4c1f7a3b9d2e ");
    EXPECT_EQ(found(rule, "4c1f7a3b9d2e"), "");
}

TEST(GitleaksFile, IsLookedForAsAWholeOrRefused) {
    const std::string narrow = "[[rules]]\nid = 'a'\nregex = '''\\b[a-f0-9]{12}\\b'''\n";
    EXPECT_TRUE(noted(parsed(narrow).notes, "their.toml:1: rule \"a\": ", "as a whole"));
    EXPECT_EQ(found(narrow, "is 4c1f7a3b9d2e so"), "4c1f7a3b9d2e ");
    const GitleaksFile wide = parsed("[[rules]]\nid = 'a'\nregex = '''[a-f0-9]{300}'''\n");
    EXPECT_TRUE(wide.rules.empty());
    EXPECT_TRUE(noted(wide.notes, "their.toml:1: rule \"a\": not carried over", "no literal"));
}

TEST(GitleaksFile, BoundsAMatchOfAnyLength) {
    const std::string rule = "[[rules]]\nid = 'a'\nregex = '''token=([a-z0-9]{4,})'''\n";
    EXPECT_TRUE(noted(parsed(rule).notes, "their.toml:1: rule \"a\": ", "any length"));
    EXPECT_EQ(found(rule, "token=4c1f7a3b9d2e"), "4c1f7a3b9d2e ");
}

// Of two files with the same secret, those whose findings are reported.
std::string files_with_findings(const std::string& toml) {
    auto engine = engine_of(toml);
    const std::string text = "x = 1\ntoken=4c1f7a3b  # prod\n";
    test::TarBuilder tar;
    tar.file("etc/app.env", text).file("srv/test/app.yaml", text);
    std::string names;
    for (const auto& one : engine.scan(tar.finish()).findings) names += one.finding.path + ' ';
    return names;
}

TEST(GitleaksFile, KeepsToPathsAndAllowlists) {
    const std::string rule = "[[rules]]\nid = 'a'\nregex = '''token=([a-z0-9]{8})'''\n";
    const std::string both = "etc/app.env srv/test/app.yaml ";
    EXPECT_EQ(files_with_findings(rule), both);
    EXPECT_EQ(files_with_findings(rule + "path = '''\\.env$'''"), "etc/app.env ");
    EXPECT_EQ(files_with_findings(rule + "path = '''^/etc/'''"), "etc/app.env ");
    const auto with = [&](const std::string& list) {
        return files_with_findings(rule + "[[rules.allowlists]]\n" + list);
    };
    EXPECT_EQ(with("paths = ['''/test/''']"), "etc/app.env ");
    EXPECT_EQ(with("regexes = ['''^4c''']"), "");
    EXPECT_EQ(with("regexes = ['''^token''']"), both) << "that is the match, not the secret";
    EXPECT_EQ(with("regexes = ['''^token''']\nregexTarget = 'match'"), "");
    EXPECT_EQ(with("regexes = ['''# prod$''']\nregexTarget = 'line'"), "");
    EXPECT_EQ(with("regexes = ['''x = 1''']\nregexTarget = 'line'"), both) << "another line";
    EXPECT_EQ(with("stopwords = ['1F7A']"), "") << "of any case";
    EXPECT_EQ(with("condition = 'AND'\npaths = ['''/test/''']\nstopwords = ['1f7a']"),
              "etc/app.env ");
    EXPECT_EQ(with("condition = 'AND'\npaths = ['''/test/''']\nstopwords = ['none']"), both);
    EXPECT_EQ(with("condition = 'AND'\npaths = ['''/test/''']\nregexes = ['''none''']"), both);
    EXPECT_EQ(with("condition = 'OR'\npaths = ['''/test/''']\nstopwords = ['none']"),
              "etc/app.env ");
    EXPECT_EQ(files_with_findings(rule + "[rules.allowlist]\npaths = ['''/test/''']"),
              "etc/app.env ");
}

TEST(GitleaksFile, NamesWhatItCannotCarryOver) {
    struct Loss {
        const char* lines;
        const char* says;
    };
    const std::vector<Loss> losses = {
        {"regex = '''token(?=x)'''", "not carried over: `regex`"},
        {"regex = 'token'\nsecretGroup = 'one'", "`secretGroup` not carried over"},
        {"regex = 'token'\nentropy = 9", "`entropy` not carried over"},
        {"regex = 'token'\npath = '('", "`path` not carried over"},
        {"regex = 'token'\nkeywords = 'x'", "`keywords` not carried over"},
        {"regex = 'token'\nskipReport = true", "`skipReport` not carried over"},
        {"regex = 'token'\n[[rules.required]]\nid = 'b'", "without its companions"},
        {"regex = 'tök[eé]n'", "beyond ASCII"},
        {"path = 'id_rsa'", "no `regex`"},
        {"description = 'x'", "no `regex`"},
        {"regex = 'token'\n[rules.allowlist]\ncommits = ['abc']", "an image has none"},
        {"regex = 'token'\n[rules.allowlist]\nregexes = ['(']", "allowlist: `(` not carried over"},
        {"regex = 'token'\n[rules.allowlist]\nregexTarget = 'file'", "`regexTarget`"},
        {"regex = 'token'\n[rules.allowlist]\ncondition = 'NOT'", "`condition`"},
        {"regex = 'token'\n[rules.allowlist]\nfiles = ['x']", "`files` not carried over"},
        {"regex = 'token'\n[rules.allowlist]\ncondition = 'AND'\ncommits = ['a']\npaths = ['b']",
         "wants all of its parts"},
    };
    for (const Loss& loss : losses) {
        const GitleaksFile file = parsed(std::string("[[rules]]\nid = 'a'\n") + loss.lines);
        EXPECT_TRUE(noted(file.notes, "their.toml:1: rule \"a\": ", loss.says))
            << loss.lines << '\n' << joined(file.notes);
    }
    EXPECT_TRUE(noted(parsed("[[rules]]\nregex = 'token'").notes, "their.toml:1: ", "no `id`"));
    EXPECT_TRUE(noted(parsed("[extend]\nurl = 'x'").notes, "their.toml:1: ", "`extend.url`"));
    EXPECT_TRUE(noted(parsed("[other]\nx = 1").notes, "their.toml:1: ", "`other`"));
    EXPECT_FALSE(parse_gitleaks_file("[[rules", "their.toml").has_value());
}

class GitleaksExtend : public ::testing::Test {
protected:
    std::string write(std::string_view name, std::string_view text) {
        return home_.write(name, text);
    }
    test::PrivateHome home_;
};

TEST_F(GitleaksExtend, AnotherFile) {
    write("base.toml", "[[rules]]\nid = 'a'\nregex = 'token_a'\n[[rules]]\nid = 'b'\nregex = "
                       "'token_b'\n[[rules]]\nid = 'c'\nregex = 'token_c'\n");
    const std::string path = write(
        "own.toml", "[extend]\npath = 'base.toml'\ndisabledRules = ['a', 'none']\n"
                    "[[rules]]\nid = 'b'\nregex = 'other_b'\n"
                    "[[rules]]\nid = 'c'\n[[rules.allowlists]]\nstopwords = ['x']\n"
                    "[[allowlists]]\ntargetRules = ['b']\nstopwords = ['y']\n");
    const auto extension = read_extension({path});
    ASSERT_TRUE(extension.has_value()) << extension.error().message();
    ASSERT_EQ(extension->rules.rules.size(), 2U);
    EXPECT_EQ(extension->rules.rules[0].pattern, "other_b");
    ASSERT_EQ(extension->rules.rules[0].allowlists.size(), 1U);
    EXPECT_EQ(extension->rules.rules[0].allowlists[0].stopwords.front(), "y");
    ASSERT_EQ(extension->rules.rules[1].allowlists.size(), 1U);
    EXPECT_TRUE(noted(extension->notes, path + ":1: ", "no rule \"none\"")) << joined(extension->notes);
}

TEST_F(GitleaksExtend, WhatARuleDoesNotSayIsThatOfTheOneItStandsFor) {
    write("base.toml", "[[rules]]\nid = 'a'\ndescription = 'A token'\nregex = 'token_a'\nentropy = 3.5\n"
                       "path = 'conf$'\n[[rules.allowlists]]\nstopwords = ['x']\n");
    const std::string path = write("own.toml", "[extend]\npath = 'base.toml'\n[[rules]]\nid = 'a'\n"
                                               "regex = 'other_a'\n[[rules.allowlists]]\nstopwords = ['y']\n");
    const auto extension = read_extension({path});
    ASSERT_TRUE(extension.has_value()) << extension.error().message();
    ASSERT_EQ(extension->rules.rules.size(), 1U);
    const Rule& rule = extension->rules.rules[0];
    EXPECT_EQ(rule.pattern, "other_a");
    EXPECT_EQ(rule.title, "A token");
    EXPECT_NEAR(rule.entropy, 3.5, 1e-9);
    EXPECT_EQ(rule.path, "conf$");
    ASSERT_EQ(rule.allowlists.size(), 2U);
    EXPECT_EQ(rule.allowlists[1].stopwords.front(), "x");
}

TEST_F(GitleaksExtend, WhatIsNotTakenFromARuleWithoutAnExpressionIsSaid) {
    const std::string path = write(
        "own.toml", "[extend]\nuseDefault = true\n[[rules]]\nid = 'npm-access-token'\nentropy = 5.5\n"
                    "keywords = ['k']\npath = 'x$'\nsecretGroup = 1\n[[rules.allowlists]]\nstopwords = ['y']\n");
    const auto extension = read_extension({path});
    ASSERT_TRUE(extension.has_value()) << extension.error().message();
    for (const char* const key : {"`entropy`", "`keywords`", "`path`", "`secretGroup`"}) {
        EXPECT_TRUE(noted(extension->notes, path + ":3: ", key)) << joined(extension->notes);
    }
    EXPECT_EQ(extension->allowances.size(), 1U);
}

TEST_F(GitleaksExtend, ACircleIsAnError) {
    const std::string path = write("own.toml", "[extend]\npath = 'own.toml'\n");
    const auto extension = read_extension({path});
    ASSERT_FALSE(extension.has_value());
    EXPECT_EQ(extension.error().code, ErrorCode::over_limit);
}

TEST_F(GitleaksExtend, TheCarriedRules) {
    const std::string path = write(
        "own.toml", "[extend]\nuseDefault = true\ndisabledRules = ['npm-access-token', 'none']\n"
                    "[allowlist]\nstopwords = ['zz9']\n"
                    "[[rules]]\nid = 'acme'\nregex = '''acme_[a-z0-9]{8}'''\n");
    const auto engine = load_engine(std::vector{path});
    ASSERT_TRUE(engine.has_value()) << engine.error().message();
    EXPECT_TRUE(noted(engine->notes, path + ":1: ", "no rule \"none\"")) << joined(engine->notes);
    // What makes a scan tell less is said, so that nobody's file does it unseen.
    EXPECT_TRUE(noted(engine->notes, path + ":1: ", "leaves out 1 of the program's own rules"))
        << joined(engine->notes);
    EXPECT_TRUE(noted(engine->notes, path + ":4: ", "counts for all of the program's own rules"))
        << joined(engine->notes);
    bool acme = false;
    for (const auto& compiled : engine->rules->rules()) {
        EXPECT_NE(compiled->rule().id, "npm-access-token");
        EXPECT_EQ(compiled->rule().allowlists.size(), 1U) << compiled->rule().id;
        acme = acme || compiled->rule().id == "acme";
    }
    EXPECT_TRUE(acme);
    const auto explained = lint::explain(*engine, "acme_4c1fzz9x and acme_4c1f7a3b", "", false);
    ASSERT_TRUE(explained.has_value());
    ASSERT_EQ(explained->candidates.size(), 2U);
    EXPECT_EQ(explained->candidates[0].reason, "allowlist");
    EXPECT_EQ(explained->candidates[1].reason, "");
}

}  // namespace
}  // namespace stratascan::match
