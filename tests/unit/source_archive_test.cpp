// Image archives give the same images however they come: in place from disk, or
// as a stream, compressed or not. Every test here reads each archive both ways.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <set>
#include <string>
#include <thread>

#include "scanner/source/stream_archive.hpp"
#include "tests/support/image_builder.hpp"
#include "tests/support/source_reading.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan {
namespace {

using test::gaps_of;
using test::ImageBuilder;
using test::notes_of;
using test::one_file_layer;
using test::read_target;
using test::Reading;
using test::sha256;
using test::TarBuilder;
using test::TempDir;
using Json = nlohmann::json;

const std::string lower_layer = one_file_layer("etc/hostname", "lower\n");
const std::string upper_layer = one_file_layer("etc/motd", "upper\n");
const std::string lower_id(64, '1');
const std::string upper_id(64, '2');

/// Reads an archive on disk, gzip and zstd compressed, and through a pipe, and
/// expects the same of all. Returns the reading from disk.
Reading read_every_way(const std::string& tar) {
    TempDir temp;
    const Reading plain = read_target(temp.write("plain.tar", tar));
    EXPECT_FALSE(plain.was_stream);
    const auto expect_same = [&](const Reading& other, const char* way) {
        EXPECT_TRUE(other.was_stream) << way;
        EXPECT_EQ(other.error.empty(), plain.error.empty()) << way << other.error << plain.error;
        ASSERT_EQ(other.images.size(), plain.images.size()) << way;
        for (std::size_t i = 0; i < plain.images.size(); ++i) {
            EXPECT_EQ(other.images[i].names, plain.images[i].names) << way;
            EXPECT_EQ(other.images[i].config, plain.images[i].config) << way;
            EXPECT_EQ(other.images[i].platform, plain.images[i].platform) << way;
            EXPECT_EQ(gaps_of(other.images[i]), gaps_of(plain.images[i])) << way;
            EXPECT_EQ(notes_of(other.images[i]), notes_of(plain.images[i])) << way;
            ASSERT_EQ(other.images[i].layers.size(), plain.images[i].layers.size()) << way;
            for (std::size_t at = 0; at < plain.images[i].layers.size(); ++at) {
                const auto& layer = plain.images[i].layers[at];
                EXPECT_EQ(other.images[i].layers[at].key, layer.key) << way;
                EXPECT_EQ(other.images[i].layers[at].unavailable, layer.unavailable) << way;
                if (!layer.unavailable.empty()) continue;
                EXPECT_EQ(other.blobs.at(layer.key), plain.blobs.at(layer.key)) << way;
            }
        }
    };
    expect_same(read_target(temp.write("image.tar.gz", test::gzip(tar))), "gzip");
    expect_same(read_target(temp.write("image.tar.zst", test::zstd(tar))), "zstd");

    const std::string pipe = temp.path("pipe");
    EXPECT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    std::thread writer([&] { std::ofstream(pipe, std::ios::binary) << tar; });
    expect_same(read_target(pipe), "pipe");
    writer.join();
    return plain;
}

Json manifest_entry(const std::string& config, const std::vector<std::string>& names,
                    const std::vector<std::string>& layers) {
    return {{"Config", config}, {"RepoTags", names}, {"Layers", layers}};
}

/// docker save before version 25: two images that share their first layer.
TarBuilder old_docker_archive(bool hard_links) {
    const std::string config = ImageBuilder::config_bytes({lower_layer, lower_layer});
    const std::string config_name = sha256(config).substr(7) + ".json";
    TarBuilder tar;
    tar.folder(lower_id + '/').file(lower_id + "/VERSION", "1.0");
    tar.file(lower_id + "/json", R"({"id":"x"})").file(lower_id + "/layer.tar", lower_layer);
    tar.folder(upper_id + '/').file(upper_id + "/VERSION", "1.0");
    if (hard_links) {
        tar.hardlink(upper_id + "/layer.tar", lower_id + "/layer.tar");
    } else {
        tar.symlink(upper_id + "/layer.tar", "../" + lower_id + "/layer.tar");
    }
    tar.file(config_name, config);
    tar.file("manifest.json", Json::array({manifest_entry(config_name, {"app:2", "app:1"},
                                                          {lower_id + "/layer.tar",
                                                           upper_id + "/layer.tar"})})
                                  .dump());
    return tar.file("repositories", "{}");
}

TEST(DockerArchive, TheOldLayoutIsReadAndItsLinksAreTheSameBlob) {
    for (const bool hard_links : {false, true}) {
        const Reading reading = read_every_way(old_docker_archive(hard_links).finish());
        ASSERT_EQ(reading.images.size(), 1U) << reading.error;
        const auto& image = reading.images[0];
        EXPECT_EQ(image.names, (std::vector<std::string>{"app:1", "app:2"}));
        EXPECT_EQ(image.config_digest, sha256(image.config));
        EXPECT_EQ(image.platform, "linux/amd64");
        EXPECT_TRUE(image.gaps.empty()) << gaps_of(image);
        ASSERT_EQ(image.layers.size(), 2U);
        EXPECT_EQ(image.layers[0].key, lower_id + "/layer.tar");
        EXPECT_EQ(image.layers[1].key, image.layers[0].key);
        EXPECT_EQ(image.layers[1].digest, "") << "the name of a folder is no digest";
        EXPECT_EQ(image.layers[1].diff_id, sha256(lower_layer));
        EXPECT_EQ(reading.blobs.at(image.layers[0].key), lower_layer);
    }
}

TEST(DockerArchive, LayersInsideMayBeCompressedAndAnywhere) {
    const std::string config = ImageBuilder::config_bytes({lower_layer, upper_layer});
    TarBuilder tar;
    tar.file("sha256:" + sha256(config).substr(7), config);
    tar.file(lower_id + ".tar.gz", test::gzip(lower_layer));
    tar.file("odd/place", test::zstd(upper_layer));
    tar.file("manifest.json", Json::array({manifest_entry("sha256:" + sha256(config).substr(7), {},
                                                          {lower_id + ".tar.gz", "odd/place"})})
                                  .dump());
    TempDir temp;
    const Reading streamed = read_target(temp.write("x.tar.gz", test::gzip(tar.finish())));
    ASSERT_EQ(streamed.images.size(), 1U) << streamed.error;
    EXPECT_EQ(streamed.blobs.at(lower_id + ".tar.gz"), test::gzip(lower_layer));
    EXPECT_EQ(streamed.blobs.at("odd/place"), test::zstd(upper_layer));
    const Reading in_place = read_target(temp.write("x.tar", tar.finish()));
    EXPECT_EQ(in_place.blobs, streamed.blobs);
}

TEST(DockerArchive, AConfigThatIsNotItsNameIsAGap) {
    const std::string config = ImageBuilder::config_bytes({lower_layer});
    TarBuilder tar;
    tar.file(lower_id + ".json", config).file(lower_id + "/layer.tar", lower_layer);
    tar.file("manifest.json",
             Json::array({manifest_entry(lower_id + ".json", {}, {lower_id + "/layer.tar", "no"})})
                 .dump());
    const Reading reading = read_every_way(tar.finish());
    ASSERT_EQ(reading.images.size(), 1U) << reading.error;
    EXPECT_NE(gaps_of(reading.images[0]).find("does not match its digest"), std::string::npos);
    EXPECT_EQ(reading.images[0].layers.at(1).unavailable, "blob is missing from the archive");
    EXPECT_NE(gaps_of(reading.images[0]).find("the config lists 1 layers"), std::string::npos);
}

/// docker save since version 25.
ImageBuilder new_docker_archive(const std::string& listed_upper) {
    ImageBuilder builder;
    const Json image = builder.image({lower_layer, upper_layer});
    const std::string config = ImageBuilder::config_bytes({lower_layer, upper_layer});
    builder.layout({ImageBuilder::named(image, "1")});
    const auto blob_name = [](const std::string& bytes) {
        return "blobs/sha256/" + sha256(bytes).substr(7);
    };
    builder.put("manifest.json",
                Json::array({manifest_entry(blob_name(config), {"app:1"},
                                            {blob_name(lower_layer), blob_name(listed_upper)})})
                    .dump());
    return builder;
}

TEST(DockerArchive, TheLayoutSinceDocker25IsOneImageWithAllItsNames) {
    const Reading reading = read_every_way(new_docker_archive(upper_layer).tar());
    ASSERT_EQ(reading.images.size(), 1U) << reading.error;
    const auto& image = reading.images[0];
    EXPECT_EQ(image.names, (std::vector<std::string>{"1", "app:1"}));
    EXPECT_FALSE(image.manifest.empty());
    EXPECT_EQ(image.layers.at(0).digest, sha256(lower_layer));
    EXPECT_TRUE(image.gaps.empty()) << gaps_of(image);
    EXPECT_TRUE(image.notes.empty()) << notes_of(image);
}

TEST(DockerArchive, WhereTheTwoListsDisagreeTheUnionIsReadWithANote) {
    ImageBuilder builder = new_docker_archive(lower_layer);
    const Reading reading = read_every_way(builder.tar());
    ASSERT_EQ(reading.images.size(), 2U) << reading.error;
    EXPECT_NE(notes_of(reading.images[0]).find("only index.json lists"), std::string::npos);
    EXPECT_NE(notes_of(reading.images[1]).find("other layers"), std::string::npos);
    EXPECT_EQ(reading.images[1].layers.at(1).digest, sha256(lower_layer));
}

TEST(DockerArchive, ABrokenIndexBesideAGoodManifestIsAGap) {
    ImageBuilder builder = new_docker_archive(upper_layer);
    builder.drop("index.json");
    builder.put("index.json", R"({"manifests":)");
    const Reading reading = read_every_way(builder.tar());
    ASSERT_EQ(reading.images.size(), 1U) << reading.error;
    EXPECT_NE(gaps_of(reading.images[0]).find("index.json: it was not read"), std::string::npos);
}

TEST(OciArchive, IsReadWithItsAttestations) {
    ImageBuilder builder;
    const Json image = builder.image({lower_layer});
    const Json statement = builder.blob(R"({"_type":"statement"})", "application/vnd.in-toto+json");
    Json attestation = builder.manifest(builder.config({}), {statement});
    attestation["annotations"] = {{"vnd.docker.reference.type", "attestation-manifest"},
                                  {"vnd.docker.reference.digest", image["digest"]}};
    builder.layout({image, attestation});
    const Reading reading = read_every_way(builder.tar());
    ASSERT_EQ(reading.images.size(), 2U) << reading.error;
    EXPECT_EQ(reading.images[1].kind, "attestation");
    EXPECT_EQ(reading.blobs.at(reading.images[1].layers.at(0).key), R"({"_type":"statement"})");
}

TEST(OciArchive, MembersMayStandBehindADotAndAfterAnEndMarker) {
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer})});
    TarBuilder tar;
    tar.folder("./");
    for (const auto& [name, bytes] : builder.files()) {
        tar.file("./" + name, bytes);
        tar.raw(std::string(1024, '\0'));
    }
    const Reading reading = read_every_way(tar.finish());
    ASSERT_EQ(reading.images.size(), 1U) << reading.error;
    EXPECT_TRUE(reading.images[0].gaps.empty()) << gaps_of(reading.images[0]);
    EXPECT_EQ(reading.blobs.size(), 1U);
}

