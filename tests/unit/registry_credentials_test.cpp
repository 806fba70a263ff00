// Who one is to a registry: the files and helpers of Docker and Podman, in their
// order. Passwords are made when the test runs.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "scanner/evidence/codec.hpp"
#include "scanner/registry/authorizer.hpp"
#include "scanner/registry/credentials.hpp"
#include "scanner/registry/exchange.hpp"
#include "scanner/registry/hosts.hpp"

namespace stratascan::registry {
namespace {

namespace fs = std::filesystem;

std::string made_up() {
    static std::mt19937 random(std::random_device{}());
    return "p" + std::to_string(random());
}

std::string entry(const std::string& key, const std::string& user, const std::string& password) {
    return "\"" + key + "\":{\"auth\":\"" + evidence::encode_base64(user + ':' + password) + "\"}";
}

/// A home without anything, and a PATH with helpers of the test alone.
class CredentialFiles : public testing::Test {
protected:
    CredentialFiles() {
        std::string name = (fs::temp_directory_path() / "stratascan-credentials-XXXXXX").string();
        home_ = mkdtemp(name.data());
        for (const char* variable : {"REGISTRY_AUTH_FILE", "DOCKER_AUTH_CONFIG", "DOCKER_CONFIG",
                                     "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"}) {
            unsetenv(variable);
        }
        setenv("HOME", home_.c_str(), 1);
        const char* const path = getenv("PATH");
        path_ = path == nullptr ? "" : path;
        setenv("PATH", (home_.string() + ":" + path_).c_str(), 1);
    }
    ~CredentialFiles() override {
        setenv("PATH", path_.c_str(), 1);
        fs::remove_all(home_);
    }

    void write(const std::string& name, const std::string& text, bool program = false) {
        fs::create_directories((home_ / name).parent_path());
        std::ofstream(home_ / name) << text;
        if (program) chmod((home_ / name).c_str(), 0755);
    }
    static Result<Credentials> find(const Repository& repository, CredentialSettings settings = {}) {
        CredentialStore store(std::move(settings));
        return store.find(repository);
    }

