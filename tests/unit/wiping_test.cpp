// What held a secret does not hold it after its use. A child process uses the secret as the
// program does and then reads its own memory, all of it, as an attacker would.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "scanner/evidence/codec.hpp"
#include "scanner/identity/secret_key.hpp"
#include "scanner/registry/authorizer.hpp"
#include "scanner/registry/credentials.hpp"
#include "scanner/text_file.hpp"

namespace stratascan {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool wipes = false;
#else
constexpr bool wipes = true;
#endif

constexpr char mask = 0x55;

/// A secret that is nowhere in memory as it is: every byte is masked.
class Hidden {
public:
    Hidden() : masked_(40, '\0') {
        std::vector<unsigned char> random(masked_.size());
        RAND_bytes(random.data(), static_cast<int>(random.size()));
        for (std::size_t i = 0; i < masked_.size(); ++i) {
            masked_[i] = static_cast<char>(static_cast<char>('a' + random[i] % 26) ^ mask);
        }
    }

    [[nodiscard]] std::string shown() const {
        std::string text = masked_;
        for (char& c : text) c = static_cast<char>(c ^ mask);
        return text;
    }
    [[nodiscard]] std::size_t size() const noexcept { return masked_.size(); }

    /// How often it is in this process's memory.
    [[nodiscard]] int copies() const {
        std::ifstream maps("/proc/self/maps");
        const int memory = ::open("/proc/self/mem", O_RDONLY);
        int found = 0;
        static char buffer[1 << 20];
        for (std::string line; std::getline(maps, line);) {
            unsigned long begin = 0, end = 0;
            char rights[8] = {};
            if (std::sscanf(line.c_str(), "%lx-%lx %7s", &begin, &end, rights) != 3) continue;
            if (rights[1] != 'w' || line.find("[v") != std::string::npos) continue;
            const std::size_t overlap = masked_.size() - 1;
            for (unsigned long at = begin; at < end; at += sizeof buffer - overlap) {
                const ssize_t got =
                    ::pread(memory, buffer, std::min<unsigned long>(sizeof buffer, end - at),
                            static_cast<off_t>(at));
                for (ssize_t i = 0; i + static_cast<ssize_t>(masked_.size()) <= got; ++i) {
                    // The buffer itself is part of the memory that is read.
                    const char* const there = reinterpret_cast<const char*>(at) + i;
                    if (there >= buffer && there < buffer + sizeof buffer) continue;
                    std::size_t same = 0;
                    while (same < masked_.size() &&
                           buffer[static_cast<std::size_t>(i) + same] ==
                               static_cast<char>(masked_[same] ^ mask)) {
                        ++same;
                    }
                    found += same == masked_.size() ? 1 : 0;
                }
            }
        }
        ::close(memory);
        std::fill_n(buffer, sizeof buffer, '\0');
        return found;
    }

private:
    std::string masked_;
};

/// How many copies are left when `use` is over; -1 when the child went wrong. `use` says
/// whether it did what it should.
int left_after(const Hidden& secret, const std::function<bool()>& use) {
    const pid_t child = ::fork();
    if (child == 0) {
        const bool done = use();
        ::_exit(done ? std::min(secret.copies(), 99) : 100);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) < 100 ? WEXITSTATUS(status) : -1;
}

class Wiping : public testing::Test {
protected:
    void SetUp() override {
        if (!wipes) GTEST_SKIP() << "a sanitizer has the allocator";
    }
    /// A file with the text, written by another process so that nothing of it is here.
    std::string file(const Hidden& secret, const std::string& before, const std::string& after,
                     bool base64 = false) {
        const std::string path = testing::TempDir() + "stratascan-wiping-" + std::to_string(getpid());
        const pid_t child = ::fork();
        if (child == 0) {
            const std::string text = base64 ? evidence::encode_base64("somebody:" + secret.shown())
                                            : secret.shown();
            std::ofstream(path, std::ios::trunc) << before << text << after;
            ::chmod(path.c_str(), 0600);
            ::_exit(0);
        }
        ::waitpid(child, nullptr, 0);
        return path;
    }
};

TEST_F(Wiping, TheTestSeesWhatIsThere) {
    const Hidden secret;
    EXPECT_EQ(left_after(secret, [&] {
        static std::string kept;
        kept = secret.shown();
        return true;
    }), 1);
}

TEST_F(Wiping, FilesThatAreReadAndWhatWasMadeOfThem) {
    const Hidden secret;
    const std::string path = file(secret, "", "\n");
    EXPECT_EQ(left_after(secret, [&] {
        const auto text = read_text_file(path, 1 << 20);
        if (!text) return false;
        const std::string copy = *text;
        std::vector<std::string> grown;
        for (int i = 0; i < 100; ++i) grown.push_back(copy + std::to_string(i));
        return grown.size() == 100;
    }), 0);
}

TEST_F(Wiping, TheKey) {
    const Hidden secret;
    const std::string path = file(secret, "", "");
    EXPECT_EQ(left_after(secret, [&] {
        const auto key = identity::SecretKey::load(path);
        return key && !key->name("something").empty();
    }), 0);
}

TEST_F(Wiping, ASecretThatWasNamed) {
    const Hidden secret;
    const std::string path = file(secret, "", "\n");
    EXPECT_EQ(left_after(secret, [&] {
        const auto key = identity::SecretKey::passing();
        const auto text = read_text_file(path, 1 << 20);
        return key && text && !key->name(*text).empty();
    }), 0);
}

TEST_F(Wiping, CredentialFilesPasswordsAndHeaders) {
    const Hidden secret;
    for (const bool base64 : {false, true}) {
        const std::string path =
            base64 ? file(secret, R"({"auths":{"one.example":{"auth":")", R"("}}})", true)
                   : file(secret, R"({"auths":{"one.example":{"username":"somebody","password":")",
                          R"("}}})");
        EXPECT_EQ(left_after(secret, [&] {
            registry::CredentialSettings settings;
            settings.auth_file = path;
            registry::CredentialStore store(settings);
            registry::Repository repository;
            repository.registry = "one.example";
            repository.name = "app";
            const auto found = store.find(repository);
            if (!found || found->password.size() != secret.size()) return false;
            const std::string header = "Authorization: " + registry::basic_authorization(*found);
            return header.size() > secret.size();
        }), 0) << base64;
    }
}

TEST_F(Wiping, TokensOfAService) {
    const Hidden secret;
    const std::string path = file(secret, R"({"token":")", R"(","expires_in":300})");
    EXPECT_EQ(left_after(secret, [&] {
        const auto body = read_text_file(path, 1 << 20);
        const auto answer = registry::parse_token_answer(*body);
        return answer && ("Authorization: Bearer " + answer->token).size() > 40;
    }), 0);
}

}  // namespace
}  // namespace stratascan
