// A Forge app's manifest: the examples of the page, and what a manifest can hide in.
#include "scanner/policy/manifest.hpp"

#include <gtest/gtest.h>

namespace {

using stratascan::policy::ManifestVerdict;

std::string as_it_is(std::string_view word) { return std::string(word); }

stratascan::Result<ManifestVerdict> judge_manifest(std::string_view yaml, const std::string& name) {
    return stratascan::policy::judge_manifest(yaml, name, as_it_is);
}

ManifestVerdict verdict_of(std::string_view yaml) {
    auto verdict = judge_manifest(yaml, "manifest.yml");
    EXPECT_TRUE(verdict) << verdict.error().message();
    return verdict ? *verdict : ManifestVerdict{};
}

TEST(Manifest, ScopesAloneAreEligible) {
    const auto verdict = verdict_of(
        "app:\n  id: ari:cloud:ecosystem::app/1234\npermissions:\n  scopes:\n"
        "    - read:content-details:confluence\n");
    EXPECT_TRUE(verdict.eligible());
    EXPECT_EQ(verdict.app, "1234");
}

TEST(Manifest, EgressPermissionsAreNot) {
    const auto verdict = verdict_of("permissions:\n  external:\n    fetch:\n      backend:\n"
                                    "        - '*.example-dev.com'\n  fonts:\n"
                                    "    - 'https://www.example-dev.com/fonts.css'\n  scripts:\n"
                                    "    - 'https://www.example-dev.com/script.js'\n");
    EXPECT_FALSE(verdict.eligible());
    EXPECT_EQ(verdict.reasons, std::vector<std::string>{"App has egress permissions"});
    ASSERT_EQ(verdict.details.size(), 3U);
    EXPECT_EQ(verdict.details[0], "line 5: permissions.external.fetch.backend: *.example-dev.com");
}

TEST(Manifest, RemotesAndConnectAreNot) {
    const auto verdict = verdict_of(
        "remotes:\n  - key: remote-backend\n    baseUrl: \"https://backend.example.com\"\n"
        "    operations:\n      - compute\nconnectModules:\n  jira:webhooks:\n    - x: y\n");
    const std::vector<std::string> expected = {"App is using remote services",
                                               "App has Connect modules"};
    EXPECT_EQ(verdict.reasons, expected);
}

TEST(Manifest, EmptyListsAreNone) {
    EXPECT_TRUE(verdict_of("remotes: []\nconnectModules: {}\npermissions:\n  external:\n"
                           "    fetch:\n      backend: []\n").eligible());
    EXPECT_TRUE(verdict_of("remotes: ~\npermissions:\n").eligible());
    EXPECT_FALSE(verdict_of("remotes: \"~\"\n").eligible()) << "a text, not null";
}

TEST(Manifest, AliasesAreFollowedAndNotMultiplied) {
    const auto verdict = verdict_of("x: &a [evil.example]\npermissions:\n  external:\n"
                                    "    images: *a\n");
    EXPECT_FALSE(verdict.eligible());
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 30; ++i) {
        const std::string below = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 9; ++j) bomb += (j > 0 ? ", " : "") + below;
        bomb += "]\n";
    }
    const auto limited = verdict_of(bomb + "permissions:\n  external: *a29\n");
    EXPECT_FALSE(limited.eligible());
    EXPECT_LE(limited.details.size(), 100U);
}

// Lists that hold nothing tell nothing, so no number of details ends it.
TEST(Manifest, WhatHasNoEndAndNoLeafIsDoubted) {
    std::string bomb = "a0: &a0 [[], [], [], [], [], [], [], [], []]\n";
    for (int i = 1; i < 8; ++i) {
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 999; ++j) bomb += (j > 0 ? ", *a" : "*a") + std::to_string(i - 1);
        bomb += "]\n";
    }
    const auto verdict = verdict_of(bomb + "permissions:\n  external: *a7\n");
    EXPECT_TRUE(verdict.reasons.empty());
    ASSERT_EQ(verdict.doubts.size(), 1U);
    EXPECT_NE(verdict.doubts[0].find("more below it than is looked at"), std::string::npos);
}

TEST(Manifest, DoubtsHaveAnEnd) {
    std::string merges;
    for (int i = 0; i < 100'000; ++i) merges += "<<: x\n";
    EXPECT_EQ(verdict_of(merges).doubts.size(), 100U);
}

TEST(Manifest, TellsNoTextAsItIs) {
    const auto hidden = [](std::string_view word) { return "(" + std::to_string(word.size()) + ")"; };
    const auto verdict = stratascan::policy::judge_manifest(
        "app:\n  id: " + std::string(200, 'x') + "\npermissions:\n  external:\n    " +
            std::string(90, 'k') + ":\n      - " + std::string(300, 'v') + "\n",
        "m.yml", hidden);
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->app, "(200)");
    EXPECT_EQ(verdict->details, std::vector<std::string>{"line 6: permissions.external.(90): (300)"});
}

TEST(Manifest, WhatTakesTheSquareOfItsLengthIsRefused) {
    std::string anchors, tags;
    for (int i = 0; i < 100'000; ++i) {
        anchors += "- &a" + std::to_string(i) + " x\n";
        tags += "%TAG !t" + std::to_string(i) + "! x\n";
    }
    for (const std::string& text : {"a:\n" + anchors, tags + "--- a: b\n"}) {
        const auto read = judge_manifest(text, "m.yml");
        ASSERT_FALSE(read);
        EXPECT_NE(read.error().what.find("more than 100"), std::string::npos) << read.error().what;
    }
}

TEST(Manifest, WhatCanHideSomethingIsDoubted) {
    EXPECT_FALSE(verdict_of("base: &b {remotes: [x]}\n<<: *b\n").doubts.empty());
    EXPECT_FALSE(verdict_of("remotes: [x]\nremotes: []\n").doubts.empty());
    EXPECT_FALSE(verdict_of("app: {}\n---\nremotes: [x]\n").doubts.empty());
}

TEST(Manifest, WhatIsNoneIsAnError) {
    for (const char* text : {"", "- a\n- b\n", "text", "a: [", "\t\x01", "a: b: c"}) {
        EXPECT_FALSE(judge_manifest(text, "manifest.yml")) << text;
    }
    EXPECT_FALSE(stratascan::policy::load_manifest("/no/such/manifest.yml", as_it_is));
    EXPECT_FALSE(judge_manifest(std::string(1'000'000, '['), "deep.yml"));
}

TEST(Manifest, WhatIsNestedTooDeeplyIsRefusedAndWhatOnlyLooksSoIsRead) {
    std::string block, quoted = "app:\n  name: '", flat = "app:\n  list: [";
    for (int i = 0; i < 300; ++i) block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
    EXPECT_FALSE(judge_manifest(block, "deep.yml"));
    quoted += std::string(10'000, '[') + "'\n";
    EXPECT_TRUE(judge_manifest(quoted, "quoted.yml"));
    for (int i = 0; i < 5'000; ++i) flat += "[x], {y: z}, ";
    EXPECT_TRUE(judge_manifest(flat + "]\n", "flat.yml"));
    EXPECT_FALSE(judge_manifest("app:\n  name: x\n---\n" + std::string(1'000'000, '{'), "second.yml"));
}

}  // namespace
