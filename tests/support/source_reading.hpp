// Reads a target to its end as the scanner does, stream or not, and gives what
// came of it as plain values for a test to look at.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/source/file_blob.hpp"
#include "scanner/source/image_source.hpp"

namespace stratascan::test {

struct Reading {
    std::vector<source::ImageRef> images;
    std::map<std::string, std::string> blobs;  ///< by key
    std::string error;                         ///< of the first step that failed
    ErrorCode code{};
    bool was_stream = false;
    std::string directory;

    [[nodiscard]] bool ok() const { return error.empty(); }

    void take(const Error& failure) {
        error = failure.message();
        code = failure.code;
    }
};

inline std::string read_all(source::BlobReader& reader) {
    auto bytes = source::read_whole(reader, std::size_t{64} << 20);
    return bytes ? *bytes : "ERROR " + bytes.error().message();
}

inline void read_layers(source::ImageSource& source, Reading& reading) {
    for (const source::ImageRef& image : reading.images) {
        for (const source::LayerRef& layer : image.layers) {
            if (!layer.unavailable.empty()) continue;
            auto reader = source.open(layer);
            reading.blobs[layer.key] =
                reader ? read_all(**reader) : "ERROR " + reader.error().message();
        }
    }
}

inline Reading read_source(source::ImageSource& source) {
    Reading reading;
    reading.was_stream = source.is_stream();
    reading.directory = source.directory();
    if (reading.was_stream) {
        const auto streamed =
            source.stream([&](const std::string& key, source::BlobReader& blob) -> Result<void> {
                EXPECT_FALSE(reading.blobs.contains(key)) << key << " was shown twice";
                reading.blobs[key] = read_all(blob);
                return {};
            });
        if (!streamed) {
            reading.take(streamed.error());
            return reading;
        }
    }
    auto images = source.images();
    if (!images) {
        reading.take(images.error());
        return reading;
    }
    reading.images = *std::move(images);
    if (!reading.was_stream) read_layers(source, reading);
    return reading;
}

inline Reading read_target(std::string_view target, std::string_view platform = "") {
    auto source = source::open_target(target, platform);
    if (!source) {
        Reading reading;
        reading.take(source.error());
        return reading;
    }
    return read_source(**source);
}

/// The gaps of an image, one a line.
inline std::string gaps_of(const source::ImageRef& image) {
    std::string text;
    for (const Gap& gap : image.gaps) text += gap.path + ": " + gap.reason + '\n';
    return text;
}

inline std::string notes_of(const source::ImageRef& image) {
    std::string text;
    for (const std::string& note : image.notes) text += note + '\n';
    return text;
}

}  // namespace stratascan::test
