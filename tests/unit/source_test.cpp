// What a target holds is told from its content, whole and in a fixed order; what
// cannot be read of it is said.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "scanner/source/digest.hpp"
#include "scanner/source/platform.hpp"
#include "tests/support/image_builder.hpp"
#include "tests/support/source_reading.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan {
namespace {

using test::gaps_of;
using test::ImageBuilder;
using test::notes_of;
using test::one_file_layer;
using test::Reading;
using test::read_target;
using test::sha256;
using test::TarBuilder;
using test::TempDir;
using Json = nlohmann::json;

const std::string lower_layer = one_file_layer("etc/hostname", "lower\n");
const std::string upper_layer = one_file_layer("etc/motd", "upper\n");

std::vector<std::string> platforms_of(const Reading& reading) {
    std::vector<std::string> platforms;
    for (const auto& image : reading.images) platforms.push_back(image.platform);
    return platforms;
}

std::vector<std::string> kinds_of(const Reading& reading) {
    std::vector<std::string> kinds;
    for (const auto& image : reading.images) kinds.push_back(image.kind);
    return kinds;
}

std::string digest_of(const Json& descriptor) { return descriptor["digest"].get<std::string>(); }

/// An in-toto statement attached to an image, as BuildKit attaches it.
Json attestation_of(ImageBuilder& builder, const Json& image) {
    const Json statement = builder.blob(R"({"_type":"statement"})", "application/vnd.in-toto+json");
    const Json config = builder.config({"x"}, "unknown", "unknown");
    Json descriptor = builder.manifest(config, {statement});
    descriptor["platform"] = {{"os", "unknown"}, {"architecture", "unknown"}};
    descriptor["annotations"] = {{"vnd.docker.reference.type", "attestation-manifest"},
                                 {"vnd.docker.reference.digest", image["digest"]}};
    return descriptor;
}

TEST(OciLayout, GivesManifestConfigAndLayersOfAnImage) {
    TempDir temp;
    ImageBuilder builder;
    const Json image = builder.image({lower_layer, upper_layer}, "arm64", "v8");
    builder.layout({ImageBuilder::named(image, "latest")});
    const Reading reading = read_target(builder.write_folder(temp, "layout"));

    ASSERT_TRUE(reading.ok()) << reading.error;
    ASSERT_EQ(reading.images.size(), 1U);
    const auto& read = reading.images[0];
    EXPECT_EQ(read.kind, "image");
    EXPECT_EQ(read.names, std::vector<std::string>{"latest"});
    EXPECT_EQ(read.digest, digest_of(image));
    EXPECT_EQ(read.platform, "linux/arm64") << "v8 says nothing about an arm64";
    EXPECT_EQ(read.config_digest, sha256(read.config));
    EXPECT_EQ(sha256(read.manifest), read.digest);
    EXPECT_TRUE(read.gaps.empty()) << gaps_of(read);
    EXPECT_TRUE(read.notes.empty()) << notes_of(read);
    ASSERT_EQ(read.layers.size(), 2U);
    EXPECT_EQ(read.layers[0].diff_id, sha256(lower_layer));
    EXPECT_EQ(read.layers[0].digest, sha256(lower_layer));
    EXPECT_EQ(read.layers[0].key, "blobs/sha256/" + sha256(lower_layer).substr(7));
    EXPECT_EQ(reading.blobs.at(read.layers[1].key), upper_layer);
}

TEST(OciLayout, AMissingBlobCostsItsLayerOnly) {
    TempDir temp;
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer, upper_layer})});
    builder.drop("blobs/sha256/" + sha256(lower_layer).substr(7));
    const Reading reading = read_target(builder.write_folder(temp, "layout"));

    ASSERT_TRUE(reading.ok()) << reading.error;
    ASSERT_EQ(reading.images.at(0).layers.size(), 2U);
    EXPECT_EQ(reading.images[0].layers[0].unavailable, "blob is missing from the layout");
    EXPECT_EQ(reading.images[0].layers[0].unavailable_state, LayerState::failed);
    EXPECT_EQ(reading.images[0].layers[1].unavailable, "");
}