TEST(OciArchive, NamesInsideNeverReachTheFileSystem) {
    TarBuilder tar;
    tar.file("oci-layout", "{}").symlink("config.json", "/etc/passwd");
    tar.file("manifest.json", Json::array({manifest_entry("config.json", {},
                                                          {"/etc/passwd", "../../etc/passwd"})})
                                  .dump());
    const Reading reading = read_every_way(tar.finish());
    ASSERT_EQ(reading.images.size(), 1U) << reading.error;
    EXPECT_TRUE(reading.images[0].config.empty());
    EXPECT_TRUE(reading.blobs.empty());
    EXPECT_FALSE(reading.images[0].gaps.empty());
}

TEST(OciArchive, ANameThatIsThereTwiceIsAGap) {
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer})});
    const std::string name = "blobs/sha256/" + sha256(lower_layer).substr(7);
    TempDir temp;
    TarBuilder tar;
    tar.file(name, upper_layer);
    for (const auto& [path, bytes] : builder.files()) tar.file(path, bytes);
    for (const std::string& bytes : {tar.finish(), test::gzip(tar.finish())}) {
        const Reading reading = read_target(temp.write("image.tar", bytes));
        ASSERT_EQ(reading.images.size(), 1U) << reading.error;
        EXPECT_NE(gaps_of(reading.images[0]).find("there twice"), std::string::npos);
        EXPECT_EQ(reading.blobs.at(reading.images[0].layers.at(0).key), lower_layer);
    }
}

