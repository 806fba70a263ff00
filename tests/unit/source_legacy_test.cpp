// Docker archives from before version 1.10: images are chains of parents, and
// nothing vouches for a chain.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "scanner/source/oci_json.hpp"
#include "tests/support/archive_ways.hpp"

namespace stratascan {
namespace {

using test::gaps_of;
using test::one_file_layer;
using test::read_both_ways;
using test::Reading;
using test::TarBuilder;
using Json = nlohmann::json;

std::string id(char digit) { return std::string(64, digit); }

std::string layer_bytes(char digit) { return one_file_layer("etc/" + std::string(1, digit), "x"); }

Json json_of(char digit, const std::string& parent) {
    Json json = {{"id", id(digit)}, {"os", "linux"}, {"architecture", "amd64"},
                 {"container_config", {{"Cmd", {"/bin/sh", "-c", std::string("make ") + digit}}}}};
    if (!parent.empty()) json["parent"] = parent;
    return json;
}

/// Adds a layer with all that docker wrote beside it.
void add_layer(TarBuilder& tar, char digit, const Json& json) {
    tar.folder(id(digit) + '/').file(id(digit) + "/VERSION", "1.0");
    tar.file(id(digit) + "/json", json.dump());
    tar.file(id(digit) + "/layer.tar", layer_bytes(digit));
}

/// The base, and two images on it.
TarBuilder two_images() {
    TarBuilder tar;
    add_layer(tar, '3', json_of('3', id('2')));
    add_layer(tar, '1', json_of('1', ""));
    add_layer(tar, '2', json_of('2', id('1')));
    add_layer(tar, '4', json_of('4', id('1')));
    return tar;
}

std::vector<std::string> keys_of(const source::ImageRef& image) {
    std::vector<std::string> keys;
    for (const auto& layer : image.layers) keys.push_back(layer.key);
    return keys;
}

std::vector<std::string> keys(std::string_view digits) {
    std::vector<std::string> keys;
    for (const char digit : digits) keys.push_back(id(digit) + "/layer.tar");
    return keys;
}

TEST(LegacyArchive, LayersAreInTheOrderOfTheirParentsTheBaseFirst) {
    TarBuilder tar = two_images();
    tar.file("repositories",
             Json{{"app", {{"1", id('3')}, {"latest", id('3')}}}, {"other", {{"2", id('4')}}}}
                 .dump());
    const Reading reading = read_both_ways(tar.finish());
    ASSERT_EQ(reading.images.size(), 2U) << reading.error;
    const auto& first = reading.images[0];
    EXPECT_EQ(first.kind, "image");
    EXPECT_EQ(first.names, (std::vector<std::string>{"app:1", "app:latest"}));
    EXPECT_EQ(first.platform, "linux/amd64");
    EXPECT_EQ(keys_of(first), keys("123"));
    EXPECT_EQ(first.config, json_of('3', id('2')).dump());
    EXPECT_EQ(first.layers[1].created_by, "/bin/sh -c make 2");
    EXPECT_TRUE(first.gaps.empty()) << gaps_of(first);
    EXPECT_EQ(reading.blobs.at(id('2') + "/layer.tar"), layer_bytes('2'));
    EXPECT_EQ(reading.images[1].names, std::vector<std::string>{"other:2"});
    EXPECT_EQ(keys_of(reading.images[1]), keys("14"));
}

TEST(LegacyArchive, EveryDocumentIsWithAnImageAndItsLayer) {
    const Reading reading = read_both_ways(two_images().finish());
    ASSERT_EQ(reading.images.size(), 2U) << reading.error;
    std::vector<std::string> texts;
    for (const auto& document : reading.images[0].documents) {
        texts.push_back(document.name.substr(63) + std::to_string(document.layer_index));
    }
    std::ranges::sort(texts);
    EXPECT_EQ(texts, (std::vector<std::string>{"1/VERSION0", "1/json0", "2/VERSION1", "2/json1",
                                               "3/VERSION2"}));
    // Without `repositories`, what is nobody's parent is an image.
    EXPECT_EQ(keys_of(reading.images[0]), keys("123"));
    EXPECT_EQ(keys_of(reading.images[1]), keys("14"));
}

TEST(LegacyArchive, AMissingParentIsAGap) {
    TarBuilder tar;
    add_layer(tar, '2', json_of('2', id('1')));
    const Reading reading = read_both_ways(tar.finish());
    ASSERT_EQ(reading.images.size(), 1U) << reading.error;
    EXPECT_EQ(keys_of(reading.images[0]), keys("2"));
    EXPECT_NE(gaps_of(reading.images[0]).find("parent is missing"), std::string::npos);
}

TEST(LegacyArchive, OneWithoutAnEndMayLackLayers) {
    TarBuilder tar = two_images();
    const Reading cut = read_both_ways(std::string(tar.bytes()));
    ASSERT_EQ(cut.images.size(), 2U) << cut.error;
    for (const auto& image : cut.images) {
        EXPECT_NE(gaps_of(image).find("it may be cut"), std::string::npos);
    }
    const Reading whole = read_both_ways(tar.finish());
    EXPECT_EQ(gaps_of(whole.images.at(0)), "");
    EXPECT_EQ(gaps_of(whole.images.at(1)), "");
}

TEST(LegacyArchive, AChainThatLeadsToItselfIsAGapAndEveryLayerIsRead) {
    TarBuilder tar;
    add_layer(tar, '1', json_of('1', id('2')));
    add_layer(tar, '2', json_of('2', id('1')));
    add_layer(tar, '3', json_of('3', id('3')));
    add_layer(tar, '4', json_of('4', id('2')));
    const Reading reading = read_both_ways(tar.finish());
    ASSERT_EQ(reading.images.size(), 2U) << reading.error;
    EXPECT_EQ(keys_of(reading.images[0]), keys("124"));
    EXPECT_EQ(keys_of(reading.images[1]), keys("3"));
    for (const auto& image : reading.images) {
        EXPECT_NE(gaps_of(image).find("leads to itself"), std::string::npos);
    }
}

TEST(LegacyArchive, AJsonThatCannotBeReadCostsTheChainBelowAndIsAGap) {
    TarBuilder tar;
    add_layer(tar, '1', json_of('1', ""));
    tar.file(id('2') + "/json", "{\"parent\": ").file(id('2') + "/layer.tar", layer_bytes('2'));
    add_layer(tar, '3', json_of('3', id('2')));
    const Reading reading = read_both_ways(tar.finish());
    ASSERT_EQ(reading.images.size(), 2U) << reading.error;
    EXPECT_EQ(keys_of(reading.images[0]), keys("1"));
    EXPECT_EQ(keys_of(reading.images[1]), keys("23"));
    EXPECT_NE(gaps_of(reading.images[1]).find("json was not read"), std::string::npos);
}

TEST(LegacyArchive, ATagWithoutItsLayersIsAGap) {
    TarBuilder tar = two_images();
    tar.file("repositories", Json{{"app", {{"1", id('9')}}}, {"odd", "text"}}.dump());
    const Reading reading = read_both_ways(tar.finish());
    ASSERT_EQ(reading.images.size(), 2U) << reading.error;
    const std::string gaps = gaps_of(reading.images[0]);
    EXPECT_NE(gaps.find("an image that is missing"), std::string::npos) << gaps;
    EXPECT_NE(gaps.find("an element that names no image"), std::string::npos) << gaps;
}

TEST(LegacyArchive, ALayerWithoutItsTarIsMissing) {
    TarBuilder tar;
    add_layer(tar, '1', json_of('1', ""));
    tar.file(id('2') + "/json", json_of('2', id('1')).dump());
    const Reading reading = read_both_ways(tar.finish());
    ASSERT_EQ(reading.images.size(), 1U) << reading.error;
    EXPECT_EQ(reading.images[0].layers.at(1).unavailable, "blob is missing from the archive");
}

TEST(LegacyArchive, ManyNamesOfOneLongChainStayWithinTheirMemory) {
    TarBuilder tar;
    Json tags = Json::object();
    for (int i = 0; i < 2000; ++i) {
        const std::string name = test::sha256(std::to_string(i)).substr(7);
        Json json = {{"id", name}};
        if (i > 0) json["parent"] = test::sha256(std::to_string(i - 1)).substr(7);
        tar.file(name + "/json", json.dump()).file(name + "/layer.tar", "x");
        tags["t" + std::to_string(i)] = name;
    }
    tar.file("repositories", Json{{"app", tags}}.dump());
    test::TempDir temp;
    auto source = source::open_target(temp.write("image.tar", tar.finish()), "");
    ASSERT_TRUE(source.has_value());
    const auto images = (*source)->images();
    ASSERT_TRUE(images.has_value());
    std::size_t layers = 0;
    std::string gaps;
    for (const auto& image : *images) {
        layers += image.layers.size();
        gaps += gaps_of(image);
    }
    EXPECT_LT(layers, 500'000U);
    EXPECT_NE(gaps.find("more memory"), std::string::npos);
}

TEST(LegacyJson, ACommandIsAListOrAText) {
    const auto step = [](const char* text) {
        const auto layer = source::parse_legacy_layer(text);
        return layer ? layer->created_by : "ERROR";
    };
    EXPECT_EQ(step(R"({"container_config":{"Cmd":["a","b c",1]}})"), "a b c ");
    EXPECT_EQ(step(R"({"container_config":{"Cmd":"a b"}})"), "a b");
    EXPECT_EQ(step(R"({"container_config":{"Cmd":null}})"), "");
    EXPECT_EQ(step(R"({})"), "");
    EXPECT_EQ(step("[]"), "ERROR");
    const auto doubtful = source::parse_legacy_layer(R"({"parent":"a","Parent":"b"})");
    ASSERT_TRUE(doubtful.has_value());
    EXPECT_EQ(doubtful->parent, "a");
    EXPECT_EQ(doubtful->problems.size(), 1U);
}

}  // namespace
}  // namespace stratascan
