// Which requests go through a proxy, and how much a host says it may be asked.
#include <gtest/gtest.h>
#include <stdlib.h>

#include "scanner/registry/headers.hpp"
#include "scanner/registry/host_gate.hpp"
#include "scanner/registry/proxy.hpp"

namespace stratascan::registry {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ProxyChoice : public testing::Test {
protected:
    ProxyChoice() {
        for (const char* name : names) unsetenv(name);
    }
    ~ProxyChoice() override {
        for (const char* name : names) unsetenv(name);
    }
    static constexpr std::initializer_list<const char*> names = {
        "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
        "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
};

TEST_F(ProxyChoice, FollowsTheEnvironment) {
    const Url plain = *parse_url("http://registry.example/v2/");
    const Url secure = *parse_url("https://registry.example/v2/");
    EXPECT_EQ(proxy_for(plain), "");
    setenv("HTTP_PROXY", "http://capitals:1", 1);
    EXPECT_EQ(proxy_for(plain), "") << "a CGI program's client may set that one";
    setenv("all_proxy", "http://all:1", 1);
    EXPECT_EQ(proxy_for(plain), "http://all:1");
    setenv("http_proxy", "http://one:1", 1);
    setenv("HTTPS_PROXY", "http://two:1", 1);
    EXPECT_EQ(proxy_for(plain), "http://one:1");
    EXPECT_EQ(proxy_for(secure), "http://two:1");
    setenv("no_proxy", "other.example,.example", 1);
    EXPECT_EQ(proxy_for(plain), "");
    EXPECT_EQ(proxy_for(secure), "");
}

TEST_F(ProxyChoice, ListsOfHosts) {
    EXPECT_TRUE(names_host("*", "a.example"));
    EXPECT_TRUE(names_host("b.example, a.example", "A.example."));
    EXPECT_TRUE(names_host("example", "a.example"));
    EXPECT_TRUE(names_host(".example", "a.example"));
    EXPECT_FALSE(names_host("a.example", "ba.example"));
    EXPECT_FALSE(names_host("", "a.example"));
    EXPECT_TRUE(names_host("10.0.0.0/8", "10.200.1.1"));
    EXPECT_FALSE(names_host("10.0.0.0/8", "11.0.0.1"));
    EXPECT_TRUE(names_host("10.1.2.3", "10.1.2.3"));
    EXPECT_TRUE(names_host("fd00::/9", "[fd00::1]"));
    EXPECT_FALSE(names_host("fd00::/9", "[fe00::1]"));
    EXPECT_FALSE(names_host("10.0.0.0/33 10.0.0.0/x", "10.0.0.1"));
    EXPECT_FALSE(names_host("0.1", "10.0.0.1")) << "an address is no name";
}

TEST_F(ProxyChoice, NetworksOfNames) {
    EXPECT_EQ(resolved_network("localhost"), Network::loopback);
    EXPECT_EQ(resolved_network("169.254.169.254"), Network::forbidden);
    EXPECT_EQ(resolved_network("10.1.2.3"), Network::private_);
    EXPECT_EQ(resolved_network("203.0.113.9"), Network::open);
    EXPECT_EQ(resolved_network("no-such-host.invalid"), Network::open) << "not known here";
}

Headers fields(std::initializer_list<std::pair<const char*, const char*>> all) {
    Headers headers;
    for (const auto& [name, value] : all) headers.add(name, value);
    return headers;
}

TEST(RateLimits, AsServicesSayThem) {
    const auto now = std::chrono::system_clock::from_time_t(1'700'000'000);
    EXPECT_EQ(parse_rate_limit(fields({{"RateLimit-Limit", "100;w=21600"},
                                       {"RateLimit-Remaining", "76;w=21600"}}), now),
              (RateLimit{100, 76, seconds(21600)})) << "Docker Hub";
    EXPECT_EQ(parse_rate_limit(fields({{"x-ratelimit-limit", "5000"},
                                       {"x-ratelimit-remaining", "0"},
                                       {"x-ratelimit-reset", "1700000060"}}), now),
              (RateLimit{5000, 0, seconds(60)})) << "GitHub";
    EXPECT_EQ(parse_rate_limit(fields({{"ratelimit-limit", "10, 10;w=1, 50;w=60"},
                                       {"ratelimit-remaining", "4"},
                                       {"ratelimit-reset", "50"}}), now),
              (RateLimit{10, 4, seconds(50)})) << "the draft";
    EXPECT_EQ(parse_rate_limit(fields({{"x-ratelimit-remaining", "3"},
                                       {"x-ratelimit-reset", "1600000000"}}), now),
              (RateLimit{0, 3, seconds(1)})) << "a moment that is over";
    EXPECT_EQ(parse_rate_limit(fields({{"ratelimit-limit", "100"}}), now), std::nullopt);
    EXPECT_EQ(parse_rate_limit(fields({{"ratelimit-remaining", "-1"}}), now), std::nullopt);
    EXPECT_EQ(parse_rate_limit(fields({{"ratelimit-remaining", "1"},
                                       {"ratelimit-reset", "99999999999999999999"}}), now),
              (RateLimit{0, 1, seconds(0)}));
}

TEST(RateLimits, SlowDownWhenLittleIsLeft) {
    HostGate gate(RetryPolicy{});
    using Kind = HostGate::Kind;
    EXPECT_EQ(gate.told(Kind::manifest, {1000, 101, seconds(60)}), std::nullopt);
    EXPECT_EQ(gate.told(Kind::manifest, {1000, 99, seconds(10)}), milliseconds(100));
    EXPECT_EQ(gate.told(Kind::manifest, {1000, 98, seconds(10)}), std::nullopt) << "told already";
    const auto start = HostGate::Clock::now();
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(gate.pass({}, Kind::manifest));
    EXPECT_GE(HostGate::Clock::now() - start, milliseconds(200)) << "a slot is kept for each";
    EXPECT_EQ(gate.told(Kind::manifest, {100, 1, seconds(100'000)}), milliseconds(30'000))
        << "never longer than the longest back-off";
    EXPECT_TRUE(gate.pass({}, Kind::other)) << "of another kind nothing was said";
    EXPECT_EQ(gate.told(Kind::manifest, {100, 100, seconds(60)}), std::nullopt);
    EXPECT_EQ(gate.told(Kind::other, {0, 5, seconds(6)}), milliseconds(1000));
}

TEST(RateLimits, AfterARefusalOneComesAfterTheOther) {
    RetryPolicy policy;
    policy.least_named = milliseconds(10);
    HostGate gate(policy);
    EXPECT_TRUE(gate.refused(milliseconds(10), 0));
    EXPECT_TRUE(gate.refused(milliseconds(10), 0)) << "was under way, and counts no more";
    const auto start = HostGate::Clock::now();
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(gate.pass({}));
    EXPECT_GE(HostGate::Clock::now() - start, milliseconds(10 + 4 * 20));
    EXPECT_EQ(gate.spread(), milliseconds(20));
    // The next refusal doubles it, and many answers later nothing is left of it.
    EXPECT_TRUE(gate.refused(milliseconds(10), 0));
    EXPECT_EQ(gate.spread(), milliseconds(40));
    for (int i = 0; i < 8; ++i) gate.answered();
    EXPECT_EQ(gate.spread(), milliseconds(30));
    for (int i = 0; i < 8 * 8; ++i) gate.answered();
    EXPECT_EQ(gate.spread(), milliseconds(0));
}

}  // namespace
}  // namespace stratascan::registry
