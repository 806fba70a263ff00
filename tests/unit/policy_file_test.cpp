// Policies as files: those that the program carries, those of users, and those that
// are wrong, which must say where and what to do.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "scanner/policy/glob.hpp"
#include "tests/support/image_builder.hpp"
#include "tests/support/policy_subject.hpp"

namespace {

using namespace stratascan;
using policy::Level;
using policy::parse_policy;

TEST(CarriedPolicies, AreReadAndHaveTheirSources) {
    std::set<std::string> ids;
    for (const policy::CarriedFile& file : policy::carried_policies()) {
        const auto policy = policy::load_policy(std::string(file.id));
        ASSERT_TRUE(policy) << policy.error().message();
        EXPECT_EQ(policy->id, file.id);
        EXPECT_FALSE(policy->title.empty());
        EXPECT_FALSE(policy->source.empty());
        if (policy->id != "default") {
            for (const auto& check : policy->checks) {
                EXPECT_FALSE(check.section.empty()) << policy->id << ' ' << check.info.id;
            }
        }
        ids.insert(policy->id);
    }
    const std::set<std::string> expected = {"checklist", "cis-docker", "default", "forge",
                                            "guideline", "hardening", "nist-800-190"};
    EXPECT_EQ(ids, expected);
}

TEST(CarriedPolicies, ForgeAsksForWhatItsDocumentSays) {
    const auto forge = policy::load_policy("forge");
    ASSERT_TRUE(forge);
    const auto level = [&](const char* id) { return forge->find(id)->level; };
    for (const char* must : {"user-root", "user-ids", "image-age", "secrets-env", "secrets-deleted"}) {
        EXPECT_EQ(level(must), Level::must) << must;
    }
    for (const char* should : {"no-shell", "no-package-manager", "base-minimal", "no-downloaders"}) {
        EXPECT_EQ(level(should), Level::should) << should;
    }
    EXPECT_EQ(policy::number(forge->find("image-age")->info.settings, "days"), 180);
    EXPECT_EQ(policy::number(forge->find("user-ids")->info.settings, "uid"), 1000);
    EXPECT_FALSE(forge->find("tenant-isolation")->info.undecidable.empty());
}

TEST(PolicyFile, InheritsAndOverrides) {
    const test::TempDir folder;
    folder.write("base.toml", "id = \"base\"\nextends = [\"forge\"]\n"
                              "[checks.image-age]\ndays = 90\n");
    const std::string path =
        folder.write("mine.toml", "id = \"mine\"\nextends = [\"base.toml\"]\nfail_on = \"high\"\n"
                                  "[checks.no-shell]\nlevel = \"must\"\nallow_paths = [\"opt/**\"]\n"
                                  "[checks.user-ids]\noff = true\n"
                                  "[checks.healthcheck]\nlevel = \"should\"\n");
    const auto mine = policy::load_policy(path);
    ASSERT_TRUE(mine) << mine.error().message();
    EXPECT_EQ(mine->id, "mine");
    EXPECT_EQ(policy::number(mine->find("image-age")->info.settings, "days"), 90);
    EXPECT_EQ(mine->find("no-shell")->level, Level::must);
    EXPECT_EQ(mine->find("no-shell")->section, "Recommendations, Dependencies") << "kept";
    EXPECT_EQ(mine->find("no-shell")->allow.paths, std::vector<std::string>{"opt/**"});
    EXPECT_EQ(mine->find("user-ids"), nullptr);
    EXPECT_NE(mine->find("healthcheck"), nullptr);
    EXPECT_EQ(mine->fail_on, Severity::high);
}

struct Wrong {
    const char *text, *where, *what;
};

class WrongPolicy : public testing::TestWithParam<Wrong> {};

TEST_P(WrongPolicy, SaysFileLineAndWhat) {
    const auto read = parse_policy(GetParam().text, "p.toml");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().where, GetParam().where) << read.error().message();
    EXPECT_NE(read.error().what.find(GetParam().what), std::string::npos)
        << read.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, WrongPolicy,
    testing::Values(
        Wrong{"", "p.toml:1", "`id` is missing"},
        Wrong{"id = \"x\"", "p.toml:1", "asks for nothing"},
        Wrong{"id = \"x\"\nrules = 1", "p.toml:2", "no key `rules`"},
        Wrong{"id = 7", "p.toml:1", "`id` must be a string"},
        Wrong{"id = \"x\"\n[checks.no-such]\n", "p.toml:2", "no such check"},
        Wrong{"id = \"x\"\n[checks]\nno-shell = 1\n", "p.toml:3", "[checks.ID]"},
        Wrong{"id = \"x\"\nchecks = 3", "p.toml:2", "[checks.ID]"},
        Wrong{"id = \"x\"\n[checks.no-shell]\nlevel = \"may\"", "p.toml:3", "`level` has no value"},
        Wrong{"id = \"x\"\n[checks.no-shell]\nseverity = \"bad\"", "p.toml:3", "`severity`"},
        Wrong{"id = \"x\"\n[checks.image-age]\nday = 3", "p.toml:3", "no key `day`"},
        Wrong{"id = \"x\"\n[checks.image-age]\ndays = \"many\"", "p.toml:3", "a whole number"},
        Wrong{"id = \"x\"\n[checks.image-age]\ndays = -1", "p.toml:3", "whole number from 0"},
        Wrong{"id = \"x\"\n[checks.image-age]\ndays = 1.5", "p.toml:3", "list of strings"},
        Wrong{"id = \"x\"\n[checks.no-shell]\noff = true", "p.toml:2", "`off` for a check"},
        Wrong{"id = \"x\"\nextends = [\"none\"]", "p.toml:2", "no such policy"},
        Wrong{"id = \"x\"\nextends = \"forge\"", "p.toml:2", "list of strings"},
        Wrong{"id = \"x\"\nextends = [\"p.toml\"]", "p.toml:2", "leads back"},
        Wrong{"id = \"x\"\nfail_on = \"all\"", "p.toml:2", "`fail_on`"},
        Wrong{"id = \"x\"\naccept_incomplete = \"\"", "p.toml:2", "must say why"},
        Wrong{"id = \"x\"\n\nid = \"y\"", "p.toml:3", ""},
        Wrong{"id = \"x\"\nextends = [\"forge\"]\n[[exempt]]\ncheck = \"no-shell\"\n"
              "program = \"busybox\"\nuse_case = \"needed\"",
              "p.toml:3", "`use_case` must say"},
        Wrong{"id = \"x\"\nextends = [\"forge\"]\n[[exempt]]\ncheck = \"no-downloaders\"\n"
              "program = \"curl\"\nuse_case = \"we call an interface with it\"",
              "p.toml:3", "has no exemptions"},
        Wrong{"id = \"x\"\nextends = [\"forge\"]\n[[exempt]]\ncheck = \"no-shell\"\n"
              "program = \"*\"\nuse_case = \"everything is needed here\"",
              "p.toml:3", "must name the program"},
        Wrong{"id = \"x\"\n[checks.sbom]\nsignature = \"verifed\"", "p.toml:3", "no value \"verifed\""},
        Wrong{"id = \"x\"\n[checks.signed]\nsignature = \"none\"", "p.toml:3", "no value \"none\""},
        Wrong{"id = \"x\"\n[checks.secrets-env]\nconfidence = \"hihg\"", "p.toml:3", "no value"},
        Wrong{"id = \"x\"\n[checks.provenance]\nmode = \"all\"", "p.toml:3", "no value"},
        Wrong{"id = \"x\"\n[checks.no-shell]\nallow_paths = [\"a\", \"**\"]", "p.toml:3",
              "would allow everything"},
        Wrong{"id = \"x\"\n[checks.no-shell]\nallow_labels = [\"=on\"]", "p.toml:3",
              "would allow everything"},
        Wrong{"id = \"x\"\n[checks.no-shell]\nallow_programs = \"busybox\"", "p.toml:3",
              "list of strings"},
        Wrong{"id = \"x\"\n[checks.no-shell]\nallow_bases = [1]", "p.toml:3", "must be a string"},
        Wrong{"id = \"x\"\nexempt = 3\n[checks.no-shell]\n", "p.toml:2", "[[exempt]]"}));