TEST(OciArchive, OneCutShortGivesWhatWasThereAndSaysSo) {
    TempDir temp;
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer})});
    const std::string tar = builder.tar();
    // Compressed, the blobs pass before it is known that no index follows.
    const std::string packed = test::gzip(std::string_view(tar).substr(0, tar.size() - 4000));
    const Reading reading = read_target(temp.write("cut.tar.gz", packed));
    ASSERT_EQ(reading.images.size(), 1U) << reading.error;
    EXPECT_FALSE(reading.images[0].gaps.empty());
    EXPECT_EQ(reading.blobs.at("blobs/sha256/" + sha256(lower_layer).substr(7)), lower_layer);
    // In place, without a document of images, it is a layer: then too every byte is read.
    const Reading plain = read_target(temp.write("cut.tar", tar.substr(0, tar.size() - 4000)));
    EXPECT_EQ(plain.images.at(0).kind, "layer");
}

TEST(DockerArchive, OneThatIsCutBetweenItsMembersSaysSo) {
    // Behind its manifest nothing of the image can be missing.
    const std::string tar = old_docker_archive(false).bytes();
    const std::string whole = tar.substr(0, tar.size() - 1024);
    EXPECT_EQ(gaps_of(read_every_way(whole).images.at(0)), "") << "without `repositories`";
    TempDir temp;
    TarBuilder begun;
    begun.folder(lower_id + '/').file(lower_id + "/VERSION", "1.0");
    begun.file(lower_id + "/json", R"({"id":"x"})");
    const Reading names = read_target(temp.write("names.tar", begun.bytes()));
    EXPECT_EQ(names.images.at(0).kind, "layer");
    EXPECT_NE(gaps_of(names.images.at(0)).find("without manifest.json"), std::string::npos);
    // What is no image archive is not taken for one.
    TarBuilder tree;
    tree.file(lower_id + "/x", "1").file("etc/hostname", "a");
    EXPECT_EQ(gaps_of(read_target(temp.write("tree.tar", tree.bytes())).images.at(0)), "");

    begun.file(lower_id + "/layer.tar", lower_layer);
    const Reading layers = read_every_way(begun.bytes());
    EXPECT_EQ(layers.images.at(0).kind, "image");
    EXPECT_NE(gaps_of(layers.images.at(0)).find("it may be cut"), std::string::npos);
}