TEST(OciLayout, BlobsMayBeLinksIntoASharedFolder) {
    TempDir temp;
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer})});
    const std::string folder = builder.write_folder(temp, "layout");
    std::filesystem::rename(folder + "/blobs/sha256", temp.path("shared"));
    std::filesystem::create_directory_symlink(temp.path("shared"), folder + "/blobs/sha256");
    const Reading reading = read_target(folder);
    ASSERT_TRUE(reading.ok()) << reading.error;
    EXPECT_EQ(reading.blobs.at(reading.images.at(0).layers.at(0).key), lower_layer);
}

TEST(OciLayout, ABlobThatIsNoRegularFileIsMissingAndNeverWaitedFor) {
    TempDir temp;
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer})});
    const std::string hex = sha256(lower_layer).substr(7);
    builder.drop("blobs/sha256/" + hex);
    const std::string folder = builder.write_folder(temp, "layout");
    ASSERT_EQ(::mkfifo((folder + "/blobs/sha256/" + hex).c_str(), 0600), 0);
    const Reading reading = read_target(folder);
    ASSERT_TRUE(reading.ok()) << reading.error;
    EXPECT_FALSE(reading.images.at(0).layers.at(0).unavailable.empty());
}

TEST(OciLayout, WithoutItsMarkerFileItIsReadWithANote) {
    TempDir temp;
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer})});
    builder.drop("oci-layout");
    const Reading reading = read_target(builder.write_folder(temp, "layout"));
    ASSERT_TRUE(reading.ok()) << reading.error;
    EXPECT_EQ(notes_of(reading.images.at(0)), "the layout has no oci-layout file\n");
}

TEST(OciLayout, ATagOrADigestBehindThePathPicksOneImage) {
    TempDir temp;
    ImageBuilder builder;
    const Json one = builder.image({lower_layer});
    const Json two = builder.image({upper_layer});
    builder.layout({ImageBuilder::named(one, "one"), ImageBuilder::named(two, "two")});
    const std::string folder = builder.write_folder(temp, "layout");

    const Reading by_tag = read_target("oci:" + folder + ":two");
    ASSERT_EQ(by_tag.images.size(), 1U) << by_tag.error;
    EXPECT_EQ(by_tag.images[0].digest, digest_of(two));
    const Reading by_digest = read_target("oci:" + folder + '@' + digest_of(one));
    ASSERT_EQ(by_digest.images.size(), 1U) << by_digest.error;
    EXPECT_EQ(by_digest.images[0].digest, digest_of(one));
    const Reading none = read_target("oci:" + folder + ":three");
    EXPECT_EQ(none.code, ErrorCode::not_found);
    EXPECT_NE(none.error.find("one, two"), std::string::npos) << none.error;
}

TEST(Index, AllPlatformsAreReadUnlessOneIsPicked) {
    TempDir temp;
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer}, "amd64"),
                    builder.image({upper_layer}, "arm", "v7"),
                    builder.image({upper_layer}, "arm64", "v8")});
    const std::string folder = builder.write_folder(temp, "layout");
    EXPECT_EQ(platforms_of(read_target(folder)),
              (std::vector<std::string>{"linux/amd64", "linux/arm/v7", "linux/arm64"}));
    EXPECT_EQ(platforms_of(read_target(folder, "linux/aarch64")),
              std::vector<std::string>{"linux/arm64"});
    EXPECT_EQ(platforms_of(read_target(folder, "linux/arm")),
              std::vector<std::string>{"linux/arm/v7"});
    EXPECT_EQ(platforms_of(read_target(folder, "linux/x86_64")),
              std::vector<std::string>{"linux/amd64"});

    const Reading none = read_target(folder, "linux/s390x");
    EXPECT_EQ(none.code, ErrorCode::not_found);
    EXPECT_NE(none.error.find("linux/amd64, linux/arm/v7, linux/arm64"), std::string::npos)
        << none.error;
    EXPECT_EQ(read_target(folder, "amd64").code, ErrorCode::invalid_argument);
}

