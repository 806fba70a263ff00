// The linter: a sound rule has no problem; each fault is a problem that names file,
// line and rule. The rules that are shipped are linted in rules_test.cpp.
#include "scanner/lint/lint.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "scanner/lint/trial.hpp"
#include "tests/support/scanning.hpp"

namespace stratascan::lint {
namespace {

constexpr const char* sound = R"([[rule]]
id = "acme-token"
title = "ACME token"
pattern = '''\b(?P<secret>acme_[a-z0-9]{12})\b'''
reference = "https://acme.example/tokens"
examples = ["key: acme_{{lowernum:12}}"]
counter_examples = ["key: acmeX{{lowernum:12}}"]
)";

class Lint : public ::testing::Test {
protected:
    std::string write(std::string_view name, std::string_view text) {
        return home_.write(name, text);
    }
    LintReport linted(const std::string& path) {
        auto report = lint_files({path});
        if (!report) throw std::runtime_error(report.error().message());
        return std::move(*report);
    }
    // With one line of the sound rule put in place of another.
    LintReport with(const std::string& line, const std::string& instead) {
        std::string text = sound;
        text.replace(text.find(line), line.size(), instead);
        return linted(write("own.toml", text));
    }
    static ::testing::AssertionResult tells(const std::vector<Error>& errors,
                                            std::string_view where, std::string_view what) {
        auto result = ::testing::AssertionFailure() << "no \"" << what << "\" in:";
        for (const Error& error : errors) {
            const std::string message = error.message();
            if (message.find(where) != std::string::npos &&
                message.find(what) != std::string::npos) {
                return ::testing::AssertionSuccess();
            }
            result << '\n' << message;
        }
        return result;
    }