TEST(PolicyFile, FilesThatAreNoneOrEndless) {
    EXPECT_FALSE(policy::load_policy("/no/such/policy.toml"));
    EXPECT_FALSE(policy::load_policy("/dev/zero"));
    EXPECT_FALSE(parse_policy(std::string(2 << 20, ' '), "large"));
    EXPECT_FALSE(parse_policy(std::string(200'000, '['), "deep"));
    std::string dots = "a";
    for (int i = 0; i < 20'000; ++i) dots += ".a";
    EXPECT_FALSE(parse_policy(dots + " = 1", "dotted"));
    const test::TempDir folder;
    folder.write("a.toml", "id = \"a\"\nextends = [\"b.toml\"]");
    folder.write("b.toml", "id = \"b\"\nextends = [\"a.toml\"]");
    const auto circle = policy::load_policy(folder.path("a.toml"));
    ASSERT_FALSE(circle);
    EXPECT_NE(circle.error().what.find("leads back"), std::string::npos);
}

TEST(Globs, MatchAsPathsDo) {
    using policy::glob_matches;
    EXPECT_TRUE(glob_matches("app/*.py", "app/x.py"));
    EXPECT_FALSE(glob_matches("app/*.py", "app/sub/x.py"));
    EXPECT_TRUE(glob_matches("app/**", "app/sub/x.py"));
    EXPECT_TRUE(glob_matches("**/x.py", "app/sub/x.py"));
    EXPECT_TRUE(glob_matches("a?c", "abc"));
    EXPECT_FALSE(glob_matches("a?c", "a/c"));
    EXPECT_TRUE(glob_matches("", ""));
    EXPECT_FALSE(glob_matches("", "a"));
    EXPECT_TRUE(glob_matches("a*", "a"));
    // No pattern takes for ever.
    std::string stars;
    for (int i = 0; i < 100; ++i) stars += "*a";
    EXPECT_FALSE(glob_matches(stars + "b", std::string(4000, 'a')));
    EXPECT_FALSE(glob_matches("a**", std::string(5000, 'a'))) << "no such path can be opened";
    EXPECT_TRUE(policy::glob_is_blanket("**/*.?"));
    EXPECT_FALSE(policy::glob_is_blanket("*.py"));
}

// As the grammar says it, one way after the other.
bool matches_slowly(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern.starts_with('*')) {
        const std::size_t stars = std::min(pattern.find_first_not_of('*'), pattern.size());
        const std::string_view rest = pattern.substr(stars);
        for (std::size_t at = 0; at <= text.size(); ++at) {
            if (matches_slowly(rest, text.substr(at))) return true;
            if (at < text.size() && stars == 1 && text[at] == '/') return false;
        }
        return false;
    }
    const bool one = !text.empty() && (pattern[0] == '?' ? text[0] != '/' : text[0] == pattern[0]);
    return one && matches_slowly(pattern.substr(1), text.substr(1));
}

// Texts on both sides of a word of 64 places, and of two.
TEST(Globs, MatchAsTheirGrammarSays) {
    std::minstd_rand random(7);
    const auto drawn = [&](std::string_view letters, std::size_t most) {
        std::string text(random() % most, ' ');
        for (char& c : text) c = letters[random() % letters.size()];
        return text;
    };
    std::size_t matched = 0;
    for (int i = 0; i < 60'000; ++i) {
        const std::string pattern = drawn("ab/**?", 9);
        std::string text = drawn("aab/", 8);
        if (i % 3 != 0) text += std::string(50 + random() % 90, i % 2 != 0 ? 'a' : '/') + drawn("ab/", 6);
        const bool expected = matches_slowly(pattern, text);
        matched += expected ? 1 : 0;
        ASSERT_EQ(policy::glob_matches(pattern, text), expected) << pattern << ' ' << text;
    }
    EXPECT_GT(matched, 3'000U);
}

TEST(Globs, WorkHasAnEnd) {
    const std::string path(4000, 'g');
    const policy::GlobText text(path);
    const policy::Glob glob("*" + std::string(1000, 'g') + "*x*g");
    policy::GlobWork enough, little(1000);
    EXPECT_FALSE(glob.matches(text, enough));
    EXPECT_FALSE(enough.is_used_up());
    EXPECT_FALSE(glob.matches(text, little));
    EXPECT_TRUE(little.is_used_up());
    EXPECT_FALSE(policy::Glob("*g").matches(text, little)) << "it is not tried";
}

TEST(PolicyFile, WhatIsExtendedTwiceIsReadOnceAndHasALimit) {
    const test::TempDir folder;
    const auto of = [](std::string_view id, std::string_view base, int times) {
        std::string text = "id = \"" + std::string(id) + "\"\nextends = [";
        for (int i = 0; i < times; ++i) text += "\"" + std::string(base) + "\", ";
        return text + "]\n";
    };
    const std::string exempt = "[[exempt]]\ncheck = \"no-shell\"\nprogram = \"x\"\n"
                               "use_case = \"it is the entry point\"\n";
    folder.write("below", of("below", "default", 20) + exempt);
    const auto few = policy::load_policy(folder.write("few", of("few", "below", 20)));
    ASSERT_TRUE(few) << few.error().message();
    EXPECT_EQ(few->exemptions.size(), 20U);
    const auto many = policy::load_policy(folder.write("many", of("many", "below", 1000)));
    ASSERT_FALSE(many);
    EXPECT_NE(many.error().what.find("more than 200 policies"), std::string::npos);
    std::string exemptions;
    for (int i = 0; i < 9'000; ++i) exemptions += exempt;
    folder.write("full", of("full", "default", 1) + exemptions);
    const auto full = policy::load_policy(folder.write("fuller", of("fuller", "full", 3)));
    ASSERT_FALSE(full);
    EXPECT_NE(full.error().what.find("more than 20000 exemptions"), std::string::npos);
    std::string all = "id = \"large\"\nextends = [";
    for (const char* name : {"l1", "l2", "l3"}) {
        folder.write(name, of(name, "default", 1) + "# " + std::string(900'000, 'x'));
        all += "\"" + std::string(name) + "\", ";
    }
    const auto large = policy::load_policy(folder.write("large", all + "]\n"));
    ASSERT_FALSE(large);
    EXPECT_NE(large.error().what.find("2 MiB"), std::string::npos);
}

struct SourceRows {
    const char* policy;
    std::vector<std::string> checks;
};

class Profiles : public testing::TestWithParam<SourceRows> {};

// What an image can answer of each source, row by row.
TEST_P(Profiles, AskForWhatTheirSourceAsks) {
    const auto profile = policy::load_policy(GetParam().policy);
    ASSERT_TRUE(profile) << profile.error().message();
    for (const std::string& check : GetParam().checks) {
        EXPECT_NE(profile->find(check), nullptr) << check;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Sources, Profiles,
    testing::Values(
        SourceRows{"forge",
                   {"user-root", "user-ids", "image-age", "base-minimal", "no-shell",
                    "no-package-manager", "no-build-tools", "no-downloaders", "no-debuggers",
                    "secrets-env", "secrets-files", "healthcheck-tools", "ports", "exec-form",
                    "egress", "binary-hardening", "tenant-isolation", "stateless", "egress-proxy",
                    "use-case", "multi-stage"}},
        SourceRows{"guideline",
                   {"scanned-before-push", "user-root", "image-age", "base-age", "reference-pinned",
                    "base-pinned", "base-minimal", "no-build-tools", "secrets-env", "secrets-config",
                    "secrets-history", "secrets-files", "secrets-deleted", "long-lived-credentials",
                    "cluster-credentials", "remote-add", "unverified-downloads", "signed", "sbom",
                    "provenance", "suppressions-justified", "known-exploited", "rescan",
                    "verified-at-deploy", "read-only-root", "runtime-privileges",
                    "workload-identity", "multi-stage"}},
        SourceRows{"hardening",
                   {"user-root", "user-numeric", "user-above", "image-age", "base-age",
                    "base-minimal", "base-trusted", "secrets-env", "secrets-files",
                    "cluster-credentials", "version-control", "leftovers", "dumps", "copy-all",
                    "package-caches", "volumes", "mounts", "runtime-privileges",
                    "automatic-updates"}},
        SourceRows{"checklist",
                   {"user-root", "user-above", "user-numeric", "user-arbitrary", "image-age",
                    "reference-pinned", "base-pinned", "base-minimal", "base-trusted", "no-shell",
                    "no-package-manager", "no-build-tools", "no-remote-access", "no-debuggers",
                    "secrets-env", "secrets-config", "secrets-files", "private-keys", "healthcheck",
                    "remote-ports", "remote-add", "resource-limits", "labels", "signed", "sbom",
                    "provenance", "vex", "sbom-complete", "volumes", "start-installs", "log-files",
                    "binary-hardening", "known-exploited", "rescan", "component-data",
                    "reproducible", "process-quality", "automatic-updates", "runtime-profile",
                    "read-only-root", "restartable", "runtime-privileges", "log-content"}}),
    [](const auto& of) { return std::string(of.param.policy); });

}  // namespace
