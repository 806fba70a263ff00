// What examples promise: the seed decides them, drawn values look drawn, whole
// tokens are true, and a mistake in a template is named.
#include "scanner/match/example.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/evidence.hpp"

namespace stratascan::match {
namespace {

std::string expand(std::string_view text, std::uint64_t seed = 1) {
    auto expanded = expand_example(text, seed);
    if (!expanded) {
        ADD_FAILURE() << expanded.error().message();
        return {};
    }
    return std::move(*expanded);
}

std::string error_of(std::string_view text) {
    const auto expanded = expand_example(text, 1);
    return expanded ? std::string() : expanded.error().message();
}

TEST(Example, IsDecidedByItsSeed) {
    const std::string text = "{{alnum:20}} {{hex:8}} {{uuid}} {{password:12}} {{jwt}} {{age}}";
    EXPECT_EQ(expand(text, 5), expand(text, 5));
    EXPECT_NE(expand(text, 5), expand(text, 6));
    // The same everywhere: this value must never change.
    EXPECT_EQ(expand("{{lower:5}}{{digit:3}}", 0), "sseml843");
    EXPECT_NE(expand("{{alnum:20}}{{alnum:20}}").substr(0, 20),
              expand("{{alnum:20}}{{alnum:20}}").substr(20));
}

TEST(Example, LeavesOtherTextAlone) {
    EXPECT_EQ(expand(""), "");
    EXPECT_EQ(expand("a { b } c }} d"), "a { b } c }} d");
    EXPECT_EQ(expand("{{lit:{{ .Values.x }}"), "{{ .Values.x ");
    EXPECT_EQ(expand("[[alnum:3]]"), "[[alnum:3]]");
    EXPECT_EQ(expand("x{{lit:}}y"), "xy");
}

TEST(Example, DrawsFromTheAlphabetItNames) {
    const std::array<std::pair<const char*, const char*>, 5> kinds = {
        {{"hex", "0123456789abcdef"},
         {"HEX", "0123456789ABCDEF"},
         {"digit", "0123456789"},
         {"base32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"},
         {"lower", "abcdefghijklmnopqrstuvwxyz"}}};
    for (const auto& [kind, alphabet] : kinds) {
        const std::string text = expand("{{" + std::string(kind) + ":500}}");
        EXPECT_EQ(text.size(), 500U);
        EXPECT_EQ(text.find_first_not_of(alphabet), std::string::npos) << kind;
        EXPECT_EQ(std::set<char>(text.begin(), text.end()).size(),
                  std::string_view(alphabet).size())
            << kind;
    }
}

TEST(Example, DrawsAreNeverDegenerate) {
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        const std::string text = expand("{{alnum:10}}", seed);
        EXPECT_TRUE(evidence::placeholder_reason(text).empty()) << text;
        EXPECT_TRUE(std::any_of(text.begin(), text.end(), evidence::is_digit));
        EXPECT_TRUE(std::any_of(text.begin(), text.end(), evidence::is_lower));
        EXPECT_TRUE(std::any_of(text.begin(), text.end(), evidence::is_upper));
        EXPECT_GE(evidence::entropy(text), 2.6);
        EXPECT_GE(evidence::entropy(expand("{{hex:32}}", seed)), 3.2);
        const std::string url = expand("{{b64url:20}}", seed);
        EXPECT_NE(url.front(), '-');
        EXPECT_NE(url.back(), '-');
    }
}

TEST(Example, PasswordsHaveEveryKindOfCharacter) {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        for (const char* form : {"{{password:3}}", "{{password:8}}", "{{password:24}}"}) {
            const std::string text = expand(form, seed);
            EXPECT_TRUE(std::any_of(text.begin(), text.end(), evidence::is_alpha)) << text;
            EXPECT_TRUE(std::any_of(text.begin(), text.end(), evidence::is_digit)) << text;
            EXPECT_NE(text.find_first_of("!#%*+-"), std::string::npos) << text;
        }
    }
}

