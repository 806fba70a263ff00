// Layers in the formats of lazy pulling, as real writers make them: zstd:chunked by skopeo, and
// eStargz by the library of containerd's stargz-snapshotter, which Go builds where it is here
// (tests/CMakeLists.txt). Their tables of contents agree with their tars, whatever a tar has.
#include <algorithm>
#include <filesystem>
#include <set>

#include "tests/e2e/servers.hpp"

namespace stratascan::e2e {
namespace {

class LazyFormats : public testing::TestWithParam<std::string> {
protected:
    /// What a scan of one blob as a layer finds in its files, and the gaps.
    static json scanned(const fs::path& blob) {
        const Ran ran = stratascan({"scan", "layer:" + blob.string(), "--format", "json", "--no-store"});
        EXPECT_LE(ran.exit, 1) << ran.err;
        const json target = report_of(ran).at("targets").at(0);
        std::set<std::string> found;
        for (const json& one : target.at("findings")) {
            // A table of contents repeats names and attributes.
            const std::string path = one.at("path");
            if (path.empty() || path == "stargz.index.json") continue;
            found.insert(one.at("rule").get<std::string>() + ' ' + path + ' ' +
                         one.at("secret_id").get<std::string>());
        }
        return {{"findings", found}, {"gaps", target.at("layers").at(0).at("gaps")}};
    }
    static std::string end_of(const fs::path& file, std::size_t bytes) {
        const std::string all = read_file(file);
        return all.substr(all.size() - std::min(bytes, all.size()));
    }
    /// The layers of the recipe's image.
    static std::vector<fs::path> layers_of(const Built& built) {
        const fs::path image = built.folder / "image";
        const json index = json::parse(read_file(image / "index.json"));
        const auto blob = [&](const json& descriptor) {
            return image / "blobs/sha256" / descriptor.at("digest").get<std::string>().substr(7);
        };
        const json manifest = json::parse(read_file(blob(index.at("manifests").at(0))));
        std::vector<fs::path> layers;
        for (const json& layer : manifest.at("layers")) layers.push_back(blob(layer));
        return layers;
    }

    TemporaryFolder folder_;
};

TEST_P(LazyFormats, ZstdChunkedOfSkopeo) {
    const Built built = build_recipe(GetParam());
    ASSERT_EQ(built.error, "");
    const fs::path out = folder_.path() / "image";
    const Ran copied = run({.words = {"skopeo", "--insecure-policy", "copy", "--quiet", "--dest-compress",
                                      "--dest-compress-format", "zstd:chunked",
                                      "oci:" + (built.folder / "image").string(),
                                      "dir:" + out.string()}});
    ASSERT_EQ(copied.exit, 0) << copied.err;
    const json manifest = json::parse(read_file(out / "manifest.json"));
    const std::vector<fs::path> before = layers_of(built);
    ASSERT_EQ(manifest.at("layers").size(), before.size());
    for (std::size_t at = 0; at < before.size(); ++at) {
        const json& layer = manifest.at("layers").at(at);
        const fs::path blob = out / layer.at("digest").get<std::string>().substr(7);
        ASSERT_EQ(end_of(blob, 8), "GnUlInUx") << "skopeo wrote no table of contents";
        EXPECT_EQ(scanned(blob), scanned(before[at]));
    }
}

TEST_P(LazyFormats, EstargzOfItsLibrary) {
    const std::string writer = built_by_go("estargz");
    if (writer.empty()) GTEST_SKIP() << "Go or its module proxy is not here";
    const Built built = build_recipe(GetParam());
    ASSERT_EQ(built.error, "");
    for (const fs::path& layer : layers_of(built)) {
        const fs::path blob = folder_.path() / "layer.tgz";
        const Ran made = run({.words = {writer, layer.string(), blob.string()}});
        ASSERT_EQ(made.exit, 0) << made.err;
        ASSERT_NE(end_of(blob, 51).find("STARGZ"), std::string::npos);
        EXPECT_EQ(scanned(blob), scanned(layer));
    }
}

INSTANTIATE_TEST_SUITE_P(Of, LazyFormats,
                         testing::Values("gnu-long-names", "hard-links", "leading-dot-slash",
                                         "pax-long-path", "ustar-prefix", "symlink-target-with-secret",
                                         "xattr-with-secret", "file-overwritten",
                                         "directory-becomes-file", "opaque-deletes",
                                         "whiteout-then-new-file"),
                         test_name);

}  // namespace
}  // namespace stratascan::e2e
