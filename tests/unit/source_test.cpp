// What a target holds is told from its content, whole and in a fixed order; what
// cannot be read of it is said.
#include <gtest/gtest.h>
#include <sys/stat.h>

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
    ASSERT_EQ(reading.images.size(), 1U) << reading.error;
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

TEST(Documents, AWrongDigestOrSizeIsAGapAndTheContentIsStillUsed) {
    TempDir temp;
    ImageBuilder builder;
    Json image = builder.image({lower_layer});
    image["size"] = 1;
    builder.layout({image});
    const std::string folder = builder.write_folder(temp, "layout");
    const Reading sized = read_target(folder);
    EXPECT_NE(gaps_of(sized.images.at(0)).find("its descriptor says 1"), std::string::npos);

    const std::string manifest = "layout/blobs/sha256/" + digest_of(image).substr(7);
    temp.write(manifest, sized.images[0].manifest + " ");
    const Reading changed = read_target(folder);
    EXPECT_NE(gaps_of(changed.images.at(0)).find("does not match its digest"), std::string::npos);
    EXPECT_EQ(changed.images[0].layers.size(), 1U);
    EXPECT_EQ(changed.images[0].digest, sha256(changed.images[0].manifest));
}

TEST(Documents, AMissingManifestOrConfigIsAGap) {
    TempDir temp;
    ImageBuilder builder;
    const Json kept = builder.image({lower_layer}, "amd64");
    const Json gone = builder.image({upper_layer}, "arm64");
    builder.layout({kept, gone});
    builder.drop("blobs/sha256/" + digest_of(gone).substr(7));
    const std::string config = ImageBuilder::config_bytes({lower_layer});
    builder.drop("blobs/sha256/" + sha256(config).substr(7));
    const Reading reading = read_target(builder.write_folder(temp, "layout"));
    ASSERT_EQ(reading.images.size(), 2U) << reading.error;
    EXPECT_NE(gaps_of(reading.images[0]).find("config is missing"), std::string::npos);
    EXPECT_EQ(reading.images[0].platform, "linux/amd64") << "the index says it too";
    EXPECT_EQ(reading.images[0].config_digest, sha256(config));
    EXPECT_NE(gaps_of(reading.images[1]).find("manifest is missing"), std::string::npos);
}

TEST(Documents, ADigestIsNeverAPathOutOfTheLayout) {
    TempDir temp;
    temp.write("secret", "outside");
    ImageBuilder builder;
    Json layer = {{"mediaType", test::oci_layer_type}, {"digest", "sha256:../../../secret"}};
    Json other = {{"mediaType", test::oci_layer_type}, {"digest", "blake3:" + std::string(64, 'a')}};
    const Json image = builder.manifest(builder.config({}), {layer, other});
    const Json bad = {{"mediaType", test::oci_manifest_type}, {"digest", "../../secret"}};
    builder.layout({image, bad});
    const Reading reading = read_target(builder.write_folder(temp, "layout"));
    ASSERT_EQ(reading.images.size(), 2U) << reading.error;
    EXPECT_EQ(reading.images[0].layers.at(0).unavailable, "malformed digest");
    EXPECT_EQ(reading.images[0].layers.at(1).unavailable, "unknown digest algorithm");
    EXPECT_EQ(reading.images[0].layers.at(1).unavailable_state, LayerState::unsupported);
    EXPECT_FALSE(reading.images[1].gaps.empty());
    EXPECT_TRUE(reading.blobs.empty());
}

TEST(Documents, ForeignAndEncryptedLayersSayWhyTheyAreNotRead) {
    TempDir temp;
    ImageBuilder builder;
    Json foreign = {{"mediaType", "application/vnd.oci.image.layer.nondistributable.v1.tar"},
                    {"digest", sha256("elsewhere")},
                    {"urls", {"https://registry.example/blob"}}};
    const Json encrypted = builder.blob("cipher", std::string(test::oci_layer_type) + "+encrypted");
    builder.layout({builder.manifest(builder.config({}), {foreign, encrypted})});
    const Reading reading = read_target(builder.write_folder(temp, "layout"));
    const auto& layers = reading.images.at(0).layers;
    EXPECT_EQ(layers.at(0).unavailable, "foreign layer, its bytes are held elsewhere");
    EXPECT_EQ(layers.at(0).unavailable_state, LayerState::unsupported);
    EXPECT_EQ(layers.at(1).unavailable, "encrypted layer");
    EXPECT_EQ(layers.at(1).unavailable_state, LayerState::encrypted);
}