TEST(DockerArchive, ALayerThatIsNotThereIsMissing) {
    TarBuilder tar;
    tar.file("manifest.json", Json::array({manifest_entry("c.json", {}, {"no/layer.tar"})}).dump());
    const Reading reading = read_every_way(tar.finish());
    EXPECT_EQ(reading.images.at(0).layers.at(0).unavailable, "blob is missing from the archive");
}

TEST(OciArchive, SaysWhatIsWrongWithItsIndex) {
    TempDir temp;
    const auto error = [&](const char* scheme, const char* name, const std::string& document) {
        TarBuilder tar;
        tar.file("oci-layout", "{}").file("blobs/sha256/x", "x").file(name, document);
        return read_target(scheme + temp.write("image.tar", tar.finish())).error;
    };
    EXPECT_NE(error("oci-archive:", "other", "").find("it has no index.json"), std::string::npos);
    EXPECT_NE(error("oci-archive:", "index.json", "{\"manifests\": [")
                  .find("its index.json was not read: "), std::string::npos);
    EXPECT_NE(error("oci-archive:", "index.json", "{\"layers\": [], \"config\": {}}")
                  .find("its index.json was not read: "), std::string::npos);
    EXPECT_NE(error("docker-archive:", "manifest.json", "[{")
                  .find("its manifest.json was not read: "), std::string::npos);
}

