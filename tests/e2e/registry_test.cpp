// Images of real registries (Debian's docker-registry, and those of two Go modules), put
// there by a real tool (skopeo): what a scan finds there is what it finds in the same image
// on disk.
#include "tests/e2e/servers.hpp"

namespace stratascan::e2e {
namespace {

class Registry : public RegistryTest {};

class EachRegistry : public RegistryTest, public OnRegistries {
protected:
    void SetUp() override { SKIP_WITHOUT_REGISTRY(); }
};

INSTANTIATE_TEST_SUITE_P(On, EachRegistry, testing::ValuesIn(all_registries), OnRegistries::name);

TEST_P(EachRegistry, ImageGivesWhatItsLayoutGives) {
    const AnyRegistry registry(GetParam());
    const Built built = recipe("removed-with-build-step");
    push(layout(built), registry.address(), "team/app:1.0");
    const Ran local = scan({layout(built)});
    for (const char* jobs : {"1", "2", "8"}) {
        const Ran ran = scan({registry.address() + "/team/app:1.0", "--jobs", jobs});
        EXPECT_EQ(ran.exit, 1) << ran.err;
        EXPECT_EQ(findings_of(ran), findings_of(local)) << jobs;
        ASSERT_EQ(findings_of(ran).size(), 1U);
    }
    const json report = report_of(scan({"registry:" + registry.address() + "/team/app:1.0"}));
    const json& image = report.at("targets").at(0).at("image");
    EXPECT_NE(image.dump().find(registry.address() + "/team/app:1.0"), std::string::npos)
        << image.dump(1);
}

// skopeo would compress it; a layer that is none stays as it is.
TEST_P(EachRegistry, SecretsAcrossTheEdgesOfChunks) {
    const AnyRegistry registry(GetParam());
    const Built built = recipe("secrets-across-chunks");
    push(layout(built), registry.address(), "app:chunks", {"--preserve-digests"});
    const Ran ran = scan({registry.address() + "/app:chunks"});
    EXPECT_EQ(findings_of(ran), findings_of(scan({layout(built)})));
    const json target = report_of(ran).at("targets").at(0);
    EXPECT_EQ(target.at("findings").size(), 14U);
    EXPECT_EQ(target.at("layers").at(0).at("compression"), "none");
}

TEST_P(EachRegistry, AllPlatformsAndWhatIsAttached) {
    const AnyRegistry registry(GetParam());
    const Built built = recipe("two-platforms-and-an-attestation");
    push(layout(built), registry.address(), "app:many", {"--all"});
    const Ran all = scan({registry.address() + "/app:many"});
    EXPECT_EQ(findings_of(all), findings_of(scan({layout(built)})));
    EXPECT_EQ(findings_of(all).size(), 3U);
    const Ran one = scan({registry.address() + "/app:many", "--platform", "linux/arm64"});
    const json targets = report_of(one).at("targets");
    ASSERT_EQ(targets.size(), 1U);
    EXPECT_EQ(targets.at(0).at("image").at("platform"), "linux/arm64");
    const Ran none = scan({registry.address() + "/app:many", "--platform", "linux/s390x"});
    EXPECT_EQ(none.exit, 3);
    EXPECT_NE(none.err.find("linux/amd64"), std::string::npos) << none.err;
}

TEST_P(EachRegistry, ByDigest) {
    const AnyRegistry registry(GetParam());
    const Built built = recipe("gzip-single-member");
    push(layout(built), registry.address(), "app:1");
    const json first = report_of(scan({registry.address() + "/app:1"}));
    const std::string digest = first.at("targets").at(0).at("image").at("digest");
    const Ran ran = scan({registry.address() + "/app@" + digest});
    EXPECT_EQ(ran.exit, 1) << ran.err;
    const Ran both = scan({registry.address() + "/app:no-such-tag@" + digest});
    EXPECT_EQ(both.exit, 1) << both.err;
    const std::string other = "sha256:" + std::string(64, '0');
    EXPECT_EQ(scan({registry.address() + "/app@" + other}).exit, 3);
}

TEST_F(Registry, OldManifestOfSchema1) {
    const DockerRegistry registry;
    const Built built = recipe("removed-with-build-step");
    push(layout(built), registry.address(), "old:1", {"--format", "v2s1"});
    const Ran ran = scan({registry.address() + "/old:1"});
    EXPECT_EQ(ran.exit, 1) << ran.err;
    const json target = report_of(ran).at("targets").at(0);
    EXPECT_TRUE(target.at("coverage").at("complete").get<bool>()) << target.at("coverage").dump(1)
                                                                 << target.at("image").dump(1);
    bool found = false;
    for (const json& finding : target.at("findings")) {
        found = found || (finding.at("path") == "build/key.env" &&
                          finding.at("visibility") == "deleted");
    }
    EXPECT_TRUE(found) << target.at("findings").dump(1);
}

TEST_P(EachRegistry, ErrorsSayWhatIsWrong) {
    const AnyRegistry registry(GetParam());
    push(layout(recipe("gzip-single-member")), registry.address(), "app:1");
    const Ran tag = scan({registry.address() + "/app:2"});
    EXPECT_EQ(tag.exit, 3);
    EXPECT_NE(tag.err.find("MANIFEST_UNKNOWN"), std::string::npos) << tag.err;
    const Ran repository = scan({registry.address() + "/nothing:1"});
    EXPECT_EQ(repository.exit, 3);
    const Ran nobody = scan({"127.0.0.1:1/app:1", "--registry-tries", "1"});
    EXPECT_EQ(nobody.exit, 3);
    EXPECT_NE(nobody.err.find("127.0.0.1:1"), std::string::npos) << nobody.err;
    EXPECT_EQ(scan({"registry:127.0.0.1:1/APP"}).exit, 3) << "no reference";
    EXPECT_EQ(scan({"registry:http://127.0.0.1/app"}).exit, 3) << "no reference";
}

// The manifest of what signs an image, as cosign stores it: an image manifest whose
// layer is the signed payload.
TEST_P(EachRegistry, AccessoriesAreScannedWithTheImage) {
    const AnyRegistry registry(GetParam());
    const Built built = recipe("uncompressed-layer");
    push(layout(built), registry.address(), "app:1");
    const json plain = report_of(scan({registry.address() + "/app:1"}));
    const std::string digest = plain.at("targets").at(0).at("image").at("digest");
    const std::string tag = "sha256-" + digest.substr(7) + ".sig";
    const Built signature = recipe("artifact-manifest");
    push(layout(signature), registry.address(), "app:" + tag);
    const Ran ran = scan({registry.address() + "/app:1"});
    const json targets = report_of(ran).at("targets");
    ASSERT_EQ(targets.size(), 2U) << ran.err;
    EXPECT_EQ(targets.at(1).at("image").at("kind"), "artifact");
    EXPECT_NE(targets.at(1).at("image").dump().find(tag), std::string::npos);
    EXPECT_FALSE(targets.at(1).at("findings").empty());
}

TEST_P(EachRegistry, MemoryStaysUnderTheCeilingWhileLayersArrive) {
    const AnyRegistry registry(GetParam());
    const Built built = recipe("layers-of-many-megabytes");
    push(layout(built), registry.address(), "app:large");
    for (const char* jobs : {"1", "2"}) {
        const Ran ran = scan({registry.address() + "/app:large", "--memory", "256MiB", "--jobs", jobs});
        EXPECT_EQ(ran.exit, 1) << ran.err;
        EXPECT_EQ(findings_of(ran), findings_of(scan({layout(built)})));
        if (memory_is_measured) {
            EXPECT_LT(ran.peak_rss, std::uint64_t{256} << 20) << jobs;
        }
    }
}

TEST_F(Registry, ImageOfTheEngine) {
    const Built built = recipe("removed-with-build-step");
    const fs::path archive = folder() / "image.tar";
    Command copy = command();
    copy.words = {"skopeo", "--insecure-policy", "copy", "--quiet", layout(built),
                  "docker-archive:" + archive.string() + ":team/app:1"};
    ASSERT_EQ(run(copy).exit, 0);
    const fs::path socket = folder() / "engine.sock";
    const Server engine(folder(), "engine",
                        {python(), tools() / "engine_fake.py", "--socket", socket, "--archive",
                         archive, "--name", "team/app:1", "--log", folder() / "engine.log"});
    const std::map<std::string, std::string> host = {{"DOCKER_HOST", "unix://" + socket.string()}};
    const Ran ran = scan({"docker-daemon:team/app:1"}, host);
    EXPECT_EQ(ran.exit, 1) << ran.err;
    EXPECT_EQ(findings_of(ran), findings_of(scan({"docker-archive:" + archive.string()})));
    EXPECT_EQ(scan({"docker-daemon:other:1"}, host).exit, 3);
    const Ran none = scan({"docker-daemon:app"}, {{"DOCKER_HOST", "unix:///no/such/socket"}});
    EXPECT_EQ(none.exit, 3);
    EXPECT_NE(none.err.find("/no/such/socket"), std::string::npos) << none.err;
    EXPECT_EQ(scan({"docker-daemon:app"}, {{"DOCKER_HOST", "tcp://127.0.0.1:1"}}).exit, 3);
}

// Podman's service speaks the engine's API from storage of its own in a folder.
TEST_F(Registry, ImageOfARealEngine) {
    const Built built = recipe("removed-with-build-step");
    const fs::path archive = folder() / "image.tar", socket = folder() / "podman.sock";
    Command copy = command();
    copy.words = {"skopeo", "--insecure-policy", "copy", "--quiet", layout(built),
                  "docker-archive:" + archive.string() + ":team/app:1"};
    ASSERT_EQ(run(copy).exit, 0);
    const std::string podman = "podman --storage-driver vfs --root " +
                               (folder() / "storage").string() + " --runroot " +
                               (folder() / "running").string() + ' ';
    Command load = command();
    load.words = {"sh", "-c", podman + "load --quiet --input " + archive.string()};
    const Ran loaded = run(load);
    if (loaded.exit != 0) GTEST_SKIP() << "podman can't keep an image here: " << loaded.err;
    const Server engine(
        folder(), "podman",
        {"sh", "-c", "(while ! [ -S " + socket.string() +
                         " ]; do sleep 0.1; done; echo listening on socket:0) & exec " + podman +
                         "system service --time 0 unix://" + socket.string()});
    const std::map<std::string, std::string> host = {{"DOCKER_HOST", "unix://" + socket.string()}};
    const Ran ran = scan({"docker-daemon:team/app:1"}, host);
    EXPECT_EQ(ran.exit, 1) << ran.err;
    EXPECT_EQ(findings_of(ran), findings_of(scan({"docker-archive:" + archive.string()})));
    EXPECT_EQ(scan({"docker-daemon:other:1"}, host).exit, 3);
}

}  // namespace
}  // namespace stratascan::e2e