TEST(Index, NestedIndexesAreFollowedInPlaceAndHandTheirNamesDown) {
    TempDir temp;
    ImageBuilder builder;
    const Json inner = builder.nested({builder.image({lower_layer}, "amd64"),
                                       builder.image({lower_layer}, "arm64")});
    const Json last = builder.image({upper_layer}, "riscv64");
    builder.layout({ImageBuilder::named(inner, "app"), last, ImageBuilder::named(inner, "again")});
    const Reading reading = read_target(builder.write_folder(temp, "layout"));
    EXPECT_EQ(platforms_of(reading),
              (std::vector<std::string>{"linux/amd64", "linux/arm64", "linux/riscv64"}));
    EXPECT_EQ(reading.images.at(1).names, (std::vector<std::string>{"again", "app"}));
    EXPECT_TRUE(reading.images.at(2).names.empty());
}

TEST(Index, NestingPastTheLimitIsAGap) {
    TempDir temp;
    ImageBuilder builder;
    Json descriptor = builder.image({lower_layer});
    for (int depth = 0; depth < 12; ++depth) descriptor = builder.nested({descriptor});
    builder.layout({descriptor});
    const Reading reading = read_target(builder.write_folder(temp, "layout"));
    ASSERT_EQ(kinds_of(reading), (std::vector<std::string>{"image", "stray"})) << reading.error;
    EXPECT_NE(gaps_of(reading.images[0]).find("nested deeper"), std::string::npos);
}

TEST(Index, AnIndexThatLeadsToItselfEnds) {
    TempDir temp;
    ImageBuilder builder;
    // Its digest cannot be right; it is followed all the same, and once.
    const std::string digest = "sha256:" + std::string(64, 'a');
    const Json self = {{"mediaType", test::oci_index_type}, {"digest", digest}};
    builder.put("blobs/sha256/" + std::string(64, 'a'),
                ImageBuilder::index_bytes({self, builder.image({lower_layer})}));
    builder.layout({self});
    const Reading reading = read_target(builder.write_folder(temp, "layout"));
    ASSERT_EQ(reading.images.size(), 2U) << reading.error;
    const std::string gaps = gaps_of(reading.images[0]) + gaps_of(reading.images[1]);
    EXPECT_NE(gaps.find("leads to itself"), std::string::npos) << gaps;
    EXPECT_NE(gaps.find("does not match its digest"), std::string::npos) << gaps;
}

TEST(Index, AttestationsFollowTheirImageAndItsPlatform) {
    TempDir temp;
    ImageBuilder builder;
    const Json amd64 = builder.image({lower_layer}, "amd64");
    const Json arm64 = builder.image({upper_layer}, "arm64");
    const Json about_amd64 = attestation_of(builder, amd64);
    builder.layout({amd64, arm64, about_amd64});
    const std::string folder = builder.write_folder(temp, "layout");

    const Reading all = read_target(folder);
    EXPECT_EQ(kinds_of(all), (std::vector<std::string>{"image", "attestation", "image"}));
    const auto& attestation = all.images.at(1);
    EXPECT_EQ(attestation.platform, "");
    EXPECT_EQ(all.blobs.at(attestation.layers.at(0).key), R"({"_type":"statement"})");
    EXPECT_EQ(kinds_of(read_target(folder, "linux/amd64")),
              (std::vector<std::string>{"image", "attestation"}));
    EXPECT_EQ(kinds_of(read_target(folder, "linux/arm64")), std::vector<std::string>{"image"});
}

