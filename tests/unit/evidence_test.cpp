// What the checks promise: a true checksum is verified and a wrong one only
// lowers, structure is taken apart, placeholders are seen and details never hold
// the secret. Keys and generic values have files of their own.
#include "scanner/evidence/evidence.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>

#include "scanner/evidence/codec.hpp"
#include "tests/support/checks.hpp"

namespace stratascan::evidence {
namespace {

using test::example;
using test::run;

/// `token` with another last character.
std::string altered(std::string token) {
    token.back() = token.back() == '0' ? '1' : '0';
    return token;
}

TEST(CheckNames, AreSortedAndAllFound) {
    const auto names = check_names();
    EXPECT_FALSE(names.empty());
    EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
    for (const auto name : names) EXPECT_NE(find_check(name), nullptr) << name;
    EXPECT_EQ(find_check("no-such-check"), nullptr);
    EXPECT_EQ(find_check(""), nullptr);
}

TEST(Entropy, IsThatOfTheBytes) {
    EXPECT_DOUBLE_EQ(entropy(""), 0);
    EXPECT_DOUBLE_EQ(entropy("aaaa"), 0);
    EXPECT_DOUBLE_EQ(entropy("abab"), 1);
    EXPECT_DOUBLE_EQ(entropy("abcd"), 2);
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
    EXPECT_DOUBLE_EQ(entropy(all), 8);
}

TEST(EvidenceCodec, AgreesWithPublishedVectors) {
    EXPECT_EQ(crc32("123456789"), 0xCBF43926U);
    EXPECT_EQ(hex(sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(encode_base64("foobar"), "Zm9vYmFy");
    EXPECT_EQ(encode_base64("fo"), "Zm8=");
    EXPECT_EQ(decode_base64("Zm8").value_or("-"), "fo");
    EXPECT_EQ(decode_base64("-_-_").value_or("-"), decode_base64("+/+/").value_or("+"));
    EXPECT_FALSE(decode_base64("Zm9vY"));
    EXPECT_FALSE(decode_base64("Zm 8"));
    EXPECT_FALSE(decode_base64("Zm8==="));
    // BIP 173's own vectors, valid and with a wrong character.
    EXPECT_TRUE(bech32_holds("A12UEL5L"));
    EXPECT_TRUE(bech32_holds("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"));
    EXPECT_FALSE(bech32_holds("A12UEL5M"));
    EXPECT_FALSE(bech32_holds("A12uEL5L"));
    EXPECT_FALSE(bech32_holds("1"));
}

struct SummedToken {
    const char* check;
    const char* form;
};

class EvidenceChecksums : public testing::TestWithParam<SummedToken> {};

TEST_P(EvidenceChecksums, AreVerifiedWhenTrueAndOnlyLoweredWhenNot) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const std::string token = example(GetParam().form, seed);
        const Output good = run(GetParam().check, token);
        EXPECT_EQ(good.level, Evidence::verified) << GetParam().form;
        EXPECT_EQ(good.confidence_shift, 1);
        const Output bad = run(GetParam().check, altered(token));
        EXPECT_EQ(bad.level, Evidence::bad_checksum) << GetParam().form;
        EXPECT_EQ(bad.confidence_shift, -1);
        EXPECT_TRUE(bad.drop_reason.empty());
        EXPECT_EQ(bad.detail.find(token.substr(6)), std::string::npos);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Families, EvidenceChecksums,
    testing::Values(SummedToken{"github-crc", "ghp_{{alnum:30}}{{crc32b62}}"},
                    SummedToken{"github-crc", "ghs_{{alnum:30}}{{crc32b62}}"},
                    SummedToken{"npm-crc", "npm_{{alnum:30}}{{crc32b62}}"},
                    SummedToken{"gitlab-routable", "{{gitlab}}"},
                    SummedToken{"atlassian-crc", "{{atlassian}}"},
                    SummedToken{"bitbucket-crc", "{{bitbucket}}"},
                    SummedToken{"grafana-crc", "{{grafana}}"},
                    SummedToken{"confluent-crc", "{{confluent}}"},
                    SummedToken{"zuplo-crc", "{{zuplo}}"}, SummedToken{"age-bech32", "{{age}}"}));

TEST(EvidenceChecksum, OfAFillerIsAPlaceholder) {
    const std::string filler = "ghp_" + std::string(36, 'x');
    EXPECT_EQ(run("github-crc", filler).level, Evidence::known_example);
    EXPECT_EQ(run("github-crc", filler).detail, "placeholder");
    const std::string filled_up = example("ghp_{{alnum:28}}7") + "0000000";
    EXPECT_EQ(run("github-crc", filled_up).level, Evidence::known_example);
}

TEST(EvidenceChecksum, OfATokenWithoutOneIsAPattern) {
    EXPECT_EQ(run("gitlab-routable", example("glpat-{{b64url:20}}")).level, Evidence::pattern);
    EXPECT_EQ(run("github-crc", "ghp_short").level, Evidence::pattern);
}

TEST(AwsAccessKey, NamesItsAccount) {
    // The number 123456789012 shifted into the upper 48 bits, top bit set.
    const std::uint64_t field = (std::uint64_t{1} << 47U) | (std::uint64_t{123456789012} << 7U);
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string id = "AKIA";
    for (unsigned digit = 0; digit < 9; ++digit) {
        id.push_back(digits[(field >> (43U - 5U * digit)) & 31U]);
    }
    id.push_back(digits[(field << 2U) & 31U]);
    id += example("{{base32:6}}");
    const Output output = run("aws-access-key", id);
    EXPECT_EQ(output.level, Evidence::well_formed);
    EXPECT_EQ(output.detail, "account 123456789012");
}

TEST(AwsKeys, OfTheDocumentationAreKnown) {
    EXPECT_EQ(run("aws-access-key", std::string("AKIAIOSFODNN7") + "EXAMPLE").level,
              Evidence::known_example);
    EXPECT_EQ(run("aws-secret", example("{{b64:30}}") + "EXAMPLEKEY").level,
              Evidence::known_example);
    EXPECT_EQ(run("aws-secret", example("{{b64:40}}")).level, Evidence::pattern);
    EXPECT_EQ(run("aws-access-key", "AKIA" + example("{{lower:16}}")).level, Evidence::pattern);
}

TEST(AzureStorageKey, IsSixtyFourBytes) {
    const std::string key = example("{{b64:85}}") + "A==";
    EXPECT_EQ(run("azure-storage-key", key).level, Evidence::well_formed);
    EXPECT_EQ(run("azure-storage-key", key.substr(4)).level, Evidence::pattern);
    EXPECT_EQ(run("azure-storage-key", std::string(86, 'A') + "==").level,
              Evidence::known_example);
}

std::string token_of(std::string_view header, std::string_view payload) {
    const auto part = [](std::string_view text) {
        return encode_base64(text, base64url_digits, false);
    };
    return part(header) + "." + part(payload) + "." + example("{{b64url:43}}");
}

TEST(Jwt, TellsAlgorithmIssuerAndExpiry) {
    const std::string token = token_of(R"({"alg":"RS256"})",
                                       R"({"iss":"https://id.internal","exp":1767312000})");
    const Output output = run("jwt", token);
    EXPECT_EQ(output.level, Evidence::well_formed);
    EXPECT_EQ(output.detail, "alg RS256, iss https://id.internal, expires 2026-01-02");
}

TEST(Jwt, SampleClaimsAreKnown) {
    const std::string token =
        token_of(R"({"alg":"ES512"})", R"({"sub":"1234567890","name":"John Doe","iat":1})");
    EXPECT_EQ(run("jwt", token).level, Evidence::known_example);
}

TEST(Jwt, ThatDoesNotParseStaysAPattern) {
    EXPECT_EQ(run("jwt", "").level, Evidence::pattern);
    EXPECT_EQ(run("jwt", "a.b.c").level, Evidence::pattern);
    EXPECT_EQ(run("jwt", token_of("{}", "{}")).level, Evidence::pattern);
    EXPECT_EQ(run("jwt", token_of(R"({"alg":"HS256"})", "text")).level, Evidence::pattern);
    const std::string deep(60000, '[');
    EXPECT_EQ(run("jwt", token_of(R"({"alg":"HS256"})", deep)).level, Evidence::pattern);
    EXPECT_EQ(run("jwt", token_of(deep, "{}")).level, Evidence::pattern);
}

TEST(Jwt, SanitisesWhatItShows) {
    const std::string issuer(500, 'i');
    const Output output = run("jwt", token_of("{\"alg\":\"A\\u001b[31m\"}",
                                              "{\"iss\":\"" + issuer + "\",\"exp\":1e300}"));
    EXPECT_EQ(output.detail, "alg A?[31m, iss " + std::string(60, 'i') +
                                 "..., expires out of range");
}

TEST(Jwt, WithoutASignatureIsLowered) {
    const Output output = run("jwt", encode_base64(R"({"alg":"none"})", base64url_digits, false) +
                                         "." + encode_base64("{}", base64url_digits, false) + ".");
    EXPECT_EQ(output.detail, "alg none, not signed");
    EXPECT_EQ(output.confidence_shift, -1);
}

TEST(DockerAuth, ShowsTheUserAndNeverThePassword) {
    const std::string password = example("{{password:14}}");
    const Output output = run("docker-auth", encode_base64("robot$ci:" + password));
    EXPECT_EQ(output.level, Evidence::well_formed);
    EXPECT_EQ(output.detail, "user robot$ci");
    EXPECT_EQ(run("docker-auth", encode_base64("user:")).confidence_shift, -1);
    EXPECT_EQ(run("docker-auth", encode_base64("user:changeme")).level, Evidence::known_example);
    EXPECT_EQ(run("docker-auth", encode_base64("no colon here")).level, Evidence::pattern);
    EXPECT_EQ(run("docker-auth", encode_base64("user:\x01\x02\x03\x04")).level,
              Evidence::pattern);
}

TEST(EvidenceStructure, OfTokensIsTakenApart) {
    const std::string slack = "https://hooks.slack.com/services/" +
                              example("T{{uppernum:9}}/B{{uppernum:9}}/{{alnum:24}}");
    EXPECT_EQ(run("slack-webhook", slack).level, Evidence::well_formed);
    EXPECT_EQ(run("slack-webhook", "https://hooks.slack.com/services/T00000000/B00000000/" +
                                       std::string(24, 'X')).level,
              Evidence::known_example);
    const std::string discord = encode_base64("123456789012345678") + "." +
                                example("{{word:6}}.{{b64url:38}}");
    EXPECT_EQ(run("discord-bot", discord).detail, "bot user 123456789012345678");
    EXPECT_EQ(run("discord-bot", example("{{alnum:24}}.{{word:6}}.{{b64url:38}}")).level,
              Evidence::pattern);
    // Location and identifier; one caveat; the signature.
    const std::string whole = std::string("\x02\x01\x08", 3) + "pypi.org" + "\x02\x24" +
                              example("{{alnum:36}}") + '\0' + "\x02\x06" + "[0, 1]" + '\0' +
                              '\0' + "\x06\x20" + example("{{alnum:32}}");
    const auto token = [](std::string_view bytes) {
        return "pypi-" + encode_base64(bytes, base64url_digits, false);
    };
    EXPECT_EQ(run("pypi-macaroon", token(whole)).detail, "macaroon for pypi.org, 1 caveat");
    for (std::size_t size = 11; size < whole.size(); ++size) {
        EXPECT_EQ(run("pypi-macaroon", token(whole.substr(0, size))).level, Evidence::pattern);
    }
    EXPECT_EQ(run("pypi-macaroon", token(whole.substr(0, 11) + example("{{alnum:70}}"))).level,
              Evidence::pattern);
    EXPECT_EQ(run("pypi-macaroon", example("pypi-{{b64url:80}}")).level, Evidence::pattern);
    const std::string sentry =
        "sntrys_" + encode_base64(R"({"iat":1700000000,"org":"acme"})") + "_" +
        example("{{b64:43}}");
    EXPECT_EQ(run("sentry-json", sentry).detail, "organisation acme");
    const std::string onepassword =
        "ops_" + encode_base64(R"({"signInAddress":"acme.1password.com","email":"x"})",
                               base64url_digits, false);
    EXPECT_EQ(run("onepassword-json", onepassword).level, Evidence::well_formed);
    EXPECT_EQ(run("key-mode", example("sk_live_{{alnum:24}}")).detail, "live mode");
    EXPECT_EQ(run("key-mode", example("rk_test_{{alnum:24}}")).detail, "test mode");
}

TEST(Wallet, KeysProveThemselves) {
    for (const char* kind : {"{{xprv}}", "{{wif}}"}) {
        std::string key = example(kind);
        EXPECT_EQ(run("base58check", key).level, Evidence::verified) << kind;
        key.back() = key.back() == 'a' ? 'b' : 'a';
        EXPECT_EQ(run("base58check", key).level, Evidence::bad_checksum) << kind;
        EXPECT_EQ(run("base58check", key + "0").level, Evidence::bad_checksum) << kind;
    }
    EXPECT_EQ(run("base58check", "").level, Evidence::bad_checksum);
    const std::string pair = example("{{solana}}"), list = example("{{solana-list}}");
    EXPECT_EQ(run("solana-keypair", pair).level, Evidence::verified);
    EXPECT_EQ(run("solana-keypair", list).level, Evidence::verified);
    EXPECT_EQ(run("solana-keypair", list + ",1").level, Evidence::bad_checksum);
    EXPECT_EQ(run("solana-keypair", "256" + list.substr(list.find(','))).level,
              Evidence::bad_checksum);
    EXPECT_EQ(run("solana-keypair", example("{{alnum:88}}")).level, Evidence::bad_checksum);
}

TEST(Wallet, Base58IsItsOwnInverse) {
    using namespace std::string_literals;
    for (const std::string& bytes : {""s, "\0"s, "\0\0\1"s, "\xff\xff\xff"s, "\0\xff\0"s}) {
        EXPECT_EQ(decode_base58(encode_base58(bytes)), bytes) << hex(bytes);
    }
    EXPECT_EQ(encode_base58("Hello World!"), "2NEpo7TZRRrLZSi2U");
    EXPECT_FALSE(decode_base58("0"));
    EXPECT_FALSE(decode_base58(std::string(129, '1')));
}

TEST(OpenPgp, APacketSaysWhetherItIsASecretKeyAndProtected) {
    // As the rule captures it: the exponent and what follows, with the packet around.
    const auto judged = [](std::string_view kind) {
        const std::string packet = "front" + example("{{pgp:" + std::string(kind) + "}}");
        const std::size_t at = packet.find(kind.starts_with("rsa") ? std::string("\0\x11\1\0\1", 5)
                                                                   : std::string("\x09\x2b\x06"));
        const std::string_view all = packet;
        return find_check("pgp-packet")({all.substr(at, 80), all.substr(at, 80), all});
    };
    EXPECT_TRUE(judged("rsa").detail.starts_with("RSA 2048, not encrypted, fingerprint "));
    EXPECT_EQ(judged("rsa").confidence_shift, 0);
    EXPECT_TRUE(judged("rsa-protected").detail.starts_with("RSA 2048, encrypted, "));
    EXPECT_EQ(judged("rsa-protected").confidence_shift, -1);
    EXPECT_TRUE(judged("eddsa").detail.starts_with("EdDSA, not encrypted, "));
    EXPECT_EQ(judged("rsa-public").drop_reason, "only a public key");
    EXPECT_EQ(judged("eddsa-public").drop_reason, "only a public key");
}

TEST(Structure, SharedAccessSignaturesSayUntilWhenAndForWhat) {
    const auto detail = [](std::string_view front, std::string_view behind) {
        const std::string signature = example("{{alnum:43}}") + "%3D";
        const std::string text = std::string(front) + "sig=" + signature + std::string(behind);
        return find_check("azure-sas")({signature, signature, text}).detail;
    };
    EXPECT_EQ(detail("x https://a.blob.example/c?sv=2022-11-02&se=2030-01-31T00%3A00Z&sp=rl&", "\n"),
              "expires 2030-01-31, permissions rl");
    EXPECT_EQ(detail("\"?", "&sr=c&se=2021-02-03\" &sp=w"), "expires 2021-02-03");
    EXPECT_EQ(detail("SharedAccessSignature sr=x&", "&se=1893456000&skn=a"),
              "expires 1893456000 seconds after 1970");
    EXPECT_EQ(detail("sv=1&xse=2030-01-31&", ""), "") << "another parameter";
    EXPECT_EQ(detail("se=2030-01-31 ", "&se=tomorrow"), "") << "another query, and no day";
}

TEST(CryptHash, NamesItsKindAndKnowsLockedAccounts) {
    const std::string sha512 = example("$6${{alnum:16}}${{alnum:86}}");
    EXPECT_EQ(run("crypt-hash", sha512).detail, "sha512crypt");
    EXPECT_EQ(run("crypt-hash", sha512).level, Evidence::well_formed);
    EXPECT_EQ(run("crypt-hash", "!" + sha512).detail, "sha512crypt, account locked");
    EXPECT_EQ(run("crypt-hash", example("$2y$10${{alnum:53}}")).detail, "bcrypt");
    EXPECT_EQ(run("crypt-hash", example("$y$j9T${{alnum:22}}${{alnum:43}}")).detail, "yescrypt");
    EXPECT_EQ(run("crypt-hash", sha512.substr(0, 40)).level, Evidence::pattern);
    for (const char* locked : {"*", "!", "!!", "!*", "x"}) {
        EXPECT_FALSE(run("crypt-hash", locked).drop_reason.empty()) << locked;
    }
}

TEST(UrlCredential, IsJudgedByPasswordAndHost) {
    const std::string password = example("{{alnum:16}}");
    const auto at = [](const std::string& secret, const std::string& host) {
        return run("url-credential", secret, "postgres://app:" + secret + "@" + host + "/db");
    };
    EXPECT_EQ(at(password, "db.prod.internal").level, Evidence::pattern);
    EXPECT_EQ(at(password, "db.prod.internal").confidence_shift, 0);
    EXPECT_EQ(at(password, "db.example.com").level, Evidence::known_example);
    EXPECT_EQ(at(password, "example.org:5432").level, Evidence::known_example);
    EXPECT_EQ(at(password, "notexample.org").level, Evidence::pattern);
    EXPECT_EQ(at(password, "localhost:5432").detail, "local host");
    EXPECT_EQ(at(password, "[::1]:5432").detail, "local host");
    for (const char* variable : {"${PASSWORD}", "$PASSWORD", "%s", "{{ .Password }}",
                                 "<password>", "{password}"}) {
        EXPECT_EQ(at(variable, "db.prod").detail, "placeholder") << variable;
    }
    EXPECT_EQ(at("password", "db.prod").confidence_shift, -2);
    for (const char* word : {"opensesame", "p4ssw0rd", "Hunter2", "he%2F%2Fo", "My%20Pass"}) {
        EXPECT_EQ(at(word, "db.prod").detail, "password of words") << word;
    }
}

TEST(UrlCredential, ReadsTheHostBehindTheMatch) {
    const std::string password = example("{{alnum:16}}");
    const auto seen = [&](const std::string& host) {
        const std::string text = "see https://ann:" + password + "@" + host + "/a b";
        const std::string_view whole = text;
        // As the rules have it: a match ends at the host's first byte.
        return run("url-credential", password,
                   whole.substr(4, whole.find('@') + 2 - 4), whole);
    };
    EXPECT_EQ(seen("docs.example.com").detail, "documentation host");
    EXPECT_EQ(seen("localhost:8080").detail, "local host");
    EXPECT_EQ(seen("git.internal").level, Evidence::pattern);
    EXPECT_EQ(seen("git.internal").confidence_shift, 0);
}

TEST(UrlCredential, KnowsDefaultPairs) {
    const auto pair = [](const std::string& user, const std::string& password) {
        return run("url-credential", password,
                   "amqp://" + user + ":" + password + "@rabbit.internal:5672");
    };
    EXPECT_EQ(pair("guest", "guest").level, Evidence::known_example);
    EXPECT_EQ(pair("Guest", "guest").level, Evidence::known_example);
    EXPECT_EQ(pair("scott", "tiger").level, Evidence::known_example);
    EXPECT_EQ(pair("ann", example("{{alnum:16}}")).level, Evidence::pattern);
}

TEST(EvidencePlaceholders, AreRecognised) {
    for (const char* value :
         {"xxxxxxxx", "XXXX-XXXX-XXXX", "changeme", "CHANGE_ME", "your-api-key-here",
          "YOUR_TOKEN", "<your token>", "${SECRET}", "{{ secret }}", "example",
          "my-example-key", "dummy", "dummy-value", "test", "test1234", "testing",
          "test-token", "aaaa", "00000000-0000-0000-0000-000000000000", "1234567890",
          "abcdefghijklmnop", "0123456789abcdef", "a1b2c3d4e5f6", "REDACTED", "[REDACTED]",
          "****", "....", "foobar", "foo", "abcabcabc", "my-secret-key", "replace-me",
          "insert-your-key-here", "supersecret", "AKIAXXXXXXXXXXXXXXXX", "AIza...x4Q",
          "%s", "$TOKEN", "%TOKEN%", "@TOKEN@", "__TOKEN__", "fake_token", "placeholder"}) {
        EXPECT_FALSE(placeholder_reason(value).empty()) << value;
    }
}

TEST(EvidencePlaceholders, AreNotSeenInRealValues) {
    for (const char* value : {"", "hunter2", "Tr0ub4dor&3", "S3cure!Pass", "password123",
                              "admin2024!", "Winter_2024", "p@ssw0rd", "letmein!9"}) {
        EXPECT_TRUE(placeholder_reason(value).empty()) << value;
    }
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        for (const char* form : {"{{alnum:20}}", "{{hex:32}}", "{{b64:40}}", "{{b64url:43}}",
                                 "{{base32:16}}", "{{uuid}}", "{{lowernum:26}}"}) {
            const std::string value = example(form, seed);
            EXPECT_TRUE(placeholder_reason(value).empty()) << form << " seed " << seed;
        }
    }
}

TEST(EvidenceHostile, BytesLeaveEveryCheckStanding) {
    std::mt19937_64 random(7);
    for (const auto name : check_names()) {
        for (int round = 0; round < 300; ++round) {
            std::string bytes(random() % 200, '\0');
            for (char& c : bytes) c = static_cast<char>(random());
            const Output output = run(name, bytes, bytes, bytes);
            EXPECT_LE(output.detail.size(), 400U);
            for (const char c : output.detail) EXPECT_TRUE(c >= ' ' && c <= '~') << name;
        }
        run(name, std::string(16384, '-'));
        run(name, std::string(16384, 'A'));
        run(name, std::string(16384, '\xFF'));
    }
}

}  // namespace
}  // namespace stratascan::evidence
