// Names of images, and what a registry says in header fields: the forms that real
// registries send, and those that only break readers.
#include <gtest/gtest.h>

#include "scanner/registry/address.hpp"
#include "scanner/registry/headers.hpp"
#include "scanner/registry/reference.hpp"
#include "scanner/registry/registry_source.hpp"
#include "scanner/registry/url.hpp"

namespace stratascan::registry {
namespace {

using namespace std::chrono_literals;

const std::string digest = "sha256:" + std::string(64, 'a');

std::string full(std::string_view text) {
    const auto reference = parse_reference(text);
    return reference ? reference->text() : "";
}

TEST(Reference, DefaultsAreFilledIn) {
    EXPECT_EQ(full("debian"), "docker.io/library/debian:latest");
    EXPECT_EQ(full(std::string(247, 'a')), "docker.io/library/" + std::string(247, 'a') + ":latest");
    EXPECT_FALSE(parse_reference(std::string(248, 'a')).has_value()) << "256 with what is before it";
    EXPECT_EQ(full("debian:12"), "docker.io/library/debian:12");
    EXPECT_EQ(full("team/app"), "docker.io/team/app:latest");
    EXPECT_EQ(full("index.docker.io/team/app"), "docker.io/team/app:latest");
    EXPECT_EQ(full("localhost/app"), "localhost/app:latest");
    EXPECT_EQ(full("localhost:5000/app:v1"), "localhost:5000/app:v1");
    EXPECT_EQ(full("Registry.Example/a/b/c:1"), "registry.example/a/b/c:1");
    EXPECT_EQ(full("Host/app"), "Host/app:latest") << "or it would be one of Docker Hub's";
    EXPECT_EQ(full("[::1]:5000/app"), "[::1]:5000/app:latest");
    EXPECT_EQ(full("r.example/a__b/c.d/e---f:V_1.0-x"), "r.example/a__b/c.d/e---f:V_1.0-x");
    EXPECT_EQ(full("r.example/app@" + digest), "r.example/app@" + digest);
    EXPECT_EQ(full("r.example/app:1@" + digest), "r.example/app:1@" + digest);
    EXPECT_EQ(parse_reference("r.example/app:1@" + digest)->selector(), digest);
}

TEST(Reference, WhatIsNoReferenceIsRefused) {
    for (const std::string text :
         {"", "/", "app:", "app:-x", "APP", "r.example/", "r.example/App", "r.example/a//b",
          "r.example/../b", "r.example/a..b", "r.example/a_-b", "r.example/a___b", "r.example/-a",
          "r.example/a-", "r.example:port/a", "r.example:/a", "-r.example/a", "https://r.example/a",
          "r.example/a@sha256:12", "r.example/a@md5:00", "r.example/a b", "r.example/a?x=1",
          "user@r.example/a", "r.example/a:b:c", "r.example/a%2fb"}) {
        EXPECT_EQ(full(text), "") << text;
    }
    EXPECT_EQ(full("r.example/" + std::string(300, 'a')), "");
    EXPECT_EQ(full("r.example/a:" + std::string(129, 'a')), "");
}

TEST(Reference, DockerHubAnswersUnderAnotherName) {
    EXPECT_EQ(registry_host("docker.io"), "registry-1.docker.io");
    EXPECT_EQ(registry_host("ghcr.io"), "ghcr.io");
    EXPECT_TRUE(is_loopback_host("localhost:5000"));
    EXPECT_TRUE(is_loopback_host("127.0.0.1"));
    EXPECT_FALSE(is_loopback_host("127.0.0.1.example"));
    EXPECT_FALSE(is_loopback_host("localhost.example"));
}

TEST(Reference, TagsThatAreAboutAnotherManifest) {
    const std::string hex(64, 'a');
    EXPECT_TRUE(is_accessory_tag("sha256-" + hex));
    EXPECT_TRUE(is_accessory_tag("sha256-" + hex + ".sig"));
    EXPECT_FALSE(is_accessory_tag("sha256-" + hex + ".tar"));
    EXPECT_FALSE(is_accessory_tag("sha256-" + hex.substr(1)));
    EXPECT_FALSE(is_accessory_tag("1.0"));
    EXPECT_EQ(accessory_tags(digest).size(), 4U);
    EXPECT_TRUE(accessory_tags("sha256:..").empty());
}

TEST(Challenges, OneField) {
    const auto all = parse_challenges(
        R"(Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull,push")");
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].scheme, "bearer");
    EXPECT_EQ(all[0].value("realm"), "https://auth.example/token");
    EXPECT_EQ(all[0].value("service"), "r.example");
    EXPECT_EQ(all[0].value("scope"), "repository:a/b:pull,push");
    EXPECT_EQ(all[0].value("error"), "");
}

