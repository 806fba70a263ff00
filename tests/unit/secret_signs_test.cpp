// What bytes must have for compiled code to be read: the same wherever in a block it stands, and
// what a plain look at each place says.
#include "scanner/nested/secret_signs.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <string>

#include "tests/support/blobs.hpp"

namespace stratascan::nested {
namespace {

constexpr const char* random_run = "a1b2c3d4e5f6a7b8";

TEST(SecretSigns, StandAnywhereInABlock) {
    for (std::size_t before = 0; before < 200; ++before) {
        for (const std::size_t behind : {0U, 1U, 70U}) {
            const std::string front(before, '\x01'), back(behind, '\x01');
            EXPECT_TRUE(may_hold_secret(front + random_run + back)) << before << ' ' << behind;
            EXPECT_TRUE(may_be_secret(front + random_run + back)) << before << ' ' << behind;
            EXPECT_FALSE(may_hold_secret(front + (random_run + 1) + back)) << before;
            for (const char* const name : {"passwd", "PassPhrase", "PASSCODE", "DB_PASS", "pwd"}) {
                EXPECT_TRUE(names_password(front + name + back)) << name << ' ' << before;
            }
            for (const char* const word : {"passed", "pass the", "passive", "pdw", "pas", "assword"}) {
                EXPECT_FALSE(names_password(front + word + back)) << word << ' ' << before;
            }
        }
    }
}

TEST(SecretSigns, NamesOfClassesAndFunctionsAreNotRandom) {
    for (const char* const name :
         {"GeneratedMessageV3BuilderImpl", "com/google/protobuf/Utf8StringEncoder",
          "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "W32_LONG_NAME_OF_A_CONSTANT"}) {
        EXPECT_FALSE(may_be_secret(name)) << name;
    }
    EXPECT_TRUE(may_be_secret("postgres://ann:pw@host/db"));
    EXPECT_TRUE(may_be_secret("Server=x;Pwd=abc"));
    EXPECT_FALSE(may_be_secret("Pwd"));
    // In a .pyc the next object stands right behind a name.
    EXPECT_TRUE(may_hold_secret("Z\aDB_PASSZ\aDB_HOST"));
    EXPECT_FALSE(may_hold_secret("passion, passages and passes"));
}

bool plainly_names_password(std::string bytes) {
    for (char& byte : bytes) byte = static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
    for (std::size_t at = bytes.find('p'); at != bytes.npos; at = bytes.find('p', at + 1)) {
        const std::string_view here = std::string_view(bytes).substr(at);
        if (here.starts_with("pwd")) return true;
        if (!here.starts_with("pass")) continue;
        if (here.size() == 4 || std::string_view("wpc").contains(here[4])) return true;
        if (here[4] != ' ' && (here[4] < 'a' || here[4] > 'z')) return true;
        if (!std::string_view("zsruntaigf").contains(here[4]) || here.size() == 5) continue;
        if (here[5] != ' ' && (here[5] < 'a' || here[5] > 'z')) return true;
    }
    return false;
}

TEST(SecretSigns, AreThoseThatAPlainLookFinds) {
    test::Random random(11);
    std::size_t named = 0;
    for (int turn = 0; turn < 20'000; ++turn) {
        std::string bytes(random.number(0, 150), ' ');
        for (char& byte : bytes) byte = "paswdPASWD_ c\0"[random.number(0, 13)];
        const bool names = plainly_names_password(bytes);
        ASSERT_EQ(names_password(bytes), names) << bytes;
        named += names ? 1 : 0;
    }
    EXPECT_GT(named, 2000U);
    EXPECT_LT(named, 18'000U);
}

}  // namespace
}  // namespace stratascan::nested
