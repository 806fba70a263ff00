// Which files say where images are to be fetched from, and which of them counts.
#include "scanner/registry/registries_conf.hpp"

#include <gtest/gtest.h>

#include "scanner/registry/hosts.hpp"
#include "tests/support/scanning.hpp"

namespace stratascan::registry {
namespace {

using test::PrivateHome;

class RegistriesFiles : public testing::Test {
protected:
    ~RegistriesFiles() override { ::unsetenv("CONTAINERS_REGISTRIES_CONF"); }

    static std::string located(const std::string& prefix, const std::string& location) {
        return "[[registry]]\nprefix = \"" + prefix + "\"\nlocation = \"" + location + "\"\n";
    }
    /// Where the image is to be had, and nothing but it.
    static std::string place_of(const std::string& image) {
        const auto conf = RegistriesConf::load();
        if (!conf) return conf.error().message();
        const auto places = conf->places(*parse_reference(image));
        if (!places) return places.error().message();
        return places->size() == 1 ? places->front().reference.text() : "several places";
    }

    PrivateHome home_;
};

TEST_F(RegistriesFiles, LaterFilesOfTheFolderTakeThePlaceOfEarlierOnes) {
    home_.write("config/containers/registries.conf", located("r.example", "first.example"));
    EXPECT_EQ(place_of("r.example/a:1"), "first.example/a:1");
    home_.write("config/containers/registries.conf.d/10.conf",
                located("r.example", "second.example") + located("o.example", "other.example"));
    home_.write("config/containers/registries.conf.d/20.conf", located("r.example", "third.example/x"));
    home_.write("config/containers/registries.conf.d/30.note", located("r.example", "no.example"));
    EXPECT_EQ(place_of("r.example/a:1"), "third.example/x/a:1");
    EXPECT_EQ(place_of("o.example/a:1"), "other.example/a:1");
    EXPECT_EQ(place_of("p.example/a:1"), "p.example/a:1");
}

TEST_F(RegistriesFiles, OneThatIsNamedCountsAlone) {
    home_.write("config/containers/registries.conf", located("r.example", "first.example"));
    const std::string named = home_.write("named.conf", located("r.example", "named.example"));
    ::setenv("CONTAINERS_REGISTRIES_CONF", named.c_str(), 1);
    EXPECT_EQ(place_of("r.example/a:1"), "named.example/a:1");
    ::setenv("CONTAINERS_REGISTRIES_CONF", "/dev/null", 1);
    EXPECT_EQ(place_of("r.example/a:1"), "r.example/a:1");
}

TEST_F(RegistriesFiles, OneThatCannotBeReadIsAnErrorThatNamesItAndNotItsText) {
    const std::string path =
        home_.write("config/containers/registries.conf.d/10.conf", "[[registry]]\nlocation = 'pa55word");
    const auto broken = RegistriesConf::load();
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().where, path);
    EXPECT_EQ(broken.error().code, ErrorCode::malformed);
    EXPECT_EQ(broken.error().message().find("pa55word"), std::string::npos);
    home_.write("config/containers/registries.conf.d/10.conf", std::string((1 << 20) + 1, '#'));
    EXPECT_FALSE(RegistriesConf::load()) << "more than a file of settings has";
}

TEST_F(RegistriesFiles, MirrorsKnowWhomTheyStandFor) {
    home_.write("config/containers/registries.conf",
                located("r.example", "r.example") + "[[registry.mirror]]\nlocation = \"m.example/x\"\n" +
                    "[[registry.mirror]]\nlocation = \"r.example/cache\"\n");
    const auto conf = RegistriesConf::load();
    ASSERT_TRUE(conf);
    const auto places = conf->places(*parse_reference("r.example/a:1"));
    ASSERT_TRUE(places);
    std::vector<std::string> told;
    for (const Place& place : *places) {
        told.push_back(place.reference.text() + ' ' + place.reference.repository.stands_for);
    }
    EXPECT_EQ(told, (std::vector<std::string>{"m.example/x/a:1 r.example", "r.example/cache/a:1 ",
                                              "r.example/a:1 "}));
}

TEST_F(RegistriesFiles, HelpersAreThoseOfTheLastFileThatNamesAny) {
    using Names = std::vector<std::string>;
    EXPECT_EQ(RegistriesConf::load()->helpers(), std::nullopt);
    home_.write("config/containers/registries.conf",
                "credential-helpers = [\"one\", \"containers-auth.json\", \"../sh\", 7]\n");
    EXPECT_EQ(RegistriesConf::load()->helpers(), (Names{"one", "containers-auth.json"}));
    home_.write("config/containers/registries.conf.d/10.conf", "credential-helpers = [\"two\"]\n");
    home_.write("config/containers/registries.conf.d/20.conf", "credential-helpers = []\n");
    EXPECT_EQ(RegistriesConf::load()->helpers(), Names{"two"});
}

// A location that is no name of a registry, or leaves no repository, leads nowhere.
TEST_F(RegistriesFiles, LocationsThatAreNoneAreErrors) {
    for (const char* location : {"https://r.example", "r.example/../x", "-",
                                 "r.example:99999999/a?", "mirror/x"}) {
        const RegistriesConf conf({{"r.example", {location, false, true, true}, {}, false}});
        EXPECT_FALSE(conf.places(*parse_reference("r.example/a:1"))) << location;
    }
    // The whole name is the prefix, and what takes its place has no repository.
    const RegistriesConf conf({{"r.example/a", {"mirror.example", false, true, true}, {}, false}});
    const auto places = conf.places(*parse_reference("r.example/a:1"));
    ASSERT_FALSE(places);
    EXPECT_NE(places.error().message().find("without a repository"), std::string::npos);
}

TEST_F(RegistriesFiles, WildcardsStandForHostsBelowThem) {
    const RegistriesConf conf({{"*.example.org", {"", false, true, true}, {}, true}});
    EXPECT_FALSE(conf.places(*parse_reference("a.example.org/x:1")));
    EXPECT_FALSE(conf.places(*parse_reference("a.b.example.org/x:1")));
    EXPECT_TRUE(conf.places(*parse_reference("example.org/x:1")));
    EXPECT_TRUE(conf.places(*parse_reference("badexample.org/x:1")));
}

// The user's folders for a host come before the machine's; the first that has anything counts.
TEST_F(RegistriesFiles, CertificatesOfAHostAreLookedForWhereTheyUsuallyAre) {
    home_.write("config/containers/certs.d/r.example:5000/ca.crt", "authority");
    Hosts hosts({});
    EXPECT_EQ(hosts.tls_for("r.example:5000")->ca_pem, "authority\n");
    EXPECT_TRUE(hosts.tls_for("r.example:5001")->ca_pem.empty());
    EXPECT_TRUE(hosts.tls_for("r.example:5000")->verify);
    HostSettings settings;
    settings.insecure = {"r.example:5000"};
    settings.certificates = home_.path("config/containers/certs.d/r.example:5000");
    Hosts others(std::move(settings));
    EXPECT_EQ(others.tls_for("any.example")->ca_pem, "authority\n") << "one folder for all";
    EXPECT_FALSE(others.tls_for("r.example:5000")->verify);
}

}  // namespace
}  // namespace stratascan::registry
