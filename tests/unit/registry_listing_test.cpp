// Repositories as the services list them, against answers of the form that their
// documentation has, and places that registries.conf names.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <random>

#include "scanner/registry/listing.hpp"
#include "scanner/registry/registries_conf.hpp"
#include "tests/e2e/servers.hpp"

namespace stratascan::registry {
namespace {

class Listings : public testing::Test {
protected:
    Listings() : password_("p" + std::to_string(std::random_device{}())) {
        fake_.emplace(folder_.path(), "listing",
                      std::vector<std::string>{e2e::python(), e2e::tools() / "listing_fake.py",
                                               "--log", folder_.path() / "log", "--password",
                                               password_});
        unsetenv("REGISTRY_AUTH_FILE");
    }

    std::vector<std::string> list(const Listing& listing, bool with_credentials = true) {
        ClientSettings settings;
        settings.credentials.auth_file = "/dev/null";
        settings.hosts.retries.tries = tries_;
        settings.hosts.retries.first_wait = std::chrono::milliseconds(10);
        if (with_credentials) {
            settings.credentials.user = "somebody";
            settings.credentials.password = password_;
        }
        auto client = Client::create(settings);
        std::vector<std::string> all;
        const auto end = list_repositories(**client, listing, [&](std::vector<std::string> names) {
            all.insert(all.end(), names.begin(), names.end());
            return true;
        });
        end_ = end ? end->reason : end.error().message();
        return all;
    }
    Listing listing(Service service, const std::string& owner, const std::string& registry = "") {
        return {registry.empty() ? fake_->address() : registry, owner, service,
                "http://" + fake_->address()};
    }