TEST(OciArchive, ASparseMemberIsReadWithItsHoles) {
    // GNU tar --sparse cuts holes out of layers; the offset of such a member is
    // of no use, so the archive is read as a stream.
    std::string layer = TarBuilder().file("zeros", std::string(100000, '\0')).finish();
    ImageBuilder builder;
    builder.layout({builder.image({layer})});
    const std::string hex = sha256(layer).substr(7);
    TarBuilder tar;
    for (const auto& [name, bytes] : builder.files()) {
        if (name != "blobs/sha256/" + hex) tar.file(name, bytes);
    }
    std::string map = "1\n0\n512\n";
    map.resize(512, '\0');
    test::TarMember member;
    member.name = "GNUSparseFile.0/" + hex;
    member.content = map + layer.substr(0, 512);
    member.pax = {{"GNU.sparse.major", "1"},
                  {"GNU.sparse.minor", "0"},
                  {"GNU.sparse.name", "blobs/sha256/" + hex},
                  {"GNU.sparse.realsize", std::to_string(layer.size())}};
    tar.add(member);
    TempDir temp;
    const Reading reading = read_target(temp.write("image.tar", tar.finish()));
    ASSERT_EQ(reading.images.size(), 1U) << reading.error;
    EXPECT_TRUE(reading.was_stream);
    const std::string& read = reading.blobs.at("blobs/sha256/" + hex);
    EXPECT_EQ(read.size(), layer.size());
    EXPECT_TRUE(read == layer);
}

/// Hands `bytes` through a pipe and reads them as standard input would be.
Reading read_piped(const std::string& bytes, source::StreamForm form) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    std::thread writer([&] {
        std::size_t done = 0;
        while (done < bytes.size()) {
            const ssize_t put = ::write(ends[1], bytes.data() + done, bytes.size() - done);
            if (put <= 0) break;
            done += static_cast<std::size_t>(put);
        }
        ::close(ends[1]);
    });
    auto source = source::open_stream(source::UniqueFd(ends[0]), "-", form, {});
    Reading reading = test::read_source(*source);
    writer.join();
    return reading;
}

TEST(Stream, ALayerIsHandedOnFromItsFirstByteAsItCame) {
    // Larger than what is kept to tell what a stream is.
    std::string noise(std::size_t{3} << 20, '\0');
    std::uint32_t state = 1;
    for (char& c : noise) c = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24U);
    const std::string tar = one_file_layer("noise", noise);
    for (const std::string& bytes : {tar, test::gzip(tar), test::zstd(tar), noise}) {
        const Reading reading = read_piped(bytes, source::StreamForm::by_content);
        ASSERT_EQ(reading.images.size(), 1U) << reading.error;
        EXPECT_EQ(reading.images[0].kind, "layer");
        EXPECT_EQ(reading.images[0].layers.at(0).key, "-");
        EXPECT_TRUE(reading.blobs.at("-") == bytes);
    }
    EXPECT_EQ(read_piped("", source::StreamForm::by_content).code, ErrorCode::malformed);
}

TEST(Stream, AFormCanBeForced) {
    const std::string tar = old_docker_archive(false).finish();
    EXPECT_EQ(read_piped(tar, source::StreamForm::layer).images.at(0).kind, "layer");
    EXPECT_EQ(read_piped(tar, source::StreamForm::docker_archive).images.at(0).kind, "image");
    EXPECT_EQ(read_piped(tar, source::StreamForm::oci_archive).code, ErrorCode::malformed);
    EXPECT_EQ(read_piped("no tar", source::StreamForm::archive).code, ErrorCode::malformed);
}

TEST(Stream, ImagesAreNotKnownBeforeTheEnd) {
    auto source = source::open_stream(source::UniqueFd(), "-", source::StreamForm::by_content, {});
    EXPECT_FALSE(source->images().has_value());
}

