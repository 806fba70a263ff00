// Layers of a target, handed out to threads: first to be looked up in the store, where a layer
// of a file is believed when its bytes hash to its digest, then, those that are not known, to
// be scanned, the largest first.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

#include "scanner/layer/blob_hashing.hpp"
#include "scanner/layer/layer_result.hpp"
#include "scanner/source/image_source.hpp"
#include "scanner/store/scan_store.hpp"

namespace stratascan {

class LayerQueue {
public:
    /// What `layers` points at, the largest first, outlives this. `known` gets the number of a
    /// layer and its stored result, on any of the threads.
    LayerQueue(const std::vector<const source::LayerRef*>& layers, source::ImageSource& source,
               store::ScanStore& store, std::stop_token stop,
               std::function<void(std::size_t, layer::LayerResult)> known);

    /// Any thread; when it returns, what this thread took is known or to be scanned.
    void look_up(Progress* progress);

    /// The number of a layer. Call after look_up() until it gives nothing. Any thread.
    [[nodiscard]] std::optional<std::size_t> next_to_scan();

private:
    std::optional<layer::BlobToHash> next_to_hash();
    void believe(std::size_t at);
    void to_scan(std::size_t at);

    const std::vector<const source::LayerRef*>& layers_;
    source::ImageSource& source_;
    store::ScanStore& store_;
    std::stop_token stop_;
    std::function<void(std::size_t, layer::LayerResult)> known_;
    std::vector<std::optional<layer::LayerResult>> kept_;
    std::atomic<std::size_t> next_ = 0;
    std::mutex mutex_;
    std::set<std::size_t> unknown_;
};

}  // namespace stratascan
