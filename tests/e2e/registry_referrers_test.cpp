// What refers to an image: by the referrers API of two real registries (those of the modules
// go-containerregistry and ociregistry, built by Go where it is here; Debian's docker-registry
// has no such API), by a fake that gives it in pages, and by layers that are held elsewhere.
#include <random>

#include "tests/e2e/sweeping.hpp"

namespace stratascan::e2e {
namespace {

class Referrers : public Sweep {
protected:
    /// Puts a manifest with the parts that `manifest` names into a registry.
    std::string put(const std::string& registry, const std::string& repository,
                    const std::string& reference, const std::string& media_type,
                    const std::string& document) const {
        const fs::path file = folder() / "put.json";
        std::ofstream(file) << document;
        const Ran ran = curl({"-X", "PUT", "-H", "Content-Type: " + media_type, "--data-binary",
                              "@" + file.string(),
                              "http://" + registry + "/v2/" + repository + "/manifests/" +
                                  reference});
        EXPECT_EQ(ran.exit, 0) << ran.err << ran.out;
        return "sha256:" + sha256(file);
    }
    std::string put_blob(const std::string& registry, const std::string& repository,
                         const std::string& bytes) const {
        const fs::path file = folder() / "blob";
        std::ofstream(file, std::ios::binary) << bytes;
        const std::string digest = "sha256:" + sha256(file);
        const Ran begun = curl({"-i", "-X", "POST",
                                "http://" + registry + "/v2/" + repository + "/blobs/uploads/"});
        std::smatch place;
        EXPECT_TRUE(std::regex_search(begun.out, place,
                                      std::regex("[Ll]ocation: (?:http://[^/]*)?([^\r\n]*)")))
            << begun.out;
        const std::string path = place[1];
        const Ran ran = curl({"-X", "PUT", "-H", "Content-Type: application/octet-stream",
                              "--data-binary", "@" + file.string(),
                              "http://" + registry + path +
                                  (path.find('?') == std::string::npos ? "?" : "&") + "digest=" +
                                  digest});
        EXPECT_EQ(ran.exit, 0) << ran.err << ran.out;
        return digest;
    }
    /// An artifact with one layer that is about `subject`.
    std::string artifact(const std::string& registry, const std::string& repository,
                         const json& subject, const std::string& type, const std::string& bytes,
                         const std::string& media_type) const {
        const std::string config = put_blob(registry, repository, "{}");
        const std::string layer = put_blob(registry, repository, bytes);
        const json manifest = {
            {"schemaVersion", 2},
            {"mediaType", oci},
            {"artifactType", type},
            {"config", {{"mediaType", "application/vnd.oci.empty.v1+json"},
                        {"digest", config}, {"size", 2}}},
            {"layers", {{{"mediaType", media_type}, {"digest", layer}, {"size", bytes.size()}}}},
            {"subject", subject}};
        const fs::path file = folder() / "artifact.json";
        std::ofstream(file) << manifest.dump();
        const std::string digest = "sha256:" + sha256(file);
        EXPECT_EQ(put(registry, repository, digest, oci, manifest.dump()), digest);
        return digest;
    }
    /// A descriptor of the image "app:1" that was pushed.
    json subject(const std::string& registry) const {
        const fs::path file = folder() / "subject.json";
        const Ran ran = curl({"-o", file, "-H", std::string("Accept: ") + oci,
                              "http://" + registry + "/v2/app/manifests/1"});
        EXPECT_EQ(ran.exit, 0) << ran.err;
        return {{"mediaType", oci}, {"digest", "sha256:" + sha256(file)},
                {"size", fs::file_size(file)}};
    }
    /// A token that a rule finds, made for this run.
    static std::string token() {
        std::random_device device;
        const auto some = [&](std::string_view from, int count) {
            std::string text;
            for (int i = 0; i < count; ++i) text += from[device() % from.size()];
            return text;
        };
        return "xox" + std::string("b-") + some("123456789", 12) + '-' + some("123456789", 12) +
               '-' + some("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789", 24);
    }
    static Ran curl(std::vector<std::string> words) {
        words.insert(words.begin(), {"curl", "-sS", "--fail", "--noproxy", "*"});
        return run({.words = std::move(words)});
    }
    static std::string sha256(const fs::path& file) {
        return run({.words = {"sha256sum", file}}).out.substr(0, 64);
    }
    static int findings_in(const Ran& ran, const std::string& digest) {
        int count = 0;
        const json report = report_of(ran);
        for (const json& target : report.at("targets")) {
            if (target.at("image").at("digest") != digest) continue;
            count += static_cast<int>(target.at("findings").size());
        }
        return count;
    }
    /// The image with an SBOM, an attestation and a signature; their digests.
    std::vector<std::string> fill_with_referrers(const std::string& registry) const {
        push(layout(recipe("removed-with-build-step")), registry, "app:1");
        const json about = subject(registry);
        return {artifact(registry, "app", about, "application/spdx+json",
                         "{\"spdxVersion\": \"SPDX-2.3\", \"comment\": \"" + token() + "\"}\n",
                         "application/spdx+json"),
                artifact(registry, "app", about, "application/vnd.in-toto+json",
                         "{\"_type\": \"https://in-toto.io/Statement/v1\", \"token\": \"" +
                             token() + "\"}\n",
                         "application/vnd.in-toto+json"),
                artifact(registry, "app", about,
                         "application/vnd.dev.cosign.artifact.sig.v1+json",
                         "{\"critical\": {\"image\": {}}, \"optional\": {\"t\": \"" + token() +
                             "\"}}\n",
                         "application/vnd.dev.cosign.simplesigning.v1+json")};
    }