    fs::path home_;
    std::string path_;
};

TEST_F(CredentialFiles, NoneIsNoError) {
    const auto found = find({"r.example", "a"});
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->empty());
}

TEST_F(CredentialFiles, LongestKeyFirst) {
    const std::string host = made_up(), space = made_up(), one = made_up();
    write(".config/containers/auth.json",
          "{\"auths\":{" + entry("r.example", "h", host) + ',' + entry("r.example/team", "t", space) +
              ',' + entry("r.example/team/app", "a", one) + "}}");
    EXPECT_EQ(find({"r.example", "team/app"})->password, one);
    EXPECT_EQ(find({"r.example", "team/other"})->password, space);
    EXPECT_EQ(find({"r.example", "teams/app"})->password, host);
    EXPECT_TRUE(find({"other.example", "team/app"})->empty());
}

TEST_F(CredentialFiles, DockersFileWithItsOldKeyOfTheHub) {
    const std::string password = made_up();
    write(".docker/config.json",
          "{\"auths\":{" + entry("https://index.docker.io/v1/", "u", password) +
              ",\"empty.example\":{}},\"HttpHeaders\":{}}");
    const auto found = find({"docker.io", "library/debian"});
    EXPECT_EQ(found->user, "u");
    EXPECT_EQ(found->password, password);
    EXPECT_TRUE(find({"empty.example", "a"})->empty());
}

TEST_F(CredentialFiles, NamedFileIsTheOnlyOne) {
    const std::string one = made_up(), other = made_up();
    write(".docker/config.json", "{\"auths\":{" + entry("r.example", "u", one) + "}}");
    write("named.json", "{\"auths\":{" + entry("s.example", "u", other) + "}}");
    CredentialSettings settings;
    settings.auth_file = (home_ / "named.json").string();
    EXPECT_EQ(find({"s.example", "a"}, settings)->password, other);
    EXPECT_TRUE(find({"r.example", "a"}, settings)->empty());
    settings.auth_file = (home_ / "missing.json").string();
    EXPECT_FALSE(CredentialStore(settings).check());
    setenv("REGISTRY_AUTH_FILE", (home_ / "named.json").c_str(), 1);
    EXPECT_EQ(find({"s.example", "a"})->password, other);
    unsetenv("REGISTRY_AUTH_FILE");
    setenv("DOCKER_AUTH_CONFIG", ("{\"auths\":{" + entry("r.example", "u", other) + "}}").c_str(), 1);
    EXPECT_EQ(find({"r.example", "a"})->password, other) << "the variable comes first";
}

TEST_F(CredentialFiles, OldFileOfDocker) {
    const std::string password = made_up();
    write(".dockercfg", "{" + entry("https://r.example", "u", password) + "}");
    EXPECT_EQ(find({"r.example", "a"})->password, password);
}

TEST_F(CredentialFiles, TokensInPlaceOfPasswords) {
    const std::string token = made_up();
    write(".docker/config.json", "{\"auths\":{\"a.example\":{\"identitytoken\":\"" + token +
                                     "\"},\"b.example\":{\"registrytoken\":\"" + token + "\"}}}");
    EXPECT_EQ(find({"a.example", "x"})->identity_token, token);
    EXPECT_EQ(find({"b.example", "x"})->registry_token, token);
}

TEST_F(CredentialFiles, HelperOfTheHostComesFirstAndTheStoreLast) {
    const std::string in_file = made_up();
    write("docker-credential-one", "#!/bin/sh\nread server\n[ \"$1\" = get ] || exit 1\n"
          "printf '{\"ServerURL\":\"%s\",\"Username\":\"one\",\"Secret\":\"%s\"}' x \"$server\"\n", true);
    write("docker-credential-all", "#!/bin/sh\nread server\n"
          "[ \"$server\" = none.example ] && { echo credentials not found in native keychain; exit 1; }\n"
          "printf '{\"Username\":\"<token>\",\"Secret\":\"%s\"}' \"$server\"\n", true);
    write(".docker/config.json", "{\"credHelpers\":{\"r.example\":\"one\"},\"credsStore\":\"all\",\"auths\":{" +
                                     entry("r.example", "u", in_file) + ',' +
                                     entry("file.example", "u", in_file) + "}}");
    EXPECT_EQ(find({"r.example", "a"})->user, "one");
    EXPECT_EQ(find({"r.example", "a"})->password, "r.example");
    EXPECT_EQ(find({"file.example", "a"})->password, in_file);
    EXPECT_EQ(find({"docker.io", "a"})->identity_token, "https://index.docker.io/v1/");
    ASSERT_TRUE(find({"none.example", "a"}));
    EXPECT_TRUE(find({"none.example", "a"})->empty());
}

// What docker kept under a URL long ago, a store still has under it: it is asked for its list
// when it has nothing for the plain name, once.
TEST_F(CredentialFiles, StoreThatKnowsTheHostByAnotherSpelling) {
    write("docker-credential-all", "#!/bin/sh\n[ \"$1\" = list ] && { echo x >> " +
          (home_ / "listed").string() + "\n"
          "printf '{\"https://r.example/v1/\":\"u\",\"http://s.example:5000\":\"v\",\"t.example\":\"w\"}'; exit; }\n"
          "read server\n[ \"$1\" = get ] || exit 1\n"
          "case $server in https://r.example/v1/|http://s.example:5000) ;; *)\n"
          "echo credentials not found in native keychain; exit 1;; esac\n"
          "printf '{\"Username\":\"me\",\"Secret\":\"%s\"}' \"$server\"\n", true);
    write(".docker/config.json", "{\"credsStore\":\"all\"}");
    CredentialSettings settings;
    settings.helper_answer_fresh = std::chrono::milliseconds(0);
    CredentialStore store(settings);
    EXPECT_EQ(store.find({"r.example", "a"})->password, "https://r.example/v1/");
    EXPECT_EQ(store.find({"s.example:5000", "a"})->password, "http://s.example:5000");
    EXPECT_TRUE(store.find({"s.example", "a"})->empty());
    EXPECT_TRUE(store.find({"t.example", "a"})->empty());
    EXPECT_TRUE(store.renew({"r.example", "a"})) << "by whichever name it was asked for";
    std::ifstream listed(home_ / "listed");
    const std::string text(std::istreambuf_iterator<char>(listed), {});
    EXPECT_EQ(text, "x\n") << "once";
    EXPECT_TRUE(parse_helper_list("[1]").empty());
    EXPECT_TRUE(parse_helper_list("{\"a\\nb\": \"u\"}").empty()) << "two lines are two questions";
}

// One helper that fails keeps nobody from what another place has.
TEST_F(CredentialFiles, HelpersOfRegistriesConfInTheirOrder) {
    const std::string in_file = made_up();
    write("docker-credential-one", "#!/bin/sh\nread server\nprintf '{\"Username\":\"one\",\"Secret\":\"x\"}'\n", true);
    write("docker-credential-bad", "#!/bin/sh\nexit 1\n", true);
    write(".docker/config.json", "{\"auths\":{" + entry("r.example", "file", in_file) + "}}");
    const auto user = [&](std::vector<std::string> helpers, const std::string& host) {
        CredentialSettings settings;
        settings.helpers = std::move(helpers);
        const auto found = find({host, "a"}, settings);
        return found ? found->user : found.error().message();
    };
    const std::string files(auth_files);
    EXPECT_EQ(user({"one", files}, "r.example"), "one");
    EXPECT_EQ(user({files, "one"}, "r.example"), "file");
    EXPECT_EQ(user({files, "one"}, "s.example"), "one");
    EXPECT_EQ(user({"bad", files}, "r.example"), "file");
    EXPECT_NE(user({"bad", files}, "s.example").find("docker-credential-bad"), std::string::npos);
    EXPECT_EQ(user({"missing", "one"}, "r.example"), "one");
}

// A cloud's password ends while a sweep goes on: the helper is asked again, but not for each
// of the requests that are refused then.
TEST_F(CredentialFiles, HelperIsAskedAgainWhenItsAnswerHasEnded) {
    write("docker-credential-cloud", "#!/bin/sh\nread server\necho x >> " + (home_ / "asked").string() +
          "\nprintf '{\"Username\":\"AWS\",\"Secret\":\"%s\"}' $(wc -l < " +
          (home_ / "asked").string() + ")\n", true);
    write(".docker/config.json", "{\"credHelpers\":{\"r.example\":\"cloud\",\"docker.io\":\"cloud\"},\"auths\":{" +
                                     entry("file.example", "u", made_up()) + "}}");
    CredentialSettings settings;
    settings.helper_answer_fresh = std::chrono::hours(1);
    CredentialStore patient(settings);
    EXPECT_EQ(patient.find({"r.example", "a"})->password, "1");
    EXPECT_FALSE(patient.renew({"r.example", "a"})) << "it was asked a moment ago";
    EXPECT_EQ(patient.find({"r.example", "b"})->password, "1");
    settings.helper_answer_fresh = std::chrono::milliseconds(0);
    CredentialStore store(settings);
    EXPECT_FALSE(store.renew({"r.example", "a"})) << "it was never asked";
    EXPECT_EQ(store.find({"r.example", "a"})->password, "2");
    EXPECT_EQ(store.find({"docker.io", "a"})->password, "3");
    EXPECT_TRUE(store.renew({"r.example", "a"}));
    EXPECT_EQ(store.find({"r.example", "a"})->password, "4");
    EXPECT_EQ(store.find({"docker.io", "a"})->password, "3");
    (void)store.find({"file.example", "a"});
    EXPECT_FALSE(store.renew({"file.example", "a"})) << "a file says what it says";
}

// Harbor's robots, and the users that clouds give tokens to, as their documentation has them.
TEST_F(CredentialFiles, UsersThatServicesMakeUp) {
    for (const std::string user : {"robot$ci", "robot$team+ci", "_json_key", "oauth2accesstoken",
                                   "_token", "00000000-0000-0000-0000-000000000000", "AWS",
                                   "$oauthtoken", "team+robot"}) {
        const std::string password = "{\n \"type\": \"" + made_up() + ":\"\n}\n";
        write(".docker/config.json", "{\"auths\":{" + entry("r.example", user, password) + "}}");
        const auto found = find({"r.example", "a"});
        ASSERT_TRUE(found) << user;
        EXPECT_EQ(found->user, user);
        EXPECT_EQ(found->password, password) << user;
        EXPECT_TRUE(found->identity_token.empty());
    }
}

TEST_F(CredentialFiles, HelperThatHangsIsEnded) {
    write("docker-credential-slow", "#!/bin/sh\nsleep 100\n", true);
    write(".docker/config.json", "{\"credsStore\":\"slow\"}");
    CredentialSettings settings;
    settings.helper_time = std::chrono::milliseconds(200);
    const auto found = find({"r.example", "a"}, settings);
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().message().find("docker-credential-slow"), std::string::npos);
}

