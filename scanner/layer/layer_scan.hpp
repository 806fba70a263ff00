// A layer from blob to result: decode and walk in order on whatever thread is
// free, scan windows on all, collect in order.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "scanner/layer/blob_stream.hpp"
#include "scanner/layer/dropped_told.hpp"
#include "scanner/layer/layer_result.hpp"
#include "scanner/layer/slab.hpp"
#include "scanner/layer/window_scan.hpp"
#include "scanner/source/blob.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan::layer {

/// What layers share. All of it outlives every scan.
struct LayerScanContext {
    const match::RuleSet& rules;
    /// The calling thread's scanner.
    std::function<WindowScanner&()> scanner;
    SlabPool& slabs;
    std::size_t tokens = 4;  ///< windows of one layer under way at once
    Options::Limits limits;
    GzipEngine gzip = GzipEngine::fastest;
    DecoderMemory memory;
    /// Of all decoders that are open at once inside containers of one layer.
    std::uint64_t inner_decoder_bytes = std::uint64_t{16} << 20;
    Progress* progress = nullptr;
    std::stop_token stop;
    /// Where what is dropped is told; then the scanners are to tell it, too.
    DroppedTold* told = nullptr;
};

/// Times of the parts that are not a WindowScanner's, added up over layers.
struct LayerTimes {
    std::uint64_t read_ns = 0, hash_ns = 0, decode_ns = 0;
    std::string decoder;
};

/// Scans one blob as a layer. `digest_algorithm` is that of the digest which the
/// image claims. Whatever goes wrong is in the result.
[[nodiscard]] LayerResult scan_layer(std::unique_ptr<source::BlobReader> blob,
                                     const std::string& digest_algorithm,
                                     const LayerScanContext& context, LayerTimes& times);

/// Scans the files of a folder as if they were one layer.
[[nodiscard]] LayerResult scan_directory(const std::string& path, const LayerScanContext& context);

}  // namespace stratascan::layer
