// A sweep of registries as they really stand: behind passwords, tokens, TLS, nginx and a
// proxy. What it brings into the store is what a sweep of the open registry brings.
#include "tests/e2e/access.hpp"
#include "tests/e2e/sweeping.hpp"

namespace stratascan::e2e {
namespace {

class SweepAccess : public WithAccess<Sweep> {
protected:
    /// Fills a folder of storage, and sweeps it without anything in the way.
    SweepAccess() {
        const DockerRegistry open("", "", storage_.path());
        made_ = fill(open.address(), {"--repositories", "5", "--tags", "20"});
        expected_ = rows(sweep(open.address(), {}, (folder() / "open.sqlite").string()));
    }
    /// What the summary says of repositories, whatever the registry is called.
    static json rows(const Ran& ran) {
        const json whole = summary(ran);
        if (!whole.is_object()) {
            ADD_FAILURE() << ran.out << ran.err;
            return {};
        }
        json rows = whole.at("repositories");
        for (json& of : rows) of["registry"] = "";
        return rows;
    }
    void expect_all(const Ran& ran) const {
        EXPECT_EQ(ran.exit, 1) << ran.err;
        EXPECT_EQ(rows(ran), expected_) << ran.err;
        EXPECT_EQ(summary(ran).at("layers_fetched"), made_.at("layers"));
        EXPECT_EQ(summary(ran).at("bytes_fetched"), made_.at("bytes"));
        EXPECT_TRUE(summary(ran).at("complete").get<bool>()) << ran.out;
        expect_no_password(ran, password_);
    }
    /// Into a store of its own.
    Ran sweep_with(const std::string& target, std::vector<std::string> options,
                   const std::map<std::string, std::string>& more) const {
        Command with = with_key(command());
        for (const auto& [name, value] : more) with.environment[name] = value;
        const fs::path place = folder() / ("with" + std::to_string(++stores_) + ".sqlite");
        return stratascan(words(target, std::move(options), place), std::move(with));
    }

