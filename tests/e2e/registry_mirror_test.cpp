// Where registries.conf(5) says that an image is to be had: mirrors in their order, another
// location, what each is for; and what a mirror is told: whom it stands for, and nothing that
// was meant for that registry.
#include "tests/e2e/access.hpp"

namespace stratascan::e2e {
namespace {

class RegistryMirror : public WithAccess<RegistryTest> {
protected:
    RegistryMirror() : built_(recipe("removed-with-build-step")) {
        push(layout(built_), registry_.address(), "team/app:1");
        push(layout(built_), registry_.address(), "kept/team/app:1");
    }
    /// The environment in which this registries.conf counts.
    [[nodiscard]] std::map<std::string, std::string> with(const std::string& conf) const {
        const fs::path file = folder() / "registries.conf";
        std::ofstream(file) << conf;
        return {{"CONTAINERS_REGISTRIES_CONF", file}};
    }
    static std::string mirror(const std::string& location, const std::string& more = "") {
        return "[[registry.mirror]]\nlocation = \"" + location + "\"\n" + more;
    }
    [[nodiscard]] Server counted(const std::string& registry, const std::string& log) const {
        return {folder(), log,
                {python(), tools() / "fault_proxy.py", "--upstream", registry, "--log",
                 folder() / log, "--fault", "none"}};
    }
    void expect_found(const Ran& ran) const {
        EXPECT_EQ(ran.exit, 1) << ran.err;
        EXPECT_EQ(findings_of(ran), findings_of(scan({layout(built_)})));
    }
    /// Nobody has a registry at this port.
    static constexpr const char* image = "127.0.0.1:2/team/app:1";
    static constexpr const char* upstream = "[[registry]]\nlocation = \"127.0.0.1:2\"\n";

    DockerRegistry registry_;
    Built built_;
};

TEST_F(RegistryMirror, TheFirstThatHasItIsAskedForAll) {
    const DockerRegistry empty;
    const Server lacking = counted(empty.address(), "lacking.log");
    const Server having = counted(registry_.address(), "having.log");
    const auto conf = with(upstream + mirror("127.0.0.1:1") + mirror(lacking.address()) +
                           mirror(having.address()));
    const Ran ran = scan({image, "--registry-tries", "1"}, conf);
    expect_found(ran);
    EXPECT_NE(report_of(ran).dump().find(image), std::string::npos) << "its name stays";
    int asked = 0;
    for (const char* log : {"lacking.log", "having.log"}) {
        for (const json& request : requests(folder() / log)) {
            const std::string path = request.at("path");
            if (path == "/v2/") continue;
            ++asked;
            EXPECT_NE(path.find("ns=127.0.0.1%3A2"), std::string::npos) << path;
        }
    }
    EXPECT_GE(asked, 6) << "a manifest in vain, a manifest, a config, tags and layers";
    EXPECT_EQ(scan({image, "--registry-tries", "1"}).exit, 3) << "without a mirror";
}

TEST_F(RegistryMirror, ForDigestsOrTagsAlone) {
    const json report = report_of(scan({registry_.address() + "/team/app:1"}));
    const std::string digest = report.at("targets").at(0).at("image").at("digest");
    const std::string by_digest = "127.0.0.1:2/team/app@" + digest;
    const auto digests = with(upstream + mirror(registry_.address(),
                                                "pull-from-mirror = \"digest-only\"\n"));
    expect_found(scan({by_digest, "--registry-tries", "1"}, digests));
    EXPECT_EQ(scan({image, "--registry-tries", "1"}, digests).exit, 3);
    const auto tags = with(upstream + mirror(registry_.address(),
                                             "pull-from-mirror = \"tag-only\"\n"));
    expect_found(scan({image, "--registry-tries", "1"}, tags));
    EXPECT_EQ(scan({by_digest, "--registry-tries", "1"}, tags).exit, 3);
}

TEST_F(RegistryMirror, AnotherLocation) {
    const Server having = counted(registry_.address(), "having.log");
    expect_found(scan({image}, with("[[registry]]\nprefix = \"127.0.0.1:2/team\"\n"
                                    "location = \"" + having.address() + "/kept/team\"\n")));
    for (const json& request : requests(folder() / "having.log")) {
        const std::string path = request.at("path");
        if (path == "/v2/") continue;
        EXPECT_EQ(path.find("/v2/kept/team/app/"), 0U) << path;
    }
    const Ran blocked = scan({image}, with("[[registry]]\nprefix = \"127.0.0.1:2\"\n"
                                           "blocked = true\n"));
    EXPECT_EQ(blocked.exit, 3);
    EXPECT_NE(blocked.err.find("blocks"), std::string::npos) << blocked.err;
}

// A user and password that were given are for the registry that was named; a mirror gets
// what the files of credentials have for it.
TEST_F(RegistryMirror, CredentialsOfTheRegistryAreNotForIt) {
    const DockerRegistry closed("", htpasswd(), registry_.storage());
    std::ofstream(folder() / "password") << password_ << "\n";
    const std::vector<std::string> given = {"--registry-user", "somebody",
                                            "--registry-password-stdin", "--registry-tries", "1"};
    const auto ask = [&](const std::string& target, const std::string& conf) {
        std::vector<std::string> words = given;
        words.push_back(target);
        return scan(std::move(words), with(conf), folder() / "password");
    };
    expect_found(ask(closed.address() + "/team/app:1", ""));
    const std::string conf = upstream + mirror(closed.address());
    const Ran refused = ask(image, conf);
    EXPECT_EQ(refused.exit, 3) << refused.out;
    expect_no_password(refused, password_);
    auto environment = with(conf);
    environment["REGISTRY_AUTH_FILE"] = auth_file(closed.address(), password_);
    expect_found(scan({image, "--registry-tries", "1"}, environment));
}

// registries.conf may name helpers, and at which place among them the files are asked.
TEST_F(RegistryMirror, HelpersThatItNames) {
    const DockerRegistry closed("", htpasswd(), registry_.storage());
    const std::string target = closed.address() + "/team/app:1";
    shell("mkdir -p bin && printf '#!/bin/sh\\nread s\\nprintf %%s "
          "'\\''{\"Username\":\"somebody\",\"Secret\":\"" + password_ +
          "\"}'\\'' \\n' > bin/docker-credential-named && chmod +x bin/docker-credential-named");
    const std::string path = (folder() / "bin").string() + ":" + setting("PATH", "/usr/bin:/bin");
    auto environment = with("credential-helpers = [\"containers-auth.json\", \"named\"]\n");
    environment["PATH"] = path;
    expect_found(scan({target}, environment));
    environment = with("");
    environment["PATH"] = path;
    EXPECT_EQ(scan({target}, environment).exit, 3) << "nobody named it";
}

}  // namespace
}  // namespace stratascan::e2e
