// What registries do differently and are right to: each habit by the tests' proxy in front
// of a real registry. A sweep comes to the same.
#include "tests/e2e/access.hpp"
#include "tests/e2e/sweeping.hpp"

namespace stratascan::e2e {
namespace {

class SweepHabits : public WithAccess<Sweep> {
protected:
    SweepHabits() {
        made_ = fill(registry_.address(), {"--repositories", "5", "--tags", "20"});
        calm_ = sweep(registry_.address(), {}, (folder() / "calm.sqlite").string());
    }
    void expect_the_same(const Ran& ran) const {
        json rows = summary(ran).at("repositories");
        for (json& of : rows) of["registry"] = registry_.address();
        EXPECT_EQ(rows, summary(calm_).at("repositories")) << ran.err;
        EXPECT_EQ(ran.exit, 1) << ran.err;
        EXPECT_EQ(summary(ran).at("layers_fetched"), made_.at("layers"));
    }

    DockerRegistry registry_;
    json made_;
    Ran calm_;
};

TEST_F(SweepHabits, HeadThatDoesNotSayTheDigest) {
    const Server silent = proxy(registry_, "head-without-digest", "head.log");
    expect_the_same(sweep(silent.address()));
    EXPECT_LE(counts(folder() / "head.log").most(), 1) << "no blob is fetched twice for it";
    const Ran again = sweep(silent.address());
    EXPECT_EQ(summary(again).at("layers_fetched"), 0);
    EXPECT_EQ(summary(again).at("repositories"), summary(sweep(silent.address())).at("repositories"));
}

TEST_F(SweepHabits, PagesByATokenOfTheRegistry) {
    const Server paged = proxy(registry_, "opaque-pages", "pages.log");
    expect_the_same(sweep(paged.address()));
    int pages = 0;
    for (const json& request : requests(folder() / "pages.log")) {
        pages += request.at("path").get<std::string>().find("next_page=") == std::string::npos ? 0 : 1;
    }
    const int tags = made_.at("tags");
    EXPECT_EQ(pages, tags - 5 + 4) << "a tag a page and a repository a page, beside the first ones";
}

TEST_F(SweepHabits, RepositoryWithoutTags) {
    const fs::path root = registry_.storage() / "docker/registry/v2/repositories/empty";
    fs::create_directories(root / "_manifests");
    fs::create_directories(root / "_layers");
    const Server null = proxy(registry_, "null-tags", "null.log");
    const Ran ran = sweep(null.address() + "/empty");
    EXPECT_EQ(ran.exit, 0) << ran.out << ran.err;
    EXPECT_EQ(row(ran, "empty").at("tags"), 0);
    EXPECT_EQ(row(ran, "empty").at("state"), "complete");
}

// What is listed and can't be asked for was not read, and is not repeated.
TEST_F(SweepHabits, ListedNamesThatAreNone) {
    const Server strange = proxy(registry_, "strange-names", "strange.log");
    const Ran ran = sweep(strange.address());
    EXPECT_EQ(ran.exit, 2) << ran.err;
    EXPECT_FALSE(summary(ran).at("complete").get<bool>()) << ran.out;
    const std::string said = "3 of the listed names can be no name of ";
    EXPECT_NE(ran.out.find(said + "a repository"), std::string::npos) << ran.out << ran.err;
    EXPECT_NE(ran.err.find(said + "a tag"), std::string::npos) << ran.err;
    EXPECT_EQ((ran.out + ran.err).find("Team/App"), std::string::npos) << ran.out << ran.err;
}

// The registry's credentials are not for the storage; its own token is an anonymous one.
TEST_F(SweepHabits, StorageThatWantsATokenOfItsOwn) {
    const Server storage = proxy(registry_, "redirect-challenge", "challenge.log");
    expect_the_same(sweep(storage.address(), {"--authfile", auth_file(storage.address(), password_)}));
    int tokens = 0;
    for (const json& request : requests(folder() / "challenge.log.storage")) {
        if (!request.at("path").get<std::string>().starts_with("/token")) continue;
        ++tokens;
        EXPECT_FALSE(request.at("authorized").get<bool>()) << "the registry's password went there";
    }
    EXPECT_GE(tokens, 1);
}

TEST_F(SweepHabits, NothingIsAskedForInAnotherEncoding) {
    const Server plain = proxy(registry_, "redirect", "encoding.log");
    expect_the_same(sweep(plain.address()));
    for (const char* log : {"encoding.log", "encoding.log.storage"}) {
        for (const json& request : requests(folder() / log)) {
            EXPECT_EQ(request.at("encoding"), "identity") << request;
        }
    }
}

// Where there is no referrers API the tag "sha256-<hex>" has the list of what refers to
// a manifest.
TEST_F(SweepHabits, ReferrersByTheirTag) {
    push(layout(recipe("uncompressed-layer")), registry_.address(), "app:1");
    const json image = report_of(scan({registry_.address() + "/app:1"}));
    const std::string digest = image.at("targets").at(0).at("image").at("digest");
    const Built list = recipe("two-platforms-and-an-attestation");
    push(layout(list), registry_.address(), "app:sha256-" + digest.substr(7), {"--all"});
    const Ran ran = scan({registry_.address() + "/app:1"});
    EXPECT_EQ(report_of(ran).at("targets").size(), 4U) << "the image, and three that refer to it";
    const Ran swept = sweep(registry_.address() + "/app");
    EXPECT_EQ(row(swept, "app").at("state"), "complete") << swept.out;
    EXPECT_EQ(row(swept, "app").at("tags"), 2);
}

// A token service that takes no refresh tokens by POST is asked by GET with them.
TEST_F(SweepHabits, IdentityTokenWhereThereIsNoPost) {
    make_token_key();
    const Server service = token_server("tokens.log", {});
    TemporaryFolder storage;
    {
        const DockerRegistry open("", "", storage.path());
        push(layout(recipe("uncompressed-layer")), open.address(), "public/app:1");
    }
    const DockerRegistry registry("", tokens(service), storage.path());
    shell("printf '{\"auths\":{\"" + registry.address() + "\":{\"identitytoken\":\"" + password_ +
          "\"}}}' > identity.json");
    const Ran ran = scan({registry.address() + "/public/app:1", "--authfile",
                          (folder() / "identity.json").string()});
    expect_no_password(ran, password_);
    std::vector<std::string> methods;
    for (const json& request : requests(folder() / "tokens.log")) {
        methods.push_back(request.at("method"));
    }
    ASSERT_GE(methods.size(), 2U) << ran.err;
    EXPECT_EQ(methods[0], "POST");
    EXPECT_EQ(methods[1], "GET") << "404 is no refusal";
}

}  // namespace
}  // namespace stratascan::e2e
