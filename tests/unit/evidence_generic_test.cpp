// What the check of generic values promises: code, words and variables are dropped
// with a reason, while drawn values and passwords that people choose stay.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/evidence.hpp"
#include "tests/support/checks.hpp"

namespace stratascan::evidence {
namespace {

using test::example;
using test::run;

std::string_view dropped(const std::string& text, const std::string& value) {
    const std::size_t at = text.find(value);
    if (at == std::string::npos) {
        ADD_FAILURE() << value << " is not in " << text;
        return {};
    }
    const std::string_view match = std::string_view(text).substr(0, at + value.size());
    return run("generic-value", match.substr(at), match, text).drop_reason;
}

TEST(GenericValue, DropsWhatSourceCodeAssigns) {
    const std::array<std::pair<const char*, const char*>, 34> lines = {
        {{"password = os.environ[\"DB_PASSWORD\"]\n", "os.environ[\"DB_PASSWORD\"]"},
         {"token: process.env.API_TOKEN,", "process.env.API_TOKEN"},
         {"secret = getSecret(name)\n", "getSecret(name)"},
         {"password: this.state.password}", "this.state.password"},
         {"PASSWORD=$DB_PASSWORD\n", "$DB_PASSWORD"},
         {"PASSWORD=${DB_PASSWORD:-}\n", "${DB_PASSWORD:-}"},
         {"TOKEN=$(cat /run/token)\n", "$(cat /run/token)"},
         {"password: \"{{ vault_password }}\"", "{{ vault_password }}"},
         {"password: \"%DB_PASSWORD%\"", "%DB_PASSWORD%"},
         {"password: \"<password>\"", "<password>"},
         {"password: undefined,", "undefined"},
         {"password: string;", "string"},
         {"secret: boolean\n", "boolean"},
         {"token: 12345678\n", "12345678"},
         {"token = \"#D4D4D4\"", "#D4D4D4"},
         {"password: \"Enter your password\"", "Enter your password"},
         {"password: \"Passwort\"", "Passwort"},
         {"password: \"Contrase\xC3\xB1" "a\"", "Contrase\xC3\xB1" "a"},
         {"token: \"punctuation.definition.string\"", "punctuation.definition.string"},
         {"tokenField: \"access_token\"", "access_token"},
         {"secret = \"/run/secrets/db_password\"", "/run/secrets/db_password"},
         {"token_url: \"https://id.internal/token\"", "https://id.internal/token"},
         {"password_file = \"/etc/app/p4ss\"", "/etc/app/p4ss"},
         {"tokenType: \"Bearer2\"", "Bearer2"},
         {"secretName: \"db-credentials-v2\"", "db-credentials-v2"},
         {"password: \"^(?=.*[A-Z])(?=.*\\\\d).{8,}$\"", "^(?=.*[A-Z])(?=.*\\\\d).{8,}$"},
         {"token:\"+e+\"", "+e+"},
         {"algorithmToken: \"HMAC-SHA256\"", "HMAC-SHA256"},
         {"token = \"oauth2_access_token\"", "oauth2_access_token"},
         {"token: tokenStream2)", "tokenStream2"},
         {"password: \"********\"", "********"},
         {"api_key: \"X-Api-Key\"", "X-Api-Key"},
         {"secret: vault:secret/data/app#key1\n", "vault:secret/data/app#key1"},
         {"token = SESSION_TOKEN_NAME_V2\n", "SESSION_TOKEN_NAME_V2"}}};
    for (const auto& [text, value] : lines) {
        EXPECT_FALSE(dropped(text, value).empty()) << text;
    }
}

TEST(GenericValue, KeepsPasswordsThatPeopleChoose) {
    for (const char* value : {"hunter2", "Tr0ub4dor&3", "S3cure!Pass", "password123", "Passw0rd!",
                              "admin2024!", "Winter_2024", "p@ssword", "qwerty12!", "letmein99",
                              "s3cr3t", "R00tR00t", "changeme", "correct-horse-42"}) {
        for (const char* form : {"password = \"@\"\n", "PASSWORD=@\n", "password: '@',"}) {
            std::string text = form;
            text.replace(text.find('@'), 1, value);
            EXPECT_EQ(dropped(text, value), "") << text;
        }
    }
}

TEST(GenericValue, KeepsDrawnValues) {
    for (const char* kind : {"{{alnum:16}}", "{{alnum:32}}", "{{hex:32}}", "{{b64:40}}",
                             "{{b64url:43}}", "{{password:12}}", "{{password:20}}",
                             "{{lowernum:24}}", "{{uuid}}", "{{b64:22}}=="}) {
        int lost = 0;
        for (std::uint64_t seed = 1; seed <= 300; ++seed) {
            const std::string value = example(kind, seed);
            lost += dropped("API_SECRET=" + value + "\n", value).empty() ? 0 : 1;
            lost += dropped("secret: \"" + value + "\",", value).empty() ? 0 : 1;
        }
        EXPECT_LE(lost, 3) << kind;
    }
}

TEST(GenericValue, DropsWhatItsNameCallsPublic) {
    const std::string value = example("{{alnum:36}}");
    for (const char* name : {"csrf_token", "authenticityToken", "public_key", "nextToken",
                             "vapid-key", "clientToken"}) {
        EXPECT_EQ(dropped(std::string(name) + " = \"" + value + "\"", value), "public by its name")
            << name;
    }
    EXPECT_EQ(dropped("client_secret = \"" + value + "\"", value), "");
}

TEST(GenericValue, ReadsTheWholeNameAlsoBeforeTheMatch) {
    const std::string value = example("{{alnum:36}}");
    const std::string text = "my csrf_token = \"" + value + "\"";
    const std::size_t at = text.find("token");
    const std::string_view match = std::string_view(text).substr(at, text.size() - at);
    const auto secret = match.substr(match.find(value), value.size());
    EXPECT_EQ(run("generic-value", secret, match, text).drop_reason, "public by its name");
}

TEST(GenericValue, IsLessSureOfTestsAndOfTypedValues) {
    const auto shift = [](const std::string& name, const std::string& value) {
        const std::string text = name + " = \"" + value + "\"";
        return run("generic-value", value, text, text).confidence_shift;
    };
    const std::string value = example("{{alnum:36}}");
    EXPECT_EQ(shift("api_secret", value), 0);
    EXPECT_EQ(shift("invalid_secret", value), -1);
    EXPECT_EQ(shift("secret_hash", value), -1);
    EXPECT_EQ(shift("api_secret", "sdf0o9823sjdfsdf"), -1);
    EXPECT_EQ(shift("shared_secret", example("{{hex:64}}")), -1);
}

TEST(GenericValue, LooksIntoBase64) {
    const auto judged = [](const std::string& before, const std::string& inside) {
        const std::string value = encode_base64(inside);
        const std::string text = before + value;
        return run("generic-value", value, text, text);
    };
    EXPECT_EQ(judged("secret = ", "this is a long text").detail, "words in base64");
    EXPECT_EQ(judged("Authorization: Basic ", "aladdin:opensesame").detail, "words in base64");
    EXPECT_EQ(judged("Authorization: Basic ", "ann:" + example("{{alnum:20}}")).level,
              Evidence::well_formed);
    EXPECT_EQ(judged("Authorization: Basic ", example("{{alnum:20}}")).confidence_shift, -1);
}

TEST(ChosenPassword, TellsWordsFromDrawnValues) {
    for (const char* word : {"opensesame", "p4ssw0rd", "Hunter2", "qwerty", "pw"}) {
        EXPECT_EQ(run("chosen-password", word).confidence_shift, -2) << word;
    }
    EXPECT_EQ(run("chosen-password", example("{{alnum:16}}")).confidence_shift, 0);
    EXPECT_EQ(run("chosen-password", "changeme").level, Evidence::known_example);
    EXPECT_EQ(run("chosen-password", "${PASSWORD}").level, Evidence::known_example);
    EXPECT_EQ(run("chosen-password", "").level, Evidence::known_example);
}

TEST(GenericValue, MarksPlaceholders) {
    for (const char* value : {"changeme", "your-token-here", "xxxxxxxx", "my-secret-key1"}) {
        const Output output = run("generic-value", value, "token=" + std::string(value));
        EXPECT_EQ(output.level, Evidence::known_example) << value;
        EXPECT_EQ(output.detail, "placeholder");
        EXPECT_EQ(output.confidence_shift, -1);
    }
}

// What is meant for all to see, though it reads like what was drawn.
TEST(GenericValue, DropsPublicValuesEachForItsReason) {
    const std::string hex64 = example("{{hex:64}}"), hex40 = example("{{hex:40}}");
    const std::string base64 = example("{{alnum:86}}") + "==";
    const std::string key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" + example("{{alnum:88}}");
    const std::string certificate = "MIIDdzCCAl+gAwIBAgIE" + example("{{alnum:120}}");
    const std::string ssh = "AAAAC3NzaC1lZDI1NTE5AAAAI" + example("{{alnum:43}}");
    // Of March 2024, by the clock that versions 1 and 7 count with.
    const std::string by_clock = example("{{hex:8}}") + "-e0d1-11ee-8" + example("{{hex:3}}") + "-" +
                                 example("{{hex:12}}");
    const std::string by_time = "018e0f2a-" + example("{{hex:4}}") + "-7" + example("{{hex:3}}") +
                                "-8" + example("{{hex:3}}") + "-" + example("{{hex:12}}");
    const auto as = [](const std::string& front, const std::string& value,
                       const std::string& back) { return dropped(front + value + back, value); };
    EXPECT_EQ(as("secret = \"", by_clock, "\"\n"), "UUID");
    EXPECT_EQ(as("secret = \"", by_time, "\"\n"), "UUID");
    EXPECT_EQ(as("token_sha256 = \"", hex64, "\"\n"), "hash");
    EXPECT_EQ(as("secretHash: \"", hex40, "\"\n"), "hash");
    EXPECT_EQ(as("\"js-tokens\": \"", "sha512-" + base64, "\",\n"), "hash");
    EXPECT_EQ(as("\"integrity\": \"\", \"token\": \"", base64, "\"\n"), "checksum");
    EXPECT_EQ(as("secret-token v1.2.0 h1:", base64, "\n"), "checksum");
    EXPECT_EQ(as("api_key: \"", key, "\"\n"), "public key");
    EXPECT_EQ(as("deploy_token = \"", ssh, "\"\n"), "public key");
    EXPECT_EQ(as("secret = \"", certificate, "\"\n"), "certificate");
    EXPECT_EQ(as("# Test vector 12 of the paper\nkey_secret = ", hex64, "\n"), "test vector");
    EXPECT_EQ(as("password: \"", "\xD0\xBF\xD0\xB0\xD1\x80\xD0\xBE\xD0\xBB\xD1\x8C", "\"\n"),
              "translated text");
    std::string code;
    while (code.size() < 400) code += "function(a,b){return a.c(b)};";
    EXPECT_EQ(as(code + "d.token=", example("{{alnum:9}}") + "4x", ";" + code), "minified code");
}

TEST(GenericValue, TellsKeysFingerprintsFromKeys) {
    const std::string print = example("{{HEX:39}}7");
    EXPECT_EQ(dropped("TINI_GPG_KEY=" + print + "\n", print), "fingerprint");
    EXPECT_EQ(dropped("SERVICE_KEY=" + print + "\n", print), "");
    std::string pairs = "A7";
    for (int more = 0; more < 19; ++more) pairs += example(":{{HEX:2}}");
    EXPECT_EQ(dropped("sig_key: " + pairs + "\n", pairs), "fingerprint");
}

TEST(GenericValue, FindsTheNameInFrontOfTheElementOfAValue) {
    const std::string value = example("{{alnum:23}}7");
    for (const std::string& between : std::array<std::string, 4>{"\n  value: ", "\", \"value\": \"", "</name><value>",
                                      "</key>\n<string>"}) {
        EXPECT_EQ(dropped("<name>token_url" + between + value + "\n", value),
                  "says something about a secret")
            << between;
        EXPECT_EQ(dropped("<name>api_token" + between + value + "\n", value), "") << between;
    }
}

TEST(GenericValue, IsSureOfDrawnValuesWhateverTheirLuck) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        const std::string value = example("{{hex:31}}7", seed);
        const std::string line = "API_KEY=" + value;
        const std::string_view match = line;
        EXPECT_EQ(run("generic-value", match.substr(8), match, line + "\n").confidence_shift, 0);
    }
}

TEST(GenericValue, KeepsWhatOnlyLooksPublic) {
    const auto stays = [](const std::string& front, const std::string& value) {
        return dropped(front + value + "\"\n", value);
    };
    const std::string drawn = "a" + example("{{hex:7}}") + "-12ab-4" + example("{{hex:3}}") + "-8" +
                              example("{{hex:3}}") + "-" + example("{{hex:12}}");
    EXPECT_EQ(stays("secret = \"", drawn), "");
    EXPECT_EQ(stays("api_token: \"", "0b1" + example("{{hex:61}}")), "");
    EXPECT_EQ(stays("password_hash: \"", "0b1" + example("{{hex:29}}")), "");
    EXPECT_EQ(stays("secret: \"", "MI" + example("{{alnum:90}}") + "7Q"), "");
    std::string code;
    while (code.size() < 400) code += "function(a,b){return a.c(b)};";
    EXPECT_EQ(stays(code + "d.token=\"", example("{{alnum:22}}") + "4x"), "");
}

}  // namespace
}  // namespace stratascan::evidence
