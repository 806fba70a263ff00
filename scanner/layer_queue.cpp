#include "scanner/layer_queue.hpp"

#include <utility>

#include "scanner/scan_engine.hpp"

namespace stratascan {

LayerQueue::LayerQueue(const std::vector<const source::LayerRef*>& layers,
                       source::ImageSource& source, store::ScanStore& store, std::stop_token stop,
                       std::function<void(std::size_t, layer::LayerResult)> known)
    : layers_(layers), source_(source), store_(store), stop_(std::move(stop)),
      known_(std::move(known)), kept_(layers.size()) {}

void LayerQueue::look_up(Progress* progress) {
    layer::hash_blobs([this] { return next_to_hash(); },
                      [this](std::size_t at, const Result<std::string>& digest) {
                          if (digest && *digest == layers_[at]->digest) believe(at);
                          else to_scan(at);
                      },
                      progress);
}

std::optional<std::size_t> LayerQueue::next_to_scan() {
    const std::scoped_lock lock(mutex_);
    if (unknown_.empty()) return std::nullopt;
    return unknown_.extract(unknown_.begin()).value();
}

std::optional<layer::BlobToHash> LayerQueue::next_to_hash() {
    for (std::size_t at = next_++; at < layers_.size(); at = next_++) {
        const source::LayerRef& layer = *layers_[at];
        kept_[at] = stop_.stop_requested() ? std::nullopt : store_.known(layer.digest);
        if (!kept_[at]) to_scan(at);
        else if (source_.repository()) believe(at);  // digests are checked when they are fetched
        else return layer::BlobToHash{at, digest_algorithm(layer.digest), source_.open(layer)};
    }
    return std::nullopt;
}

void LayerQueue::believe(std::size_t at) { known_(at, *std::exchange(kept_[at], std::nullopt)); }

void LayerQueue::to_scan(std::size_t at) {
    kept_[at].reset();
    const std::scoped_lock lock(mutex_);
    unknown_.insert(at);
}

}  // namespace stratascan
