// Blobs in their descriptors: taken where they are what the descriptor says.
#include "scanner/registry/embedded.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scanner/evidence/codec.hpp"
#include "scanner/source/digest.hpp"

namespace stratascan::registry {
namespace {

using nlohmann::json;

json descriptor(const std::string& bytes, const std::string& algorithm = "sha256") {
    return {{"mediaType", "x"},
            {"digest", source::compute_digest(algorithm, bytes)},
            {"size", bytes.size()},
            {"data", evidence::encode_base64(bytes)}};
}

std::string digest_of(const std::string& bytes) { return source::compute_digest("sha256", bytes); }

TEST(EmbeddedBlobs, OfConfigsLayersAndIndexes) {
    EmbeddedBlobs blobs;
    blobs.note(json{{"config", descriptor("{}")},
                    {"layers", {descriptor("one"), descriptor("two", "sha512")}},
                    {"manifests", {descriptor("three")}}}
                   .dump());
    for (const char* bytes : {"{}", "one", "three"}) EXPECT_EQ(blobs.find(digest_of(bytes)), bytes);
    EXPECT_EQ(blobs.find(source::compute_digest("sha512", "two")), "two");
    EXPECT_EQ(blobs.find(digest_of("two")), std::nullopt);
}

TEST(EmbeddedBlobs, WhatIsNotWhatItsDescriptorSaysIsNone) {
    EmbeddedBlobs blobs;
    json other = descriptor("one");
    other["data"] = evidence::encode_base64("two");
    json longer = descriptor("one");
    longer["size"] = 4;
    json no_base64 = descriptor("one");
    no_base64["data"] = "%%%";
    json no_digest = descriptor("one");
    no_digest["digest"] = "sha256:";
    for (const json& bad : {other, longer, no_base64, no_digest, json("data"), json(7)}) {
        blobs.note(json{{"layers", {bad}}}.dump());
        blobs.note(json{{"config", bad}}.dump());
    }
    for (const char* text : {"", "\"data\"", "[\"data\"]", "{\"data\"", "{\"layers\":{\"data\":1}}"}) {
        blobs.note(text);
    }
    EXPECT_EQ(blobs.find(digest_of("one")), std::nullopt);
    EXPECT_EQ(blobs.find(digest_of("two")), std::nullopt);
}

TEST(EmbeddedBlobs, AreForgottenWhereTheyWouldTakeMemory) {
    EmbeddedBlobs blobs(100);
    const std::string first(60, 'a');
    const std::string second(50, 'b');
    const std::string large(101, 'c');
    const auto note = [&](const std::string& bytes) {
        blobs.note(json{{"layers", {descriptor(bytes), descriptor(bytes)}}}.dump());
    };
    note(first);
    note(large);
    EXPECT_EQ(blobs.find(digest_of(first)), first);
    EXPECT_EQ(blobs.find(digest_of(large)), std::nullopt);
    note(second);
    EXPECT_EQ(blobs.find(digest_of(first)), std::nullopt) << "the oldest goes first";
    EXPECT_EQ(blobs.find(digest_of(second)), second);
}

}  // namespace
}  // namespace stratascan::registry