TEST(Stream, AVisitorThatStopsStopsTheStreamAndKeepsWhatItSaw) {
    TempDir temp;
    auto source = source::open_target(
        temp.write("x.tgz", test::gzip(old_docker_archive(false).finish())), "");
    ASSERT_TRUE(source.has_value());
    const auto stopped = (*source)->stream([](const std::string&, source::BlobReader&) {
        return Result<void>(fail(ErrorCode::cancelled, "stopped"));
    });
    ASSERT_FALSE(stopped.has_value());
    EXPECT_EQ(stopped.error().code, ErrorCode::cancelled);
    const auto images = (*source)->images();
    ASSERT_TRUE(images.has_value());
    EXPECT_NE(gaps_of(images->at(0)).find("the scan stopped"), std::string::npos);
}

int run(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()); }

TEST(RealTools, ArchivesOfSkopeoAndUmociAreRead) {
    if (run("command -v skopeo && command -v umoci") != 0) {
        GTEST_SKIP() << "skopeo and umoci are not installed";
    }
    TempDir temp;
    const std::string layout = temp.path("layout");
    temp.write("rootfs/etc/hostname", "box\n");
    const std::string commands =
        "cd " + temp.path() +
        " && umoci init --layout layout && umoci new --image layout:app" +
        " && umoci insert --rootless --image layout:app rootfs/etc /etc" +
        " && umoci insert --rootless --image layout:app rootfs /srv" +
        " && skopeo copy oci:layout:app oci-archive:oci.tar:app" +
        " && skopeo copy oci:layout:app docker-archive:docker.tar:app:1 && gzip -k docker.tar";
    ASSERT_EQ(run(commands), 0);
    std::set<std::string> configs;
    for (const char* name : {"layout", "oci.tar", "docker.tar", "docker.tar.gz"}) {
        const Reading reading = read_target(temp.path(name));
        ASSERT_EQ(reading.images.size(), 1U) << name << reading.error;
        EXPECT_TRUE(reading.images[0].gaps.empty()) << name << gaps_of(reading.images[0]);
        EXPECT_EQ(reading.images[0].layers.size(), 2U) << name;
        EXPECT_EQ(reading.images[0].names.size(), 1U) << name;
        for (const auto& layer : reading.images[0].layers) {
            EXPECT_TRUE(layer.unavailable.empty()) << name << layer.unavailable;
            EXPECT_FALSE(layer.diff_id.empty()) << name;
            const std::string& bytes = reading.blobs.at(layer.key);
            const std::string& claimed = layer.digest.empty() ? layer.diff_id : layer.digest;
            EXPECT_EQ(sha256(bytes), claimed) << name;
        }
        configs.insert(reading.images[0].platform);
    }
    EXPECT_EQ(configs.size(), 1U) << "all of them are the same image";
}

TEST(RealTools, AnArchiveThatGnuTarMadeOfALayoutIsRead) {
    if (run("command -v tar && command -v xz && command -v bzip2") != 0) {
        GTEST_SKIP() << "tar, xz and bzip2 are not installed";
    }
    TempDir temp;
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer, upper_layer})});
    builder.write_folder(temp, "layout");
    for (const char* flags : {"-cf", "-czf", "-cjf", "-cJf", "--format=v7 -cf", "--format=pax -cf",
                              "--format=oldgnu -S -cf"}) {
        ASSERT_EQ(run("cd " + temp.path() + " && tar " + flags + " image.tar -C layout ."), 0);
        const Reading reading = read_target(temp.path("image.tar"));
        ASSERT_EQ(reading.images.size(), 1U) << flags << reading.error;
        EXPECT_EQ(reading.images[0].kind, "image") << flags;
        EXPECT_TRUE(reading.images[0].gaps.empty()) << flags << gaps_of(reading.images[0]);
        EXPECT_EQ(reading.blobs.size(), 2U) << flags;
        for (const auto& layer : reading.images[0].layers) {
            EXPECT_EQ(sha256(reading.blobs.at(layer.key)), layer.digest) << flags;
        }
    }
}

}  // namespace
}  // namespace stratascan
