// The floor: what must be done to a layer by anyone who wants to see its files,
// and nothing else. Read, hash the blob, decode, walk the tar. It runs the same
// decoder over the same bytes as the scan and keeps nothing, so no scanner that
// is built on that decoder can be faster on the same cores, unless it spreads
// one layer over several.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "scanner/source/image_source.hpp"
#include "stratascan/error.hpp"

namespace stratascan::bench {

/// A layout and its layers, each once, largest first.
class Corpus {
public:
    /// Reads every blob once, so that it lies in the page cache. An Error when
    /// there is no layer or one cannot be read.
    [[nodiscard]] static Result<Corpus> open(const std::string& layout);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// The last part of the path.
    [[nodiscard]] std::string name() const;
    [[nodiscard]] std::size_t layers() const noexcept { return layers_.size(); }
    [[nodiscard]] const source::LayerRef& layer(std::size_t i) const { return layers_[i]; }
    [[nodiscard]] Result<std::unique_ptr<source::BlobReader>> open_layer(std::size_t i) const;

private:
    std::string path_;
    std::unique_ptr<source::ImageSource> source_;
    std::vector<source::LayerRef> layers_;
};

struct FloorRun {
    std::uint64_t bytes = 0;  ///< uncompressed
    std::uint64_t members = 0;
    std::uint64_t nanoseconds = 0;
};

/// All layers on `threads` threads. An Error when a layer's digest is not the
/// claimed one, or it does not decode.
[[nodiscard]] Result<FloorRun> run_floor(const Corpus& corpus, unsigned threads);

}  // namespace stratascan::bench