TEST_F(CredentialFiles, HelpersErrorsAreNotRepeated) {
    const std::string secret = made_up();
    write("docker-credential-bad", "#!/bin/sh\necho " + secret + "\nexit 1\n", true);
    write("docker-credential-odd", "#!/bin/sh\necho not json " + secret + "\n", true);
    for (const char* helper : {"bad", "odd", "missing"}) {
        write(".docker/config.json", std::string("{\"credsStore\":\"") + helper + "\"}");
        const auto found = find({"r.example", "a"});
        ASSERT_FALSE(found) << helper;
        EXPECT_EQ(found.error().message().find(secret), std::string::npos) << helper;
    }
}

TEST_F(CredentialFiles, HelperWhoseNameIsAPathIsNone) {
    write(".docker/config.json", "{\"credsStore\":\"../../bin/sh\",\"auths\":{}}");
    ASSERT_TRUE(find({"r.example", "a"}));
    EXPECT_TRUE(find({"r.example", "a"})->empty());
}

TEST_F(CredentialFiles, BrokenFileIsAnErrorWithoutItsText) {
    const std::string secret = made_up();
    write(".docker/config.json", "{\"auths\":{\"r.example\":{\"auth\":\"" + secret);
    const auto found = find({"r.example", "a"});
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().message().find(secret), std::string::npos);
}