TEST(Index, AnImageLabelledAsAttestationStaysAnImage) {
    TempDir temp;
    ImageBuilder builder;
    Json image = builder.image({lower_layer});
    image["annotations"]["vnd.docker.reference.type"] = "attestation-manifest";
    builder.layout({image});
    const Reading reading = read_target(builder.write_folder(temp, "layout"));
    EXPECT_EQ(kinds_of(reading), std::vector<std::string>{"image"});
    EXPECT_NE(notes_of(reading.images.at(0)).find("labelled as an attestation"), std::string::npos);
}

TEST(Index, ArtifactsAreListedWithTheirBytes) {
    TempDir temp;
    ImageBuilder builder;
    const Json chart = builder.blob("chart", "application/vnd.cncf.helm.chart.content.v1.tar+gzip");
    const Json config = builder.blob("not JSON", "application/vnd.cncf.helm.config.v1+json");
    const Json lone = builder.blob("a lone blob", "application/octet-stream");
    builder.layout({builder.manifest(config, {chart}), lone});
    const Reading reading = read_target(builder.write_folder(temp, "layout"));
    EXPECT_EQ(kinds_of(reading), (std::vector<std::string>{"artifact", "artifact"}));
    EXPECT_EQ(reading.blobs.at(reading.images.at(0).layers.at(0).key), "chart");
    EXPECT_EQ(reading.images[0].config, "not JSON");
    EXPECT_EQ(reading.blobs.at(reading.images.at(1).layers.at(0).key), "a lone blob");
}

TEST(Target, AFolderThatIsNoLayoutIsAFileSystem) {
    TempDir temp;
    temp.write("root/etc/hostname", "box");
    temp.write("root/index.json", R"({"name":"a web application's"})");
    const Reading reading = read_target(temp.path("root"));
    ASSERT_TRUE(reading.ok()) << reading.error;
    EXPECT_EQ(reading.directory, temp.path("root"));
    EXPECT_EQ(kinds_of(reading), std::vector<std::string>{"directory"});
    EXPECT_TRUE(reading.images[0].layers.empty());
}

TEST(Target, ALayerIsALayerCompressedOrNot) {
    TempDir temp;
    // Files of an application may have the names that image archives use.
    const std::string tar = TarBuilder()
                                .file("index.json", R"({"name":"app"})")
                                .file("manifest.json", R"({"short_name":"app"})")
                                .file("app.js", "0")
                                .finish();
    for (const std::string& bytes : {tar, test::gzip(tar), test::zstd(tar)}) {
        const Reading reading = read_target(temp.write("layer", bytes));
        EXPECT_EQ(kinds_of(reading), std::vector<std::string>{"layer"}) << reading.error;
        EXPECT_FALSE(reading.was_stream);
        EXPECT_EQ(reading.blobs.at(temp.path("layer")), bytes) << "handed on as it is";
    }
}

TEST(Target, ASchemeForcesWhatATargetIsTakenFor) {
    TempDir temp;
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer})});
    const std::string archive = temp.write("image.tar", builder.tar());
    const std::string folder = builder.write_folder(temp, "layout");
    EXPECT_EQ(kinds_of(read_target("layer:" + archive)), std::vector<std::string>{"layer"});
    EXPECT_EQ(kinds_of(read_target("oci-archive:" + archive)), std::vector<std::string>{"image"});
    EXPECT_EQ(read_target("docker-archive:" + archive).code, ErrorCode::malformed);
    EXPECT_EQ(read_target("oci:" + archive).code, ErrorCode::invalid_argument);
    EXPECT_EQ(kinds_of(read_target("dir:" + folder)), std::vector<std::string>{"directory"});
    EXPECT_EQ(kinds_of(read_target("oci:" + folder)), std::vector<std::string>{"image"});
    EXPECT_EQ(read_target("layer:" + folder).code, ErrorCode::invalid_argument);
    const std::string text = temp.write("notes.txt", "no archive at all");
    EXPECT_EQ(read_target(text).code, ErrorCode::unsupported);
    EXPECT_EQ(kinds_of(read_target("layer:" + text)), std::vector<std::string>{"layer"});
    EXPECT_EQ(read_target(temp.write("empty", "")).code, ErrorCode::malformed);
}

