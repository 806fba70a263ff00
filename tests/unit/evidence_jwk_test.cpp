// JSON Web Keys prove themselves like keys in PEM: type, size and the fingerprints that
// OpenSSL gives of the same key. And a key pair of Solana in a file of its own.
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/public_part.hpp"
#include "tests/support/checks.hpp"
#include "tests/support/encodings.hpp"
#include "tests/support/shipped.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan {
namespace {

using evidence::KeyHandle;

std::string number(const EVP_PKEY& key, const char* name, std::size_t size = 0) {
    BIGNUM* value = nullptr;
    EXPECT_EQ(EVP_PKEY_get_bn_param(&key, name, &value), 1) << name;
    std::string bytes(std::max(size, static_cast<std::size_t>(BN_num_bytes(value))), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()),
                 static_cast<int>(bytes.size()));
    BN_free(value);
    return test::base64_url(bytes);
}

std::string member(const char* name, const std::string& value) {
    return ",\"" + std::string(name) + "\":\"" + value + '"';
}

std::string rsa_jwk(const EVP_PKEY& key) {
    return "{\"kty\":\"RSA\"" + member("n", number(key, OSSL_PKEY_PARAM_RSA_N)) +
           member("e", number(key, OSSL_PKEY_PARAM_RSA_E)) +
           member("d", number(key, OSSL_PKEY_PARAM_RSA_D)) +
           member("p", number(key, OSSL_PKEY_PARAM_RSA_FACTOR1)) +
           member("q", number(key, OSSL_PKEY_PARAM_RSA_FACTOR2)) +
           member("dp", number(key, OSSL_PKEY_PARAM_RSA_EXPONENT1)) +
           member("dq", number(key, OSSL_PKEY_PARAM_RSA_EXPONENT2)) +
           member("qi", number(key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1)) + "}";
}

std::string ec_jwk(const EVP_PKEY& key, const char* curve, std::size_t size) {
    return "{\"kty\":\"EC\",\"crv\":\"" + std::string(curve) + '"' +
           member("x", number(key, OSSL_PKEY_PARAM_EC_PUB_X, size)) +
           member("y", number(key, OSSL_PKEY_PARAM_EC_PUB_Y, size)) +
           member("d", number(key, OSSL_PKEY_PARAM_PRIV_KEY, size)) + "}";
}

std::string okp_jwk(const EVP_PKEY& key, const char* curve) {
    std::string half(64, '\0'), own(64, '\0');
    std::size_t half_size = half.size(), own_size = own.size();
    EVP_PKEY_get_raw_public_key(&key, reinterpret_cast<unsigned char*>(half.data()), &half_size);
    EVP_PKEY_get_raw_private_key(&key, reinterpret_cast<unsigned char*>(own.data()), &own_size);
    return "{\"d\":\"" + test::base64_url(own.substr(0, own_size)) +
           "\",\"kty\":\"OKP\",\"crv\":\"" + curve + '"' +
           member("x", test::base64_url(half.substr(0, half_size))) + "}";
}

void expect_told(const std::string& jwk, EVP_PKEY& key, const std::string& detail) {
    for (const std::string& text : {jwk, "{\"keys\": [" + jwk + "]}\n"}) {
        const auto found = test::shipped().scan_text(text);
        ASSERT_EQ(found.size(), 1U) << detail;
        EXPECT_EQ(found[0].rule, "jwk-private-key");
        EXPECT_EQ(found[0].evidence, Evidence::verified) << found[0].evidence_detail;
        EXPECT_EQ(found[0].evidence_detail, detail);
        EXPECT_EQ(found[0].public_key_sha256,
                  evidence::hex(evidence::sha256(evidence::spki_of(key))));
    }
}

