// `find` as an incident begins: with a secret, with a key.
#include <set>

#include "tests/e2e/store.hpp"

namespace stratascan::e2e {
namespace {

TEST(StoreFind, FindsASecretByItsValue) {
    const Built built = recipe("blob-shared");
    const Place place;
    ASSERT_EQ(scan_with(built, place).exit, 1);
    const std::string secret = built.expect.at("planted").at(0);
    const fs::path file = place.folder() / "secret";
    for (const char* end : {"", "\n", "\r\n"}) {
        std::ofstream(file, std::ios::binary) << secret << end;
        for (const bool standard : {false, true}) {
            Command command;
            if (standard) command.input_file = file.string();
            const Ran ran = find_with(
                place, {"--secret-file", standard ? std::string("-") : file.string()}, command);
            ASSERT_EQ(ran.exit, 1) << ran.err;
            EXPECT_EQ(ran.out.find(secret), std::string::npos);
            const json matches = report_of(ran).at("matches");
            EXPECT_GE(matches.size(), 1U);
            EXPECT_TRUE(matches.at(0).at("redacted").is_string());
        }
    }
    std::ofstream(file) << "nothing of the kind";
    EXPECT_EQ(find_with(place, {"--secret-file", file.string()}).exit, 0);
    EXPECT_EQ(find_with(place, {"--secret-file", "/no/such/file"}).exit, 3);
    EXPECT_EQ(find_with(place, {}).exit, 3) << "nothing was asked";
}

/// Keys as people make them, in a layer each.
class StoredKeys : public testing::Test {
protected:
    void SetUp() override {
        make({"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
              "-out", name("ec.pem")});
        make({"openssl", "pkey", "-in", name("ec.pem"), "-pubout", "-out", name("ec.pub")});
        make({"openssl", "pkey", "-in", name("ec.pem"), "-outform", "DER", "-out",
              name("ec.der")});
        make({"openssl", "req", "-new", "-x509", "-key", name("ec.pem"), "-subj", "/CN=a",
              "-days", "30", "-out", name("ec.crt")});
        make({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", name("id")});
        make({"tar", "-C", place_.folder().string(), "-cf", name("layer.tar"), "ec.pem", "id"});
        scan_ = stratascan({"scan", "--format", "json", "--store", place_.file(),
                            name("layer.tar")});
        ASSERT_EQ(scan_.exit, 1) << scan_.err;
    }
    [[nodiscard]] std::string name(const std::string& file) const {
        return (place_.folder() / file).string();
    }
    void make(const std::vector<std::string>& words) const {
        const Ran ran = run({.words = words});
        ASSERT_EQ(ran.exit, 0) << words[0] << ' ' << ran.err;
    }
    [[nodiscard]] std::set<std::string> paths(const Ran& ran) const {
        std::set<std::string> all;
        const json matches = report_of(ran).at("matches");
        for (const json& match : matches) all.insert(match.at("path"));
        return all;
    }

    Place place_;
    Ran scan_;
};

TEST_F(StoredKeys, AreFoundByWhicheverHalfIsThere) {
    for (const char* file : {"ec.pem", "ec.pub", "ec.der", "ec.crt"}) {
        EXPECT_EQ(paths(find_with(place_, {"--key", name(file)})),
                  std::set<std::string>{"ec.pem"})
            << file;
    }
    for (const char* file : {"id", "id.pub"}) {
        EXPECT_EQ(paths(find_with(place_, {"--key", name(file)})), std::set<std::string>{"id"})
            << file;
    }
    const Ran print = run({.words = {"ssh-keygen", "-lf", name("id.pub")}});
    const std::size_t at = print.out.find("SHA256:");
    const std::string fingerprint = print.out.substr(at, print.out.find(' ', at) - at);
    EXPECT_EQ(paths(find_with(place_, {"--fingerprint", fingerprint})),
              std::set<std::string>{"id"});
    std::ofstream(name("text")) << "this is no key\n";
    EXPECT_EQ(find_with(place_, {"--key", name("text")}).exit, 3);
    make({"openssl", "pkey", "-in", name("ec.pem"), "-aes256", "-passout", "pass:x", "-out",
          name("locked.pem")});
    const Ran locked = find_with(place_, {"--key", name("locked.pem")});
    EXPECT_EQ(locked.exit, 3);
    EXPECT_NE(locked.err.find("public"), std::string::npos) << locked.err;
}

TEST_F(StoredKeys, AreToldInEveryFormat) {
    const std::vector<std::string> ask = {"find", "--store", place_.file(), "--path", "ec.pem",
                                          "--format"};
    for (const char* format : {"table", "json", "csv"}) {
        std::vector<std::string> words = ask;
        words.emplace_back(format);
        const Ran ran = stratascan(words);
        EXPECT_EQ(ran.exit, 1) << ran.err;
        EXPECT_NE(ran.out.find("ec.pem"), std::string::npos) << format;
        EXPECT_NE(ran.out.find("visible"), std::string::npos) << format;
    }
}

}  // namespace
}  // namespace stratascan::e2e