TEST(Example, ChecksumIsThatOfThePlaceholderBefore) {
    const std::string text = expand("ghp_{{alnum:30}}{{crc32b62}}");
    ASSERT_EQ(text.size(), 40U);
    EXPECT_EQ(text.substr(34), evidence::in_base(evidence::crc32(text.substr(4, 30)),
                                                 evidence::base62_digits, 6));
    EXPECT_NE(error_of("{{crc32b62}}").find("crc32b62"), std::string::npos);
}

TEST(Example, EncodesWhatItHoldsInside) {
    EXPECT_EQ(expand("{{b64of:user:pass}}"), "dXNlcjpwYXNz");
    const auto decoded = evidence::decode_base64(expand("{{b64of:bot:[[alnum:16]]}}"));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->size(), 20U);
    EXPECT_TRUE(decoded->starts_with("bot:"));
    EXPECT_NE(error_of("{{b64of:[[nonsense:4]]}}").find("nonsense:4"), std::string::npos);
}

TEST(Example, WholeTokensHaveTheirTrueForm) {
    EXPECT_EQ(expand("{{uuid}}").size(), 36U);
    EXPECT_EQ(expand("{{uuid}}")[14], '4');
    EXPECT_EQ(expand("{{grafana}}").size(), 46U);
    EXPECT_EQ(expand("{{atlassian}}").size(), 192U);
    EXPECT_EQ(expand("{{bitbucket}}").size(), 36U);
    EXPECT_EQ(expand("{{confluent}}").size(), 64U);
    EXPECT_EQ(expand("{{zuplo}}").size(), 46U);
    EXPECT_EQ(expand("{{age}}").size(), 74U);
    EXPECT_TRUE(expand("{{age}}").starts_with("AGE-SECRET-KEY-1"));
    const std::string token = expand("{{jwt}}");
    const auto output = evidence::find_check("jwt")({token, token, token});
    EXPECT_EQ(output.level, Evidence::well_formed);
    EXPECT_TRUE(output.detail.starts_with("alg HS256, iss https://id."));
}

TEST(Example, KeysAreRealAndMadeOnce) {
    for (const char* kind : {"rsa", "ec", "dsa", "pkcs8", "pkcs8-encrypted", "openssh",
                             "rsa-encrypted", "ed25519"}) {
        const std::string form = "{{pem:" + std::string(kind) + "}}";
        const std::string text = expand(form);
        EXPECT_TRUE(text.starts_with("-----BEGIN ")) << kind;
        EXPECT_TRUE(text.ends_with("-----\n")) << kind;
        EXPECT_EQ(text, expand(form, 9)) << kind;
        const auto output = evidence::find_check("private-key")({text, text, text});
        EXPECT_NE(output.level, Evidence::pattern) << kind;
        EXPECT_EQ(expand("{{pem-escaped:" + std::string(kind) + "}}").find('\n'),
                  std::string::npos);
    }
}

TEST(Example, MistakesAreNamed) {
    EXPECT_NE(error_of("a {{nonsense}} b").find("{{nonsense}}"), std::string::npos);
    EXPECT_NE(error_of("{{pem:nonsense}}").find("pem:nonsense"), std::string::npos);
    EXPECT_NE(error_of("{{nonsense:3}}").find("nonsense:3"), std::string::npos);
    for (const char* form : {"{{alnum}}", "{{alnum:}}", "{{alnum:0}}", "{{alnum:x}}",
                             "{{alnum:-1}}", "{{alnum:65537}}", "{{alnum:99999999999999999999}}",
                             "{{alnum:3 }}", "{{password:2}}", "{{}}", "{{alnum:3"}) {
        EXPECT_FALSE(error_of(form).empty()) << form;
    }
    std::string huge;
    for (int count = 0; count < 20; ++count) huge += "{{digit:65536}}";
    EXPECT_FALSE(error_of(huge).empty());
}

}  // namespace
}  // namespace stratascan::match
