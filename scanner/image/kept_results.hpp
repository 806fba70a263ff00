// How much of what was found is held at once. A layer, a target and a report may have any number
// of findings and programs, for whoever builds images chooses how many; what they take is a share
// of `--memory`. What is over it is counted and told as a gap, and is in the store all the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "scanner/layer/layer_result.hpp"
#include "stratascan/report.hpp"

namespace stratascan::image {

/// Findings that an image's report has of its layers, which may stand in it any number of times;
/// and so many programs.
inline constexpr std::size_t told_of_layers = 100'000;
/// Findings in an image's config, manifest and the documents beside them.
inline constexpr std::size_t told_of_metadata = 10'000;

/// The share of memory that the layers of one target may take for findings and programs.
[[nodiscard]] constexpr std::uint64_t layers_share(std::uint64_t memory_bytes) noexcept {
    return memory_bytes / 16;
}
/// And the report of all targets, which is written as one text of up to four times that.
[[nodiscard]] constexpr std::uint64_t report_share(std::uint64_t memory_bytes) noexcept {
    return memory_bytes / 8;
}

/// The results of a target's layers. Of all together, in the order of their places, as much is
/// kept as the share has room for, whenever each comes: what is kept depends on nothing else.
class KeptResults {
public:
    explicit KeptResults(std::uint64_t share) : share_(share) {}

    /// A layer's result, which stays where it is and is cut from here on. One that was added
    /// before may come anew. From any thread.
    void add(std::size_t place, layer::LayerResult& result);

    /// Adds a gap to each result that was cut. Call once, when all have come.
    void tell();

private:
    struct Place {
        layer::LayerResult* result = nullptr;
        std::uint64_t untold = 0;
        std::uint64_t bytes = 0;  ///< that it takes
    };
    std::mutex mutex_;
    std::uint64_t share_;
    std::vector<Place> places_;
};

/// The same for results that others have, too, and that come in the order of their places: what
/// has no room any more is left out of a copy.
class SharedResults {
public:
    explicit SharedResults(std::uint64_t share) : share_(share), left_(share) {}

    [[nodiscard]] std::shared_ptr<const layer::LayerResult> take(
        std::shared_ptr<const layer::LayerResult> result);

private:
    std::uint64_t share_, left_;
};

/// Cuts an image's report to what there is room for, with a gap, and takes that from `left`.
void cut_report(TargetReport& report, std::uint64_t& left);

}  // namespace stratascan::image
