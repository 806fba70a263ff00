// Stores of keys: told from lists of certificates, and tried with the passwords that
// everybody knows. Whatever their bytes are, the checks end.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>

#include <memory>
#include <string>

#include "scanner/evidence/evidence.hpp"
#include "scanner/evidence/public_part.hpp"
#include "scanner/match/example_keystore.hpp"
#include "tests/support/blobs.hpp"
#include "tests/support/checks.hpp"

namespace stratascan::evidence {
namespace {

using match::example_keystore;
using test::run;

Output judged(const char* check, const std::string& store) {
    const std::string_view bytes = store;
    return run(check, bytes.substr(0, 64), bytes.substr(0, 64), bytes);
}

TEST(Keystore, TellsWhetherAWellKnownPasswordOpensIt) {
    const Output open = judged("pkcs12", example_keystore("pkcs12-changeit"));
    EXPECT_EQ(open.level, Evidence::well_formed);
    EXPECT_EQ(open.detail, "PKCS #12, opens with a well-known password");
    EXPECT_EQ(open.confidence_shift, 1);
    EXPECT_EQ(judged("pkcs12", example_keystore("pkcs12")).detail, "PKCS #12");
    EXPECT_EQ(judged("java-keystore", example_keystore("jks-changeit")).detail,
              "Java keystore, 1 private key, 1 certificate, opens with a well-known password");
    EXPECT_EQ(judged("java-keystore", example_keystore("jks")).detail,
              "Java keystore, 1 private key, 1 certificate");
}

// A file full of such stores would take hours.
TEST(Keystore, DoesNotTryWhatTakesManyRounds) {
    const KeyHandle key(EVP_EC_gen("P-256"));
    const auto detail = [&key](int rounds) {
        const std::unique_ptr<PKCS12, decltype(&PKCS12_free)> store(
            PKCS12_create("changeit", "example", key.get(), nullptr, nullptr, 0, 0, 2048, rounds, 0),
            &PKCS12_free);
        unsigned char* der = nullptr;
        const int size = i2d_PKCS12(store.get(), &der);
        const std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
        OPENSSL_free(der);
        return judged("pkcs12", bytes).detail;
    };
    EXPECT_EQ(detail(4096), "PKCS #12, opens with a well-known password");
    EXPECT_EQ(detail(4097), "PKCS #12");
}

TEST(Keystore, AListOfCertificatesIsNoSecret) {
    EXPECT_EQ(judged("java-keystore", example_keystore("jks-certificates")).drop_reason,
              "only certificates");
    // Where the end is out of sight a key may still follow.
    const std::string cut = example_keystore("jks-certificates").substr(0, 200);
    const Output output = judged("java-keystore", cut);
    EXPECT_TRUE(output.drop_reason.empty());
    EXPECT_EQ(output.confidence_shift, -2);
}

TEST(Keystore, StandsAnyBytes) {
    test::Random random(1);
    for (const char* const kind : {"pkcs12-changeit", "jks"}) {
        const std::string whole = example_keystore(kind);
        ASSERT_FALSE(whole.empty());
        const char* const check = whole[0] == '\x30' ? "pkcs12" : "java-keystore";
        for (std::size_t size = 65; size < whole.size(); size += 7) {
            const Output output = judged(check, whole.substr(0, size));
            EXPECT_LE(output.confidence_shift, 0) << size;
        }
        for (int round = 0; round < 300; ++round) {
            std::string bytes = whole;
            for (int i = 0; i < 4; ++i) {
                bytes[random.number(0, bytes.size() - 1)] = static_cast<char>(random.number(0, 255));
            }
            EXPECT_LE(judged(check, bytes).confidence_shift, 1);
        }
    }
}

}  // namespace
}  // namespace stratascan::evidence