TEST(JsonWebKey, IsProvedByItsNumbers) {
    const KeyHandle rsa(EVP_RSA_gen(2048)), large(EVP_RSA_gen(4096));
    ASSERT_TRUE(rsa && large);
    expect_told(rsa_jwk(*rsa), *rsa, "RSA 2048, not encrypted");
    expect_told(rsa_jwk(*large), *large, "RSA 4096, not encrypted");
    const KeyHandle p256(EVP_EC_gen("P-256")), p521(EVP_EC_gen("P-521"));
    ASSERT_TRUE(p256 && p521);
    expect_told(ec_jwk(*p256, "P-256", 32), *p256, "EC P-256, not encrypted");
    expect_told(ec_jwk(*p521, "P-521", 66), *p521, "EC P-521, not encrypted");
    const KeyHandle ed(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    const KeyHandle x(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
    ASSERT_TRUE(ed && x);
    expect_told(okp_jwk(*ed, "Ed25519"), *ed, "Ed25519, not encrypted");
    expect_told(okp_jwk(*x, "X25519"), *x, "X25519, not encrypted");
}

// The check alone, as the rule gives it what it sees.
evidence::Output judged(const std::string& jwk) {
    const std::size_t at = jwk.find("\"d\"");
    const std::size_t value = jwk.find('"', jwk.find(':', at)) + 1;
    const std::size_t end = jwk.find('"', value);
    const std::string_view text = jwk;
    const evidence::Check check = evidence::find_check("jwk");
    return check({text.substr(value, end - value), text.substr(at, end + 1 - at), text});
}

TEST(JsonWebKey, OfAnotherPublicHalfIsNoKey) {
    const KeyHandle one(EVP_EC_gen("P-256")), two(EVP_EC_gen("P-256"));
    std::string mixed = ec_jwk(*one, "P-256", 32);
    const std::string other = ec_jwk(*two, "P-256", 32);
    mixed.replace(mixed.find(",\"d\""), std::string::npos, other.substr(other.find(",\"d\"")));
    EXPECT_EQ(judged(mixed).level, Evidence::bad_checksum);
    EXPECT_LT(judged(mixed).confidence_shift, 0);
    const KeyHandle ed(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    std::string flipped = okp_jwk(*ed, "Ed25519");
    char& digit = flipped[flipped.rfind('"') - 10];
    digit = digit == 'A' ? 'B' : 'A';
    EXPECT_EQ(judged(flipped).level, Evidence::bad_checksum);
}

TEST(JsonWebKey, WithoutAPartSaysNothingAgainstItself) {
    const KeyHandle rsa(EVP_RSA_gen(2048));
    std::string part = rsa_jwk(*rsa);
    part.resize(part.find(",\"p\""));
    const auto output = judged(part + "}");
    EXPECT_EQ(output.level, Evidence::pattern);
    EXPECT_EQ(output.confidence_shift, 0);
    EXPECT_EQ(output.detail, "RSA key");
    EXPECT_EQ(judged(R"({"kty":"EC","crv":"P-999","x":"AA","y":"AA","d":"AA"})").level,
              Evidence::pattern)
        << "a curve that nobody here can tell";
    EXPECT_EQ(judged(R"("d":"AAAA")").level, Evidence::pattern) << "no object in sight";
}

TEST(JsonWebKey, HostileNumbersEndSoon) {
    const std::string zeros(2700, 'A');
    EXPECT_NE(judged("{\"kty\":\"RSA\",\"n\":\"" + zeros + "\",\"e\":\"" + zeros + "\",\"d\":\"" +
                     zeros + "\",\"p\":\"" + zeros + "\",\"q\":\"" + zeros + "\"}").level,
              Evidence::verified);
    const std::string one = test::base64_url(std::string(31, '\0') + '\x01');
    EXPECT_EQ(judged("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" + one + "\",\"y\":\"" + one +
                     "\",\"d\":\"" + one + "\"}").level,
              Evidence::bad_checksum);
}

std::string scanned(const std::string& contents, const std::string& name = "id.json") {
    const auto result = test::shipped().scan(
        test::TarBuilder().file("before", "x").file(name, contents).file("after", "y").finish());
    std::string told;
    for (const auto& found : result.findings) {
        const Finding& finding = found.finding;
        told += finding.rule + ' ' + finding.path + " @" + std::to_string(finding.offset) + '+' +
                std::to_string(finding.length) + ' ' + std::string(to_string(finding.evidence)) +
                '\n';
    }
    return told;
}

TEST(SolanaKeypair, IsKnownInAFileOfItsOwn) {
    const std::string list = test::expanded("{{solana-list}}", 7);
    const std::string bare = "[" + list + "]";
    const std::string told = "solana-keypair x @1+" + std::to_string(list.size()) + " verified\n";
    EXPECT_EQ(scanned(bare, "x"), told);
    EXPECT_EQ(scanned(bare + "\n", "x"), told);
    std::string lines;
    for (const char c : bare) lines += c == ',' ? std::string(",\n  ") : std::string(1, c);
    EXPECT_NE(scanned(lines, "x").find("solana-keypair x @1+"), std::string::npos);
    EXPECT_EQ(scanned(bare + ",", "x"), "");
    EXPECT_EQ(scanned("{\"a\": " + bare + "}", "x"), "") << "not the file as a whole";
    // Numbers that prove nothing are numbers.
    std::string other = bare;
    other.replace(1, other.find(',') - 1, other.starts_with("[7,") ? "8" : "7");
    EXPECT_EQ(scanned(other, "x"), "");
    std::string many = "[1";
    for (int i = 1; i < 64; ++i) many += ",1";
    EXPECT_EQ(scanned(many + "]", "x"), "");
    EXPECT_EQ(scanned("[" + std::string(200, ',') + "]", "x"), "");
}

TEST(SolanaKeypair, IsKnownInsideContainersToo) {
    const std::string bare = "[" + test::expanded("{{solana-list}}", 8) + "]";
    EXPECT_NE(scanned(test::gzip(bare), "id.json.gz").find("solana-keypair id.json.gz @1+"),
              std::string::npos);
}

}  // namespace
}  // namespace stratascan