TEST(Target, StandardInputIsAStreamAndStaysOpen) {
    TempDir temp;
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer})});
    const int saved = ::dup(STDIN_FILENO);
    const int file = ::open(temp.write("image.tar", builder.tar()).c_str(), O_RDONLY);
    ASSERT_GE(file, 0);
    ::dup2(file, STDIN_FILENO);
    ::close(file);
    const Reading reading = read_target("-");
    EXPECT_EQ(::fcntl(STDIN_FILENO, F_GETFD), 0) << "the caller's standard input is not closed";
    if (saved >= 0) ::dup2(saved, STDIN_FILENO);
    if (saved >= 0) ::close(saved);
    EXPECT_TRUE(reading.was_stream);
    EXPECT_EQ(kinds_of(reading), std::vector<std::string>{"image"}) << reading.error;
    EXPECT_EQ(read_target("dir:-").code, ErrorCode::invalid_argument);
}

TEST(Target, WhatIsNoPathAndHasAnImagesNameIsOfARegistry) {
    for (const char* target : {"registry:alpine", "alpine:3.19", "registry.example/app",
                               "localhost:5000/app", "docker-daemon:app:1"}) {
        // Without something that opens them there are none.
        EXPECT_EQ(read_target(target).code, ErrorCode::unsupported) << target;
    }
    EXPECT_EQ(read_target("/no/such/image.tar").code, ErrorCode::not_found);
    EXPECT_EQ(read_target("./image.tar").code, ErrorCode::not_found);
    EXPECT_EQ(read_target("oci:").code, ErrorCode::invalid_argument);
}

TEST(Target, AFileThatShrinksIsAnErrorWhereItEnds) {
    TempDir temp;
    const std::string path = temp.write("blob", std::string(1000, 'x'));
    auto reader = source::open_file_blob(path);
    ASSERT_TRUE(reader.has_value());
    EXPECT_EQ((*reader)->size(), 1000);
    std::filesystem::resize_file(path, 600);
    const auto bytes = source::read_whole(**reader, 10000);
    ASSERT_FALSE(bytes.has_value());
    EXPECT_EQ(bytes.error().code, ErrorCode::unreadable);
    EXPECT_NE(bytes.error().what.find("600"), std::string::npos) << bytes.error().message();
}

TEST(Platform, HasOneFormForAllItsNames) {
    const auto text = [](const char* asked) { return source::parse_platform(asked)->text(); };
    EXPECT_EQ(text("linux/arm64/v8"), "linux/arm64");
    EXPECT_EQ(text("Linux/x86_64"), "linux/amd64");
    EXPECT_EQ(text("linux/arm/7"), "linux/arm/v7");
    EXPECT_EQ(text("linux/armhf"), "linux/arm/v7");
    for (const char* bad : {"", "linux", "linux/", "a/b/c/d", "linux/$(x)", "linux/Unknown"}) {
        EXPECT_FALSE(source::parse_platform(bad).has_value()) << bad;
    }
    const auto v7 = *source::parse_platform("linux/arm/v7");
    EXPECT_TRUE(source::platform_matches(v7, {"linux", "arm", ""})) << "a plain arm is ARMv7";
    EXPECT_FALSE(source::platform_matches(v7, {"linux", "arm", "v6"}));
}

TEST(Digest, OnlyItsOneFormIsADigest) {
    EXPECT_TRUE(source::parse_digest("sha256:" + std::string(64, 'a')).has_value());
    EXPECT_TRUE(source::parse_digest("sha512:" + std::string(128, '0')).has_value());
    EXPECT_FALSE(source::parse_digest("sha256:" + std::string(64, 'A')).has_value());
    EXPECT_FALSE(source::parse_digest("sha256:" + std::string(63, 'a')).has_value());
    EXPECT_FALSE(source::parse_digest("sha256:" + std::string(64, '/')).has_value());
    EXPECT_EQ(source::compute_digest("sha256", ""),
              "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace stratascan