    e2e::TemporaryFolder folder_;
    std::string password_;
    unsigned tries_ = 1;
    std::optional<e2e::Server> fake_;
    std::string end_;
};

using Names = std::vector<std::string>;

// Amazon's answers as its documentation has them, the first one throttled.
TEST_F(Listings, AmazonByASignedRequest) {
    const std::string name = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", password_.c_str(), 1);
    setenv("AWS_SESSION_TOKEN", "session", 1);
    tries_ = 3;
    EXPECT_EQ(list(listing(Service::ecr, "", name)), (Names{"one", "team/two"})) << end_;
    std::ifstream log(folder_.path() / "log");
    std::vector<nlohmann::json> requests;
    for (std::string line; std::getline(log, line);) {
        EXPECT_EQ(line.find(password_), std::string::npos);
        requests.push_back(nlohmann::json::parse(line));
    }
    ASSERT_EQ(requests.size(), 3U);
    for (const auto& request : requests) {
        EXPECT_EQ(request.at("target"),
                  "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories");
        EXPECT_EQ(request.at("body").at("registryId"), "123456789012");
        EXPECT_TRUE(request.at("scope").get<std::string>().ends_with(
            "/eu-west-1/ecr/aws4_request")) << request;
        EXPECT_EQ(request.at("signed"),
                  "content-type;host;x-amz-date;x-amz-security-token;x-amz-target");
        EXPECT_TRUE(request.at("session").get<bool>());
    }
    EXPECT_EQ(requests[2].at("body").at("nextToken"), "abc+/=");
    for (const char* variable : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                 "AWS_SESSION_TOKEN"}) {
        unsetenv(variable);
    }
}

TEST(EcrNames, SayAccountAndRegion) {
    const auto place = parse_ecr_name("123456789012.dkr.ecr.eu-west-1.amazonaws.com");
    ASSERT_TRUE(place);
    EXPECT_EQ(place->account, "123456789012");
    EXPECT_EQ(place->region, "eu-west-1");
    EXPECT_EQ(place->api, "https://api.ecr.eu-west-1.amazonaws.com");
    EXPECT_EQ(parse_ecr_name("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn")->api,
              "https://api.ecr.cn-north-1.amazonaws.com.cn");
    EXPECT_EQ(parse_ecr_name("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com")->api,
              "https://ecr-fips.us-east-1.amazonaws.com");
    for (const char* other :
         {"123456789012.dkr.ecr.eu-west-1.amazonaws.com.example", "12345678901.dkr.ecr.a.amazonaws.com",
          "123456789012.dkr.ecr..amazonaws.com", "123456789012.dkr.ecr.a/b.amazonaws.com",
          "123456789012.dkr.ecr.eu-west-1", "public.ecr.aws", ""}) {
        EXPECT_FALSE(parse_ecr_name(other)) << other;
    }
    EXPECT_EQ(service_of("123456789012.dkr.ecr.eu-west-1.amazonaws.com"), Service::ecr);
}

TEST_F(Listings, EachServiceInItsWay) {
    EXPECT_EQ(list(listing(Service::docker_hub, "team"), false), (Names{"team/one", "team/two"})) << end_;
    EXPECT_EQ(list(listing(Service::harbor, "")), (Names{"library/one", "library/two"})) << end_;
    EXPECT_EQ(list(listing(Service::github, "team")), (Names{"team/one", "team/nested/two"})) << end_;
    EXPECT_EQ(list(listing(Service::artifact_registry, "project/images", "us-docker.pkg.dev")),
              (Names{"project/images/one", "project/images/nested/two"}))
        << end_;
    EXPECT_EQ(list(listing(Service::quay, "team")), (Names{"team/one", "team/two"})) << end_;
    EXPECT_EQ(list(listing(Service::gitlab, "team/sub")), (Names{"team/sub/one", "team/sub/two"})) << end_;
    EXPECT_EQ(list(listing(Service::azure, "")), (Names{"one", "two"})) << end_;
    EXPECT_EQ(list(listing(Service::catalog, "")), (Names{"one", "two"})) << end_;
}

TEST_F(Listings, WhatIsRefusedIsSaid) {
    EXPECT_TRUE(list(listing(Service::github, "team"), false).empty());
    EXPECT_NE(end_.find("401"), std::string::npos) << end_;
    EXPECT_TRUE(list(listing(Service::quay, "")).empty());
    EXPECT_NE(end_.find("owner"), std::string::npos) << end_;
    EXPECT_TRUE(list(listing(Service::docker_hub, "../x")).empty());
    EXPECT_TRUE(list(listing(Service::docker_hub, "elsewhere")).empty());
    EXPECT_NE(end_.find("another host"), std::string::npos) << end_;
}

TEST(Services, AreKnownByTheRegistrysName) {
    EXPECT_EQ(service_of("docker.io"), Service::docker_hub);
    EXPECT_EQ(service_of("ghcr.io"), Service::github);
    EXPECT_EQ(service_of("quay.io"), Service::quay);
    EXPECT_EQ(service_of("europe-west1-docker.pkg.dev"), Service::artifact_registry);
    EXPECT_EQ(service_of("team.azurecr.io"), Service::azure);
    EXPECT_EQ(service_of("1234.dkr.ecr.us-east-1.amazonaws.com"), Service::catalog);
    EXPECT_EQ(service_of("harbor.example"), Service::catalog);
}

TEST(RegistriesConfiguration, MirrorsLocationsAndBlocks) {
    const auto rules = parse_registries_conf(R"(
unqualified-search-registries = ["docker.io"]
[[registry]]
prefix = "r.example/team"
location = "inner.example:5000/mirrored"
[[registry.mirror]]
location = "mirror.example"
insecure = true
[[registry.mirror]]
location = "digests.example/x"
pull-from-mirror = "digest-only"
[[registry]]
location = "r.example"
[[registry]]
prefix = "*.blocked.example"
blocked = true
)");
    ASSERT_TRUE(rules);
    const RegistriesConf conf(rules->rules);
    const auto texts = [&](const char* name) {
        std::vector<std::string> all;
        const auto places = conf.places(*parse_reference(name));
        if (!places) return all;
        for (const Place& place : *places) all.push_back(place.reference.text());
        return all;
    };
    EXPECT_EQ(texts("r.example/team/app:1"),
              (Names{"mirror.example/app:1", "inner.example:5000/mirrored/app:1"}));
    EXPECT_TRUE(conf.places(*parse_reference("r.example/team/app:1"))->front().insecure);
    const std::string digest = "@sha256:" + std::string(64, 'a');
    EXPECT_EQ(texts(("r.example/team/app" + digest).c_str()).size(), 3U);
    EXPECT_EQ(texts("r.example/teams/app:1"), Names{"r.example/teams/app:1"});
    EXPECT_EQ(texts("other.example/app:1"), Names{"other.example/app:1"});
    EXPECT_EQ(conf.places(*parse_reference("a.blocked.example/app:1")).error().code,
              ErrorCode::unauthorized);
    EXPECT_EQ(texts("blocked.example/app:1").size(), 1U);
    EXPECT_FALSE(parse_registries_conf("[[registry"));
}

// Texts of the list itself count, a thousand at a time, and of nothing beside or inside of it.
TEST(NamesOfAPage, AreThoseOfItsList) {
    const auto names_of = [](const std::string& body) {
        std::vector<std::vector<std::string>> calls;
        const auto more = visit_names(body, "tags", [&](std::vector<std::string> names) {
            calls.push_back(std::move(names));
            return calls.size() < 2;
        });
        if (!more) calls = {{"error"}};
        return calls;
    };
    using Calls = std::vector<std::vector<std::string>>;
    EXPECT_EQ(names_of(R"({"name":"a","tags":["1",2,null,["x"],{"tags":["y"]},"3"],"b":["z"]})"),
              (Calls{{"1", "3"}}));
    EXPECT_EQ(names_of(R"({"tags":null})"), Calls{{}});
    EXPECT_EQ(names_of(R"({"x":{"tags":["1"]}})"), Calls{{}});
    EXPECT_EQ(names_of("{\"tags\":[\"a\",\"\xff\"]}"), (Calls{{"a", "?"}}));
    for (const char* none : {"[\"tags\"]", "", "{\"tags\":[\"1\"", "7"}) {
        EXPECT_EQ(names_of(none), (Calls{{"error"}})) << none;
    }
    std::string many = "{\"tags\":[\"0\"";
    for (int i = 1; i < 3500; ++i) many += ",\"" + std::to_string(i) + '"';
    const auto calls = names_of(many + "]}");
    ASSERT_EQ(calls.size(), 2U) << "no more is read than was asked for";
    EXPECT_EQ(calls.at(1).back(), "1999");
}

}  // namespace
}  // namespace stratascan::registry
