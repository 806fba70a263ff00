// Reads an image archive in every way that it may come.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/image_builder.hpp"
#include "tests/support/source_reading.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan::test {

/// All that a reading says, as one text to compare.
inline std::string told(const Reading& reading) {
    std::string text = reading.error.empty() ? "" : "an error\n";
    for (const source::ImageRef& image : reading.images) {
        text += image.kind + ' ' + image.platform + ' ' + image.config + '\n';
        for (const std::string& name : image.names) text += "name " + name + '\n';
        for (const source::LayerRef& layer : image.layers) {
            const auto blob = reading.blobs.find(layer.key);
            text += "layer " + layer.key + ' ' + layer.name + ' ' + layer.created_by + ' ' +
                    layer.unavailable + ' ' +
                    (blob == reading.blobs.end() ? "" : sha256(blob->second)) + '\n';
        }
        for (const source::SideDocument& document : image.documents) {
            text += "text " + document.name + ' ' + std::to_string(document.layer_index) + ' ' +
                    document.bytes + '\n';
        }
        text += gaps_of(image) + notes_of(image);
    }
    return text;
}

/// In place from disk, and as a stream that was compressed; the two must tell the
/// same. Returns the reading from disk.
inline Reading read_both_ways(const std::string& tar) {
    const TempDir temp;
    const Reading plain = read_target(temp.write("image.tar", tar));
    EXPECT_FALSE(plain.was_stream);
    for (const std::string& packed : {gzip(tar), zstd(tar)}) {
        const Reading streamed = read_target(temp.write("image.packed", packed));
        EXPECT_TRUE(streamed.was_stream);
        EXPECT_EQ(told(streamed), told(plain));
    }
    return plain;
}

}  // namespace stratascan::test