    TemporaryFolder storage_;
    json made_, expected_;
    mutable int stores_ = 0;
};

TEST_F(SweepAccess, UserAndPassword) {
    const DockerRegistry registry("", htpasswd(), storage_.path());
    const Ran nobody = sweep(registry.address());
    EXPECT_EQ(nobody.exit, 3) << nobody.out;
    EXPECT_NE(nobody.out.find("unauthorized"), std::string::npos) << nobody.out;
    const Ran wrong = sweep(registry.address(),
                            {"--authfile", auth_file(registry.address(), "x" + password_)});
    EXPECT_EQ(wrong.exit, 3);
    expect_no_password(wrong, password_);
    expect_all(sweep(registry.address(), {"--authfile", auth_file(registry.address(), password_)}));
}

// Tokens are good for three seconds, and the sweep takes longer than that.
TEST_F(SweepAccess, TokensThatExpireOnTheWay) {
    make_token_key();
    const Server service = token_server("tokens.log", {"--life", "3"});
    const DockerRegistry registry("", tokens(service), storage_.path());
    const std::string file = auth_file(registry.address(), password_);
    expect_all(sweep(registry.address(),
                     {"--authfile", file, "--requests-per-second", "25"}));
    std::map<std::string, int> given;
    for (const json& request : requests(folder() / "tokens.log")) {
        ASSERT_EQ(request.at("scopes").size(), 1U) << "one repository a token";
        EXPECT_TRUE(request.at("authorized").get<bool>());
        ++given[request.at("scopes").at(0)];
    }
    EXPECT_TRUE(given.contains("registry:catalog:*"));
    EXPECT_EQ(given.size(), 6U) << "the catalog and five repositories";
    int most = 0;
    for (const auto& [scope, count] : given) most = std::max(most, count);
    EXPECT_GE(most, 2) << "no token was asked for again";
    EXPECT_LE(most, 20) << "a token a few seconds";
}

TEST_F(SweepAccess, AuthorityOfOnesOwn) {
    make_certificates();
    const DockerRegistry registry(tls(), "", storage_.path());
    const Ran untrusted = sweep(registry.address(), {"--registry-tries", "1"});
    EXPECT_EQ(untrusted.exit, 3);
    EXPECT_NE(untrusted.out.find("certificate is not trusted"), std::string::npos)
        << untrusted.out;
    shell("mkdir -p certs && cp ca.crt certs/");
    expect_all(sweep(registry.address(), {"--certs", folder() / "certs"}));
}

TEST_F(SweepAccess, BehindNginxWithALimitAndRedirects) {
    const DockerRegistry registry("", "", storage_.path());
    const int port = free_port();
    const int storage = free_port();
    const NginxProcess nginx(nginx_with_limit(registry.address(), port, storage, 40), port);
    Command with = with_key(command());
    with.timeout_ms = 180'000;
    expect_all(stratascan(words("127.0.0.1:" + std::to_string(port), {"--registry-tries", "12"}),
                          with));
    const std::string log = read_file(folder() / "access.log");
    EXPECT_NE(log.find("\" 307 "), std::string::npos);
    EXPECT_NE(log.find("\" 429 "), std::string::npos);
}

// All of it goes through the proxy, in the clear and in TLS; and what no_proxy names does
// not.
TEST_F(SweepAccess, ThroughAProxy) {
    if (!ProxyServer::is_installed()) GTEST_SKIP() << "tinyproxy is not installed";
    make_certificates();
    shell("mkdir -p certs && cp ca.crt certs/");
    const ProxyServer proxy(folder());
    const DockerRegistry plain("", "", storage_.path());
    const Ran first = sweep_with(plain.address(), {}, {{"http_proxy", proxy.url()}});
    expect_all(first);
    EXPECT_EQ(proxy.requests(), summary(first).at("requests"));
    EXPECT_NE(proxy.log().find("GET http://" + plain.address() + "/v2/_catalog"),
              std::string::npos);
    const int before = proxy.requests();
    expect_all(sweep_with(plain.address(), {},
                          {{"http_proxy", proxy.url()}, {"no_proxy", "127.0.0.0/8"}}));
    EXPECT_EQ(proxy.requests(), before);
    const DockerRegistry secure(tls(), "", storage_.path());
    expect_all(sweep_with(secure.address(), {"--certs", folder() / "certs"},
                          {{"https_proxy", proxy.url()}, {"http_proxy", proxy.url()}}));
    EXPECT_NE(proxy.log().find("CONNECT " + secure.address()), std::string::npos);
}

// The guard over where a registry leads: behind a proxy, too, link-local addresses are
// never asked for, by address or by a name that this machine knows.
TEST_F(SweepAccess, GuardBehindAProxy) {
    if (!ProxyServer::is_installed()) GTEST_SKIP() << "tinyproxy is not installed";
    const ProxyServer proxy(folder());
    const DockerRegistry registry("", "", storage_.path());
    const Server faulty = this->proxy(registry, "redirect-inside", "inside.log");
    const Ran ran = sweep_with(faulty.address(), {"--registry-tries", "1"},
                               {{"http_proxy", proxy.url()}});
    EXPECT_EQ(ran.exit, 2) << ran.out;
    EXPECT_EQ(proxy.log().find("169.254.169.254"), std::string::npos);
    EXPECT_GT(proxy.requests(), 0);
    // The proxy stands in this machine's network, which opens that to no registry.
    const Server realm = this->proxy(registry, "realm-inside", "realm.log");
    const Ran refused = sweep_with(realm.address(), {"--registry-tries", "1"},
                                   {{"http_proxy", proxy.url()}});
    EXPECT_EQ(refused.exit, 3) << refused.out;
    EXPECT_EQ(proxy.log().find("10.1.2.3"), std::string::npos);
}

// A sweep is of the registry that was named: a mirror is not asked, a registry that is
// blocked is not swept.
TEST_F(SweepAccess, MirrorsAndBlocks) {
    const DockerRegistry registry("", "", storage_.path());
    const DockerRegistry mirror;
    const Server counted = proxy(mirror, "none", "mirror.log");
    const std::string conf = (folder() / "registries.conf").string();
    std::ofstream(conf) << "[[registry]]\nprefix = \"" << registry.address()
                        << "\"\nlocation = \"" << registry.address()
                        << "\"\n[[registry.mirror]]\nlocation = \"" << counted.address()
                        << "\"\ninsecure = true\n";
    expect_all(sweep_with(registry.address(), {}, {{"CONTAINERS_REGISTRIES_CONF", conf}}));
    EXPECT_EQ(counts(folder() / "mirror.log").all, 0);
    std::ofstream(conf) << "[[registry]]\nlocation = \"" << registry.address()
                        << "\"\nblocked = true\n";
    const Ran blocked =
        sweep_with(registry.address(), {}, {{"CONTAINERS_REGISTRIES_CONF", conf}});
    EXPECT_EQ(blocked.exit, 3) << blocked.out;
    EXPECT_NE(blocked.err.find("block"), std::string::npos) << blocked.err;
}

// A limit that the registry tells of is kept before it is met: its own word for it is
// that nobody was refused.
TEST_F(SweepAccess, LimitsAreHeeded) {
    const DockerRegistry registry("", "", storage_.path());
    const Server limited = proxy(registry, "told-limit", "limit.log");
    const Ran ran = sweep(limited.address());
    expect_all(ran);
    EXPECT_NE(ran.err.find("of its limit "), std::string::npos) << ran.err;
    EXPECT_NE(ran.err.find(" now"), std::string::npos) << ran.err;
    int refused = 0;
    for (const json& request : requests(folder() / "limit.log")) {
        refused += request.value("refused", false) ? 1 : 0;
    }
    EXPECT_EQ(refused, 0) << ran.err;
}

TEST_F(SweepAccess, PausesAreSaid) {
    const DockerRegistry registry("", "", storage_.path());
    const Server busy = proxy(registry, "storm", "storm.log");
    const Ran ran = sweep(busy.address());
    expect_all(ran);
    EXPECT_NE(ran.err.find("it answers with 429, and all that is asked of it waits for 1 s"),
              std::string::npos) << ran.err;
}

}  // namespace
}  // namespace stratascan::e2e