    static constexpr const char* oci = "application/vnd.oci.image.manifest.v1+json";
};

class ReferrersApi : public Referrers, public OnRegistries {
protected:
    void SetUp() override { SKIP_WITHOUT_REGISTRY(); }
};

INSTANTIATE_TEST_SUITE_P(Of, ReferrersApi, testing::Values("ggcr", "ociregistry"),
                         OnRegistries::name);

TEST_P(ReferrersApi, IsAskedByScansAndSweeps) {
    const AnyRegistry registry(GetParam());
    const auto digests = fill_with_referrers(registry.address());
    const Ran ran = scan({registry.address() + "/app:1"});
    EXPECT_EQ(ran.exit, 1) << ran.err;
    for (const std::string& digest : digests) EXPECT_GE(findings_in(ran, digest), 1) << digest;
    EXPECT_EQ(report_of(ran).at("targets").size(), 4U);
    // The suite of sweeps in short: all of it, once, and nothing the second time.
    const Ran first = sweep(registry.address());
    EXPECT_EQ(first.exit, 1) << first.err;
    EXPECT_EQ(row(first, "app").at("state"), "complete") << first.out;
    EXPECT_EQ(row(first, "app").at("accessories"), 3);
    const Ran stored = ask({"report", "--format", "json"});
    for (const std::string& digest : digests) EXPECT_GE(findings_in(stored, digest), 1) << digest;
    EXPECT_EQ(sorted(findings_of(stored)), sorted(findings_of(ran)));
    const Ran second = sweep(registry.address());
    EXPECT_EQ(summary(second).at("layers_fetched"), 0);
    EXPECT_EQ(summary(second).at("repositories"), summary(first).at("repositories"));
    // What came later is asked for when that is wished.
    const std::string later =
        artifact(registry.address(), "app", subject(registry.address()), "application/x-note",
                 "token " + token() + "\n", "text/plain");
    const Ran third = sweep(registry.address(), {"--all-referrers"});
    EXPECT_EQ(row(third, "app").at("accessories"), 4) << third.out;
    EXPECT_GE(findings_in(ask({"report", "--format", "json"}), later), 1);
}

TEST_P(ReferrersApi, FilledRegistrySweepsAsTheFirst) {
    const AnyRegistry other(GetParam());
    const DockerRegistry registry;
    const std::vector<std::string> small = {"--repositories", "5", "--tags", "20"};
    EXPECT_EQ(fill(other.address(), small), fill(registry.address(), small));
    const Ran first = sweep(registry.address());
    const Ran second = sweep(other.address(), {}, (folder() / "other.sqlite").string());
    EXPECT_EQ(second.exit, first.exit) << second.err;
    json expected = summary(first).at("repositories");
    for (json& of : expected) of["registry"] = other.address();
    EXPECT_EQ(summary(second).at("repositories"), expected) << second.err;
    EXPECT_EQ(summary(second).at("bytes_fetched"), summary(first).at("bytes_fetched"));
}

// A fake on top of the real registry: each page has one.
TEST_P(ReferrersApi, InPagesOfAFake) {
    const AnyRegistry registry(GetParam());
    const auto digests = fill_with_referrers(registry.address());
    const Server paged(folder(), "paged",
                       {python(), tools() / "fault_proxy.py", "--upstream", registry.address(),
                        "--log", folder() / "paged.log", "--fault", "paged-referrers"});
    const Ran ran = scan({paged.address() + "/app:1"});
    EXPECT_EQ(ran.exit, 1) << ran.err;
    for (const std::string& digest : digests) EXPECT_GE(findings_in(ran, digest), 1) << digest;
    int pages = 0;
    for (const json& request : requests(folder() / "paged.log")) {
        const std::string path = request.at("path");
        pages += path.find("/referrers/") != std::string::npos &&
                         path.find("page=") != std::string::npos
                     ? 1
                     : 0;
    }
    EXPECT_EQ(pages, 2) << "beside the first";
    const Ran swept = sweep(paged.address());
    EXPECT_EQ(row(swept, "app").at("accessories"), 3) << swept.out << swept.err;
}

// A manifest may bring its layers along, and its registry need not have them: this one takes
// a manifest all the same.
TEST_F(Referrers, LayersInTheirDescriptors) {
    if (!AnyRegistry::is_here("ggcr")) GTEST_SKIP() << "Go could not build the registry ggcr";
    const AnyRegistry registry("ggcr");
    const fs::path file = folder() / "settings";
    std::ofstream(file) << "TOKEN=" << token() << "\n";
    const json made = put_image(registry.address(), {"--name", "app:1", "--embed", "--file",
                                                     "srv/settings=" + file.string()});
    const std::string digest = made.at("layers").at(0).at(0);
    const Ran ran = scan({registry.address() + "/app:1"});
    const json target = report_of(ran).at("targets").at(0);
    EXPECT_EQ(target.at("layers").at(0).at("state"), "complete") << ran.out << ran.err;
    EXPECT_EQ(target.at("layers").at(0).at("digest"), digest);
    const Server counted = proxy(registry, "none", "embedded.log");
    const Ran swept = sweep(counted.address());
    EXPECT_EQ(row(swept, "app").at("state"), "complete") << swept.out;
    EXPECT_FALSE(counts(folder() / "embedded.log").blobs.contains(digest)) << "what was there";
    const json found = report_of(ask({"find", "--path", "srv/settings", "--format", "json"}));
    EXPECT_EQ(found.at("matches").at(0).at("layer"), digest);
}

// Layers that a manifest says are held elsewhere are gaps, unless they are asked for; and
// then from where it is safe to ask.
TEST_F(Referrers, LayersThatAreHeldElsewhere) {
    const DockerRegistry registry;
    const DockerRegistry store;
    push(layout(recipe("removed-with-build-step")), store.address(), "held:1");
    const json image = report_of(scan({store.address() + "/held:1"})).at("targets").at(0);
    const json& layer = image.at("layers").at(0);
    const std::string digest = layer.at("digest");
    const auto manifest = [&](const std::string& url) {
        const std::string config = put_blob(registry.address(), "app", "{}");
        return json{{"schemaVersion", 2},
                    {"mediaType", oci},
                    {"config", {{"mediaType", "application/vnd.oci.image.config.v1+json"},
                                {"digest", config}, {"size", 2}}},
                    {"layers",
                     {{{"mediaType",
                        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"},
                       {"digest", digest}, {"size", layer.at("compressed_bytes")},
                       {"urls", {url}}}}}}
            .dump();
    };
    const std::string good = "http://" + store.address() + "/v2/held/blobs/" + digest;
    // docker-registry takes no manifest whose URLs it was not told to allow, so it is put
    // into its storage under a tag that it knows.
    push(layout(recipe("empty-layer")), registry.address(), "app:1");
    const auto place = [&](const std::string& document) {
        const fs::path root = registry.storage() / "docker/registry/v2";
        const fs::path file = folder() / "foreign.json";
        std::ofstream(file) << document;
        const std::string hex = sha256(file);
        const fs::path blob = root / "blobs/sha256" / hex.substr(0, 2) / hex;
        fs::create_directories(blob);
        fs::copy_file(file, blob / "data", fs::copy_options::overwrite_existing);
        const fs::path manifests = root / "repositories/app/_manifests";
        fs::create_directories(manifests / "revisions/sha256" / hex);
        std::ofstream(manifests / "revisions/sha256" / hex / "link") << "sha256:" + hex;
        std::ofstream(manifests / "tags/1/current/link") << "sha256:" + hex;
    };
    place(manifest(good));
    const std::string target = registry.address() + "/app:1";
    const Ran gap = scan({target});
    EXPECT_EQ(gap.exit, 2) << gap.out;
    EXPECT_NE(gap.out.find("held elsewhere"), std::string::npos) << gap.out;
    const Ran fetched = scan({target, "--foreign-layers"});
    const json got = report_of(fetched).at("targets").at(0);
    EXPECT_EQ(got.at("layers").at(0).at("state"), "complete") << fetched.out << fetched.err;
    EXPECT_EQ(got.at("layers").at(0).at("bytes"), layer.at("bytes"));
    EXPECT_EQ(row(sweep(registry.address()), "app").at("state"), "incomplete");
    const Ran swept = sweep(registry.address(), {"--foreign-layers"});
    EXPECT_EQ(row(swept, "app").at("state"), "complete") << swept.out << swept.err;
    // The metadata service of a cloud is not asked, whatever a manifest says.
    place(manifest("http://169.254.169.254/latest/meta-data/"));
    const Ran inside = scan({target, "--foreign-layers", "--registry-tries", "1"});
    EXPECT_EQ(inside.exit, 2) << inside.out;
    EXPECT_NE(inside.out.find("another network"), std::string::npos) << inside.out;
}

}  // namespace
}  // namespace stratascan::e2e