TEST(Documents, ManifestSchema1IsAGap) {
    TempDir temp;
    ImageBuilder builder;
    builder.layout({builder.blob(R"({"schemaVersion":1,"fsLayers":[]})",
                                 "application/vnd.docker.distribution.manifest.v1+prettyjws")});
    const Reading reading = read_target(builder.write_folder(temp, "layout"));
    EXPECT_NE(gaps_of(reading.images.at(0)).find("schema 1 is not read"), std::string::npos);
}

TEST(Documents, WhatOtherReadersCouldReadOtherwiseIsAGap) {
    TempDir temp;
    ImageBuilder builder;
    const Json config = builder.config({});
    const Json twofold = {{"config", config}, {"layers", Json::array()}, {"LAYERS", Json::array()}};
    const Json both = {{"config", config},
                       {"layers", {builder.blob(lower_layer, test::oci_layer_type)}},
                       {"manifests", {builder.image({upper_layer})}}};
    builder.layout({builder.blob(twofold.dump(), test::oci_manifest_type),
                    builder.blob(both.dump(), test::oci_manifest_type)});
    const Reading reading = read_target(builder.write_folder(temp, "layout"));
    ASSERT_EQ(reading.images.size(), 3U) << reading.error;
    EXPECT_NE(gaps_of(reading.images[0]).find("ambiguous JSON"), std::string::npos);
    EXPECT_NE(gaps_of(reading.images[1]).find("an index and a manifest"), std::string::npos);
    EXPECT_EQ(reading.blobs.size(), 2U) << "what it could be is all read";
}

TEST(Documents, DeepLargeAndBrokenJsonAreGaps) {
    TempDir temp;
    ImageBuilder builder;
    const std::string deep = std::string(100000, '[') + std::string(100000, ']');
    const std::string large = '{' + std::string(std::size_t{5} << 20, ' ') + '}';
    builder.layout({builder.blob(deep, test::oci_manifest_type),
                    builder.blob(large, test::oci_manifest_type),
                    builder.blob("{\"layers\":", test::oci_manifest_type)});
    const Reading reading = read_target(builder.write_folder(temp, "layout"));
    ASSERT_EQ(reading.images.size(), 3U) << reading.error;
    EXPECT_NE(gaps_of(reading.images[0]).find("nested deeper"), std::string::npos);
    EXPECT_NE(gaps_of(reading.images[1]).find("too large"), std::string::npos);
    EXPECT_NE(gaps_of(reading.images[2]).find("not valid JSON"), std::string::npos);
    EXPECT_EQ(reading.blobs.size(), 3U) << "their bytes are scanned all the same";
}

TEST(Documents, AByteThatIsNotUtf8HidesNothing) {
    TempDir temp;
    ImageBuilder builder;
    const Json layer = builder.blob(lower_layer, test::oci_layer_type);
    std::string manifest =
        Json{{"config", builder.config({lower_layer})}, {"layers", {layer}}, {"note", "ZZ"}}.dump();
    manifest.replace(manifest.find("ZZ"), 2, "\xff\xfe");
    builder.layout({builder.blob(manifest, test::oci_manifest_type)});
    const Reading reading = read_target(builder.write_folder(temp, "layout"));
    ASSERT_EQ(reading.images.size(), 1U) << reading.error;
    EXPECT_EQ(reading.images[0].layers.size(), 1U);
    EXPECT_TRUE(reading.images[0].gaps.empty()) << gaps_of(reading.images[0]);
}

TEST(Documents, AnIndexThatMultipliesItselfStaysWithinItsMemory) {
    TempDir temp;
    ImageBuilder builder;
    std::vector<Json> images;
    for (int i = 0; i < 40; ++i) {
        images.push_back(builder.image({one_file_layer("f", std::to_string(i))}));
    }
    const Json inner = builder.nested(images);
    std::vector<Json> many;
    for (int i = 0; i < 3300; ++i) {
        many.push_back(ImageBuilder::named(inner, std::string(900, 'n') + std::to_string(i)));
    }
    builder.layout(many);
    const Reading reading = read_target(builder.write_folder(temp, "layout"));
    ASSERT_EQ(reading.images.size(), 40U) << reading.error;
    std::size_t bytes = 0;
    for (const auto& image : reading.images) {
        for (const std::string& name : image.names) bytes += name.size();
    }
    EXPECT_LT(bytes, std::size_t{96} << 20);
    EXPECT_NE(gaps_of(reading.images[0]).find("more memory"), std::string::npos) << bytes;
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

TEST(Target, RegistriesAreRefusedByName) {
    for (const char* target : {"registry:alpine", "alpine:3.19", "registry.example/app",
                               "docker://alpine", "localhost:5000/app", "docker-daemon:app:1"}) {
        const Reading reading = read_target(target);
        EXPECT_EQ(reading.code, ErrorCode::unsupported) << target;
        EXPECT_NE(reading.error.find("registries are not read by this version"),
                  std::string::npos)
            << reading.error;
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