TEST(Challenges, SeveralAtOnce) {
    const auto all = parse_challenges(
        R"(Negotiate, NTLM YWJj==, BASIC Realm = "a \"quoted\" one" , Bearer realm=plain,error=invalid_token)");
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[0].scheme, "negotiate");
    EXPECT_EQ(all[1].scheme, "ntlm");
    EXPECT_EQ(all[2].scheme, "basic");
    EXPECT_EQ(all[2].value("realm"), "a \"quoted\" one");
    EXPECT_EQ(all[3].value("realm"), "plain");
    EXPECT_EQ(all[3].value("error"), "invalid_token");
}

TEST(Challenges, BrokenOnesEnd) {
    EXPECT_TRUE(parse_challenges("").empty());
    EXPECT_TRUE(parse_challenges("\"\"").empty());
    const auto open = parse_challenges("Bearer realm=\"never closed");
    ASSERT_EQ(open.size(), 1U);
    EXPECT_EQ(open[0].value("realm"), "never closed");
    EXPECT_LE(parse_challenges([] {
                  std::string many;
                  for (int i = 0; i < 1000; ++i) many += "Basic, ";
                  return many;
              }()).size(),
              16U);
}

TEST(Links, NextIsFoundAmongOthers) {
    EXPECT_EQ(parse_next_link("</v2/_catalog?last=b&n=2>; rel=\"next\""), "/v2/_catalog?last=b&n=2");
    EXPECT_EQ(parse_next_link("<https://r.example/v2/x/tags/list?next_page=gAA%3D>; rel=next"),
              "https://r.example/v2/x/tags/list?next_page=gAA%3D");
    EXPECT_EQ(parse_next_link("</1>; rel=prev, </2>; title=\"a, b\"; REL=\"last Next\""), "/2");
    EXPECT_FALSE(parse_next_link("</1>; rel=prev"));
    EXPECT_FALSE(parse_next_link("<>; rel=next"));
    EXPECT_FALSE(parse_next_link("</1; rel=next"));
    EXPECT_FALSE(parse_next_link(""));
}

