// What names of secrets promise: the key stays its owner's, names are stable, and
// neither names nor redacted texts tell the secret.
#include "scanner/identity/secret_key.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "tests/support/scanning.hpp"

namespace stratascan::identity {
namespace {

namespace fs = std::filesystem;
using test::PrivateHome;

unsigned mode_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0;
}

TEST(SecretKey, IsMadeOnFirstUseForItsOwnerAlone) {
    const PrivateHome home;
    const std::string path = home.path("config/stratascan/key");
    const auto first = SecretKey::load("");
    ASSERT_TRUE(first.has_value()) << first.error().message();
    EXPECT_EQ(mode_of(path), 0600U);
    EXPECT_EQ(fs::file_size(path), 32U);
    const auto second = SecretKey::load("");
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(first->name("a"), second->name("a"));
    const auto named = SecretKey::load(path);
    ASSERT_TRUE(named.has_value());
    EXPECT_EQ(first->name("a"), named->name("a"));
    for (const auto& entry : fs::directory_iterator(home.path("config/stratascan"))) {
        EXPECT_EQ(entry.path(), path) << "no drafts are left";
    }
    const PrivateHome other;
    EXPECT_NE(SecretKey::load("")->name("a"), first->name("a")) << "another key, other names";
}

TEST(SecretKey, ProcessesThatStartTogetherAgree) {
    const PrivateHome home;
    std::vector<std::string> names(8);
    {
        std::vector<std::jthread> threads;
        for (std::string& name : names) {
            threads.emplace_back([&name] {
                const auto key = SecretKey::load("");
                name = key ? key->name("a") : key.error().message();
            });
        }
    }
    for (const std::string& name : names) EXPECT_EQ(name, names[0]);
    EXPECT_TRUE(names[0].starts_with("hmac-sha256:")) << names[0];
}

TEST(SecretKey, IsRefusedWhenOthersMayReadIt) {
    const PrivateHome home;
    const std::string path = home.write("key", std::string(32, 'k'));
    for (const unsigned mode : {0644U, 0640U, 0604U, 0620U, 0602U, 0610U, 0660U}) {
        ASSERT_EQ(::chmod(path.c_str(), mode), 0);
        const auto key = SecretKey::load(path);
        ASSERT_FALSE(key.has_value()) << mode;
        EXPECT_EQ(key.error().code, ErrorCode::invalid_argument);
        EXPECT_EQ(key.error().where, path);
    }
    for (const unsigned mode : {0600U, 0400U, 0700U}) {
        ASSERT_EQ(::chmod(path.c_str(), mode), 0);
        EXPECT_TRUE(SecretKey::load(path).has_value()) << mode;
    }
}

TEST(SecretKey, IsRefusedWhenItIsAnothersFile) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    const PrivateHome home;
    const std::string path = home.write("key", std::string(32, 'k'));
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    ASSERT_TRUE(SecretKey::load(path).has_value());
    // Root's own are taken; that root is asked for another's is what can be tried here.
    ASSERT_EQ(::chown(path.c_str(), 65534, 65534), 0);
    const auto key = SecretKey::load(path);
    ASSERT_FALSE(key.has_value());
    EXPECT_EQ(key.error().where, path);
}

TEST(SecretKey, IsRefusedWhenItIsTooShortOrNotThere) {
    const PrivateHome home;
    for (const std::size_t size : {0U, 1U, 15U, 16U, 5000U}) {
        const std::string path = home.write("key", std::string(size, 'k'));
        ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
        EXPECT_EQ(SecretKey::load(path).has_value(), size >= 16) << size;
    }
    const auto missing = SecretKey::load(home.path("nothing"));
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code, ErrorCode::not_found);
    EXPECT_FALSE(fs::exists(home.path("nothing"))) << "only the default key is made";
    EXPECT_FALSE(SecretKey::load(home.path()).has_value()) << "a folder";
}

// A pipe that nobody writes to would be waited for without an end.
TEST(SecretKey, APipeIsRefusedAtOnce) {
    const PrivateHome home;
    const std::string path = home.path("pipe");
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const auto key = SecretKey::load(path);
    ASSERT_FALSE(key.has_value());
    EXPECT_EQ(key.error().code, ErrorCode::invalid_argument);
}

TEST(SecretKey, APlaceThatCannotBeWrittenIsAnError) {
    const PrivateHome home;
    home.write("config", "a file where the folder should be");
    const auto key = SecretKey::load("");
    ASSERT_FALSE(key.has_value());
    EXPECT_EQ(key.error().code, ErrorCode::unreadable);
}

// The names under a given key never change: they are kept in baselines.
TEST(SecretKey, NamesAreStable) {
    const PrivateHome home;
    const std::string path = home.write("key", "sixteen bytes ok");
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    const auto key = SecretKey::load(path);
    ASSERT_TRUE(key.has_value());
    // printf 'secret\0hello' | openssl dgst -sha256 -hmac 'sixteen bytes ok'
    EXPECT_EQ(key->name("hello"),
              "hmac-sha256:"
              "da397c4b5373fc76ea93eabe634189739c8cecb45f683b7cde781f3aee96fe84");
    EXPECT_NE(key->name("hello"), key->name("hello "));
    EXPECT_NE(key->name("a b"), key->name("ab")) << "white space counts outside of PEM";
    EXPECT_EQ(key->name("").size(), 12U + 64U);
}

TEST(SecretKey, WrappingDoesNotChangeAPemKeysName) {
    const auto key = test::test_key();
    const std::string begin = "-----BEGIN", end = "-----END";
    const std::string kind = " X KEY-----";
    const auto block = [&](const std::string& line, const std::string& body) {
        return begin + kind + line + body + line + end + kind;
    };
    const std::string name = key.name(block("\n", "QUJD\nREVG"));
    EXPECT_EQ(key.name(block("\r\n", "QUJD\r\nREVG")), name);
    EXPECT_EQ(key.name(block("\n    ", "QUJDREVG")), name);
    EXPECT_EQ(key.name(block("\\n", "QUJD\\nREVG")), name);
    EXPECT_EQ(key.name(block("\\r\\n", "QU\\r\\nJDREVG")), name);
    EXPECT_EQ(key.name(block("\n", "QUJD\n\tREVG") + "\n"), name);
    EXPECT_NE(key.name(block("\n", "QUJDREVH")), name);
}

TEST(Redact, ShowsNothingOfAShortSecret) {
    for (std::size_t size = 0; size < 16; ++size) {
        const std::string secret = std::string("abcdefghijklmnop").substr(0, size);
        EXPECT_EQ(redact(secret, 4), "**** (" + std::to_string(size) + " characters)");
    }
}

TEST(Redact, ShowsThePublicPrefixAndTheLength) {
    EXPECT_EQ(redact("tst_ABCDEFGHIJKLMNOP", 4), "tst_**** (20 characters)");
    EXPECT_EQ(redact("tst_ABCDEFGHIJKLMNOP", 0), "**** (20 characters)");
    EXPECT_EQ(redact("tst_ABCDEFGHIJKLMNOP", 64), "tst_AB**** (20 characters)")
        << "a third at most, whatever the rule says";
    EXPECT_EQ(redact("\n\x1b\xff" "x" + std::string(20, 'a'), 4), "...x**** (24 characters)");
}

}  // namespace
}  // namespace stratascan::identity