TEST_F(CredentialFiles, FolderOfCertificates) {
    write("certs/ca.crt", "authority\n");
    write("certs/client.cert", "mine\n");
    write("certs/client.key", "key\n");
    write("certs/alone.cert", "no key\n");
    const TlsSettings tls = read_certificate_folder((home_ / "certs").string());
    EXPECT_EQ(tls.ca_pem, "authority\n\n");
    EXPECT_EQ(tls.certificate, (home_ / "certs/client.cert").string());
    EXPECT_EQ(tls.key, (home_ / "certs/client.key").string());
    EXPECT_TRUE(read_certificate_folder((home_ / "none").string()).ca_pem.empty());
}

TEST_F(CredentialFiles, OfManyCertificatesTheFirstByName) {
    std::string wanted;
    // Written from the last to the first, among keys that count for nothing.
    for (int number = 399; number >= 0; --number) {
        write(fmt::format("certs/{:03}.crt", number), fmt::format("authority {}\n", number));
        write(fmt::format("certs/{:03}.key", number), "key\n");
    }
    for (int number = 0; number < 256; ++number) wanted += fmt::format("authority {}\n\n", number);
    EXPECT_EQ(read_certificate_folder((home_ / "certs").string()).ca_pem, wanted);
    write("certs/000.cert", "mine\n");
    EXPECT_EQ(read_certificate_folder((home_ / "certs").string()).certificate,
              (home_ / "certs/000.cert").string());
}

TEST(Tokens, BothNamesAndTheLeastLifetime) {
    EXPECT_EQ(parse_token_answer(R"({"token":"a.b"})")->token, "a.b");
    EXPECT_EQ(parse_token_answer(R"({"access_token":"c","expires_in":300})")->token, "c");
    EXPECT_EQ(parse_token_answer(R"({"access_token":"c","expires_in":300})")->lifetime.count(), 300);
    EXPECT_EQ(parse_token_answer(R"({"token":"c","expires_in":1})")->lifetime.count(), 60);
    EXPECT_EQ(parse_token_answer(R"({"token":"c","expires_in":1e30})")->lifetime.count(), 60);
    EXPECT_FALSE(parse_token_answer(R"({"token":""})"));
    EXPECT_FALSE(parse_token_answer(R"({"token":"a\r\nX: y"})"));
    EXPECT_FALSE(parse_token_answer("[]"));
}

TEST(ErrorCodes, OnlyWhatHasTheFormOfCodes) {
    EXPECT_EQ(error_codes(R"({"errors":[{"code":"DENIED","message":"secret"},{"code":"UNKNOWN"}]})"),
              "DENIED, UNKNOWN");
    EXPECT_EQ(error_codes(R"({"errors":[{"code":"<b>"}]})"), "");
    EXPECT_EQ(error_codes("<html>"), "");
}

}  // namespace
}  // namespace stratascan::registry