TEST(RetryAfter, SecondsDatesAndDurations) {
    const auto now = std::chrono::system_clock::from_time_t(1'700'000'000);
    EXPECT_EQ(parse_retry_after("2", now), 2000ms);
    EXPECT_EQ(parse_retry_after(" 0 ", now), 0ms);
    EXPECT_EQ(parse_retry_after("Tue, 14 Nov 2023 22:13:30 GMT", now), 10s);
    EXPECT_EQ(parse_retry_after("Tue, 14 Nov 2023 22:00:00 GMT", now), 0ms);
    EXPECT_EQ(parse_retry_after("Wed, 21 Oct 2826 07:28:00 GMT", now), std::chrono::seconds(1 << 30));
    EXPECT_EQ(parse_retry_after("454.813µs", now), 0ms);
    EXPECT_EQ(parse_retry_after("1m30s", now), 90s);
    EXPECT_EQ(parse_retry_after("1.5s", now), 1500ms);
    EXPECT_FALSE(parse_retry_after("", now));
    EXPECT_FALSE(parse_retry_after("soon", now));
    EXPECT_FALSE(parse_retry_after("-1", now));
    EXPECT_TRUE(parse_retry_after("99999999999999999", now));
}

TEST(ContentRange, OnlyTheWholeForm) {
    const auto range = parse_content_range("bytes 100-199/1000");
    ASSERT_TRUE(range);
    EXPECT_EQ(range->first, 100U);
    EXPECT_EQ(range->last, 199U);
    EXPECT_EQ(range->complete, 1000U);
    EXPECT_FALSE(parse_content_range("bytes 0-9/*")->complete);
    for (const char* text : {"", "bytes", "bytes */100", "bytes 9-5/100", "bytes 0-100/100",
                             "items 0-1/2", "bytes 0-1", "bytes 0/1-2", "bytes -1-2/3",
                             "bytes 18446744073709551616-2/3"}) {
        EXPECT_FALSE(parse_content_range(text)) << text;
    }
}

TEST(Warnings, OnlyThoseOfThisMeaning) {
    EXPECT_EQ(parse_warning("299 - \"closing \\\"soon\\\"\""), "closing \"soon\"");
    EXPECT_FALSE(parse_warning("199 - \"x\""));
    EXPECT_FALSE(parse_warning("299 -"));
    EXPECT_EQ(bare_media_type("Application/JSON; charset=utf-8"), "application/json");
}

TEST(Urls, RelativeAndAbsolute) {
    const auto base = parse_url("https://r.example/v2/a/tags/list?n=2");
    ASSERT_TRUE(base);
    EXPECT_EQ(base->origin(), "https://r.example:443");
    EXPECT_EQ(resolve_url(*base, "/v2/x?y=%2F")->text(), "https://r.example:443/v2/x?y=%2F");
    EXPECT_EQ(resolve_url(*base, "?last=b")->path, "/v2/a/tags/list?last=b");
    EXPECT_TRUE(resolve_url(*base, "https://R.example:443/x")->same_origin(*base));
    EXPECT_FALSE(resolve_url(*base, "//other.example/x")->same_origin(*base));
    EXPECT_FALSE(resolve_url(*base, "http://r.example/x")->same_origin(*base));
    for (const char* text : {"", "ftp://r.example/", "file:///etc/passwd", "https://",
                             "https://user:password@r.example/", "https://r.example/a b",
                             "https://r.example/\r\nX: y"}) {
        EXPECT_FALSE(parse_url(text)) << text;
    }
    EXPECT_EQ(percent_encode("a b/ä:"), "a%20b%2F%C3%A4%3A");
}

TEST(Addresses, NetworksThatARegistryMayLeadTo) {
    EXPECT_EQ(network_of("93.184.216.34"), Network::open);
    EXPECT_EQ(network_of("2606:4700::1111"), Network::open);
    for (const char* text : {"10.0.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd00::1",
                             "[fc00::1]", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"}) {
        EXPECT_EQ(network_of(text), Network::private_) << text;
    }
    for (const char* text : {"127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "a.localhost",
                             "::ffff:127.0.0.1"}) {
        EXPECT_EQ(network_of(text), Network::loopback) << text;
    }
    for (const char* text : {"169.254.169.254", "0.0.0.0", "::", "fe80::1%eth0", "224.0.0.1",
                             "255.255.255.255", "ff02::1", "::ffff:169.254.169.254",
                             "168.63.129.16"}) {
        EXPECT_EQ(network_of(text), Network::forbidden) << text;
    }
    EXPECT_EQ(network_of("registry.example"), Network::open) << "a name tells nothing yet";
    EXPECT_TRUE(may_lead_to(Network::private_, Network::private_));
    EXPECT_TRUE(may_lead_to(Network::private_, Network::open));
    EXPECT_FALSE(may_lead_to(Network::open, Network::private_));
    EXPECT_FALSE(may_lead_to(Network::loopback, Network::private_));
    EXPECT_FALSE(may_lead_to(Network::forbidden, Network::forbidden));
}

}  // namespace
}  // namespace stratascan::registry