    test::PrivateHome home_;
};

TEST_F(Lint, SoundRuleHasNoProblem) {
    const LintReport report = linted(write("own.toml", sound));
    for (const Error& problem : report.problems) ADD_FAILURE() << problem.message();
    EXPECT_TRUE(report.advice.empty());
    EXPECT_EQ(report.rules, 1U);
    EXPECT_EQ(report.examples, 2U);
    EXPECT_EQ(report.slowest, "acme-token");
}

TEST_F(Lint, EveryFaultIsAProblemAtItsPlace) {
    const std::string here = "own.toml:1: rule \"acme-token\": ";
    EXPECT_TRUE(tells(with("acme_[a-z0-9]{12}", "acme[a-z0-9]{12}").problems, here, "4 bytes"));
    EXPECT_TRUE(tells(with("{12})", "{12,})").problems, here, "any length"));
    EXPECT_TRUE(tells(with("title = \"ACME token\"\n", "").problems, here, "`title`"));
    EXPECT_TRUE(tells(with("examples = [\"key: acme_{{lowernum:12}}\"]\n", "").problems, here,
                      "no example"));
    EXPECT_TRUE(tells(with("key: acme_{{lowernum:12}}", "key: acme_{{lowernum:11}}").problems,
                      here, "example 1: not found, with 0 bytes"));
    EXPECT_TRUE(tells(with("key: acme_{{lowernum:12}}", "key: {{nothing:12}}").problems, here,
                      "example 1: "));
    EXPECT_TRUE(tells(with("acmeX{{", "acme_{{").problems, here, "counter-example 1: reported"));
    EXPECT_TRUE(tells(with("reference = \"https://acme.example/tokens\"\n", "").advice, here,
                      "where the format comes from"));
    EXPECT_TRUE(tells(with("id = \"acme-token\"", "id = \"ACME_token\"").problems, "ACME_token",
                      "kebab case"));
    EXPECT_TRUE(tells(with("id = \"acme-token\"", "id = \"npm-access-token\"").problems,
                      "own.toml:1: rule \"npm-access-token\"", "the id stands at patterns/"));
}

TEST_F(Lint, TellsEveryMistakeOfAFileAtOnce) {
    const LintReport report = linted(write(
        "own.toml", "[[rule]]\nid = \"a\"\nseverity = \"bad\"\nconfidence = \"sure\"\nentrpy = 3\n"
                    "[[rule]]\nid = \"b\"\npattern = 'abcd('\n"));
    EXPECT_TRUE(tells(report.problems, "own.toml:3: rule \"a\"", "`severity`"));
    EXPECT_TRUE(tells(report.problems, "own.toml:4: rule \"a\"", "`confidence`"));
    EXPECT_TRUE(tells(report.problems, "own.toml:5: rule \"a\"", "`entrpy`"));
    EXPECT_TRUE(tells(report.problems, "own.toml:6: rule \"b\"", ""));
}

TEST_F(Lint, ShortLiteralNeedsItsReason) {
    std::string text = sound;
    text.replace(text.find("acme_[a"), 5, "acme");
    text.replace(text.find("acme_{{"), 5, "acme");
    text.replace(text.find("acmeX{{"), 5, "acmX");
    EXPECT_FALSE(linted(write("own.toml", text)).problems.empty());
    text += "short_literal_reason = \"the vendor's prefix has no more\"\n";
    const LintReport report = linted(write("own.toml", text));
    for (const Error& problem : report.problems) ADD_FAILURE() << problem.message();
    const LintReport needless =
        linted(write("own.toml", std::string(sound) + "short_literal_reason = \"none\"\n"));
    EXPECT_TRUE(tells(needless.advice, "acme-token", "explains what is not so"));
}

TEST_F(Lint, FileThatIsNotThereIsAnError) {
    EXPECT_FALSE(lint_files({home_.path("none.toml")}).has_value());
    EXPECT_FALSE(load_files({home_.path("none.toml")}).has_value());
}

// A file of the project's patterns/ stands for what the program carries of it.
TEST_F(Lint, OwnPatternFilesCanBeLintedBeforeTheyAreBuilt) {
    const auto loaded = load_files({STRATASCAN_SOURCE "/patterns/secrets/github.toml"});
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
    EXPECT_GE(loaded->rules.size(), 5U);
    const auto failed = try_examples(loaded->engine, loaded->rules);
    ASSERT_TRUE(failed.has_value());
    EXPECT_TRUE(failed->empty());
}

TEST_F(Lint, OtherFormIsLintedWithoutWhatItCannotHave) {
    const LintReport report =
        linted(write("own.toml", "[[rules]]\nid = 'ACME'\nregex = '''acme_[a-z0-9]{8}'''\n"
                                 "[[rules]]\nid = 'b'\nregex = '''[a-z0-9]{300}'''\n"));
    EXPECT_EQ(report.problems.size(), 1U);
    EXPECT_TRUE(tells(report.problems, "own.toml:4: rule \"b\"", "not carried over: "));
    EXPECT_EQ(report.rules, 1U);
    EXPECT_EQ(report.notes.size(), 1U);
}

TEST_F(Lint, AFileOfGitleaksIsLintedToo) {
    const LintReport report = linted(write("their.toml", R"(title = "theirs"
[[rules]]
id = "acme-token"
regex = '''\bacme_[a-z0-9]{12}\b'''
keywords = ["acme_"]
[[rules]]
id = "SHORT"
regex = '''\bab_[0-9a-f]{6}\b'''
keywords = ["ab_service"]
[[rules]]
id = "broken"
regex = '''(open'''
[[rules]]
id = "ahead"
regex = '''(?!x)abcdefg'''
[[rules]]
id = "odd"
regex = '''ab[0-9]+'''
[[rules]]
id = "twice"
regex = '''first_[0-9]{8}'''
[[rules]]
id = "twice"
regex = '''second_[0-9]{8}'''
)"));
    EXPECT_EQ(report.rules, 3U);
    EXPECT_EQ(report.problems.size(), 4U);
    EXPECT_TRUE(tells(report.problems, "their.toml:10: rule \"broken\"", "not carried over: "));
    EXPECT_TRUE(tells(report.problems, "their.toml:13: rule \"ahead\"", "not carried over: "));
    EXPECT_TRUE(tells(report.problems, "their.toml:16: rule \"odd\"", "no literal of 4 bytes"));
    EXPECT_TRUE(tells(report.problems, "their.toml:19: rule \"twice\"",
                      "the id stands again at line 22"));
    EXPECT_FALSE(report.slowest.empty()) << "each was compiled";
    EXPECT_FALSE(report.notes.empty()) << "what a rule loses alone is a note";
    for (const std::string& note : report.notes) {
        EXPECT_EQ(note.find("\"broken\""), std::string::npos) << note;
    }
}

}  // namespace
}  // namespace stratascan::lint
