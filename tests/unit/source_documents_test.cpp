// Documents of images are read by their bytes, checked against what points at
// them, and never believed further than that; what is wrong with one is a gap.
#include <gtest/gtest.h>

#include <string>

#include "scanner/source/json_repeats.hpp"
#include "scanner/source/oci_json.hpp"
#include "scanner/source/schema1.hpp"
#include "tests/support/image_builder.hpp"
#include "tests/support/source_reading.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan {
namespace {

using test::gaps_of;
using test::ImageBuilder;
using test::one_file_layer;
using test::read_target;
using test::Reading;
using test::sha256;
using test::TempDir;
using Json = nlohmann::json;

const std::string lower_layer = one_file_layer("etc/hostname", "lower\n");
const std::string upper_layer = one_file_layer("etc/motd", "upper\n");

std::string digest_of(const Json& descriptor) { return descriptor["digest"].get<std::string>(); }

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

TEST(Documents, ANameThatStandsTwiceInOneObjectIsSeenHoweverItIsEscaped) {
    using source::repeated_name;
    EXPECT_EQ(repeated_name(R"({"config":1,"config":2})"), "config");
    EXPECT_EQ(repeated_name(R"({"config":1,"c\u006ffig":2})"), std::nullopt);
    EXPECT_EQ(repeated_name(R"({"config":1,"c\u006fnfig":2})"), "config");
    EXPECT_EQ(repeated_name(R"({"a\/b":1,"a/b":2})"), "a/b");
    EXPECT_EQ(repeated_name(R"({"":1,"":2})"), "");
    EXPECT_EQ(repeated_name(R"({"a":{"a":[{"a":1},{"a":2}]}})"), std::nullopt);
}

TEST(Documents, AManifestWhoseLayersStandTwiceUnderAnEscapeIsAmbiguous) {
    TempDir temp;
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer})});
    const std::string folder = builder.write_folder(temp, "layout");
    Reading reading = read_target(folder);
    std::string manifest = reading.images.at(0).manifest;
    manifest.back() = ',';
    manifest += R"("l\u0061yers":[]})";
    ImageBuilder other;
    other.put("blobs/sha256/" + sha256(lower_layer).substr(7), lower_layer);
    other.layout({other.blob(manifest, test::oci_manifest_type)});
    reading = read_target(other.write_folder(temp, "other"));
    EXPECT_NE(gaps_of(reading.images.at(0)).find("\"layers\" stands twice"), std::string::npos)
        << gaps_of(reading.images.at(0));
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
    ASSERT_EQ(reading.images.size(), 3U) << reading.error;
    EXPECT_EQ(reading.images[2].kind, "stray") << "nobody names its layer any more";
    EXPECT_EQ(reading.images[2].layers.at(0).digest, sha256(upper_layer));
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
    Json other = {{"mediaType", test::oci_layer_type},
                  {"digest", "blake3:" + std::string(64, 'a')}};
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

TEST(Documents, ManifestSchema1WithoutLayersIsAGap) {
    TempDir temp;
    ImageBuilder builder;
    builder.layout({builder.blob(R"({"schemaVersion":1,"fsLayers":[]})",
                                 "application/vnd.docker.distribution.manifest.v1+prettyjws")});
    const Reading reading = read_target(builder.write_folder(temp, "layout"));
    EXPECT_NE(gaps_of(reading.images.at(0)).find("schema 1 without layers"), std::string::npos);
}

TEST(Documents, ManifestSchema1HasItsLayersFromTheTop) {
    const std::string top = "sha256:" + std::string(64, '1');
    const std::string bottom = "sha256:" + std::string(64, '2');
    const auto document = source::parse_oci_document(
        R"({"schemaVersion":1,"architecture":"arm64","fsLayers":[{"blobSum":")" + top +
        R"("},{"blobSum":")" + bottom +
        R"("}],"history":[{"v1Compatibility":"{\"os\":\"linux\",\"container_config\":{\"Cmd\":[\"RUN top\"]}}"},)" +
        R"({"v1Compatibility":"{\"container_config\":{\"Cmd\":[\"ADD\",\"bottom\"]}}"}]})");
    ASSERT_TRUE(document);
    EXPECT_TRUE(document->is_schema1);
    ASSERT_EQ(document->layers.size(), 2U);
    EXPECT_EQ(document->layers[0].digest, bottom);
    EXPECT_EQ(document->layers[0].created_by, "ADD bottom");
    EXPECT_EQ(document->layers[1].digest, top);
    EXPECT_EQ(document->layers[1].created_by, "RUN top");
    EXPECT_EQ(document->platform.text(), "linux/arm64");
}

TEST(Documents, ManifestSchema1IsSignedRoundWhatItsDigestIsOver) {
    // {"formatLength":7,"formatTail":"Cn0"} in base64url.
    const std::string head = "eyJmb3JtYXRMZW5ndGgiOjcsImZvcm1hdFRhaWwiOiJDbjAifQ";
    const std::string text =
        R"({"a": 1,"signatures":[{"protected":")" + head + R"("}]})";
    using source::schema1_payload;
    EXPECT_EQ(schema1_payload(text), "{\"a\": 1\n}");
    EXPECT_FALSE(schema1_payload(R"({"a":1})"));
    EXPECT_FALSE(schema1_payload(R"({"signatures":[{"protected":"eyJmb3JtYXRMZW5ndGgiOjk5OSwiZm9ybWF0VGFpbCI6IkNuMCJ9"}]})"));
    EXPECT_FALSE(schema1_payload("no JSON"));
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

TEST(Documents, ListsThatAreTooLongAreTold) {
    const auto problems = [](std::size_t names, std::size_t layers) {
        Json image = {{"Config", "c"}, {"RepoTags", Json::array()},
                      {"Layers", Json::array()}};
        for (std::size_t at = 0; at < names; ++at) image["RepoTags"].push_back("a:1");
        for (std::size_t at = 0; at < layers; ++at) image["Layers"].push_back("l");
        const auto read = source::parse_docker_manifest(Json::array({image}).dump());
        return read ? read->problems : std::vector<std::string>{read.error().message()};
    };
    using Problems = std::vector<std::string>;
    EXPECT_EQ(problems(10'000, 10'000), Problems());
    EXPECT_EQ(problems(10'001, 1),
              Problems{"more than 10000 names in one image; the rest was not read"});
    EXPECT_EQ(problems(1, 10'001),
              Problems{"more than 10000 layers in one image; the rest was not read"});
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

}  // namespace
}  // namespace stratascan
