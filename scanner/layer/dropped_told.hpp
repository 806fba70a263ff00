// Candidates that became no finding, one by one, with their places: for who asks why. A
// scan only counts them (LayerResult::dropped and ScanCounters::dropped).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/layer_result.hpp"

namespace stratascan::layer {

struct DroppedCandidate {
    LayerFinding candidate;   ///< what is known of it, and its place
    std::string_view reason;  ///< match/drop_reason.hpp
    std::string detail;       ///< which condition, or which other rule; may be empty
};

/// Of a layer of nothing but candidates no more are told.
inline constexpr std::size_t dropped_a_layer = 200'000;

struct DroppedTold {
    std::vector<DroppedCandidate> candidates;
    std::uint64_t untold = 0;

    void add(DroppedCandidate one) {
        if (candidates.size() < dropped_a_layer) {
            candidates.push_back(std::move(one));
        } else {
            ++untold;
        }
    }
};

/// Counts a finding that is about to be erased, and tells it where `told` is not null.
inline void drop(LayerResult& result, DroppedTold* told, const LayerFinding& found,
                 std::string_view reason) {
    ++result.dropped[reason];
    if (told != nullptr) told->add({found, reason, {}});
}

}  // namespace stratascan::layer
