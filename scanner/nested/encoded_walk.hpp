// Containers that are written in base64 or hex: what the scan of a window saw the
// beginnings of is opened here, as the windows pass in their order. A release of Helm's in
// a Kubernetes Secret is base64 twice, and gzip in it; cloud-init has files in base64 and
// gzip.
//
// Each is a file of its own to the nest: within the same limits, and as deep as what it is
// written in. What comes out are windows, scanned one after the other before the next
// window of the layer is collected, and what is written in these is opened again. So
// memory is bounded by how many may be open at once, whatever is in a layer.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "scanner/layer/ordinal_gap.hpp"
#include "scanner/layer/stream_collectors.hpp"
#include "scanner/layer/window_scan.hpp"
#include "scanner/nested/nest.hpp"

namespace stratascan::nested {

/// Of one layer. One thread at a time.
class EncodedWalk {
public:
    using Scan = std::function<layer::WindowScan(layer::Window&)>;
    /// Takes over the window.
    using Collect = std::function<void(layer::Window&, layer::WindowScan&)>;
    /// The streams of the numbers [from, to) have ended; they are used again.
    using Ended = std::function<void(std::uint32_t from, std::uint32_t to)>;

    EncodedWalk(layer::SlabPool& pool, const NestLimits& limits, std::stop_token stop, Scan scan,
                Collect collect, Ended ended)
        : pool_(pool), limits_(limits), stop_(std::move(stop)), scan_(std::move(scan)),
          collect_(std::move(collect)), ended_(std::move(ended)) {}

    /// Windows of a stream come in order of their sequence; `starts` in any order. The
    /// window's bytes must still be there.
    void add(const layer::Window& window, std::vector<layer::EncodedStart> starts);
    /// No window comes any more.
    void finish();

    [[nodiscard]] const std::vector<layer::OrdinalGap>& gaps() const noexcept { return gaps_; }
    [[nodiscard]] std::uint64_t gaps_untold() const noexcept { return gaps_untold_; }
    [[nodiscard]] NestCounts counts() const;
    [[nodiscard]] bool over_memory() const noexcept { return over_memory_; }

private:
    // One that is open.
    struct Open {
        Open(layer::SlabPool& pool, const NestLimits& limits, views::ContainerWriting writing)
            : reader(writing), nest(pool, limits) {}

        std::uint32_t stream = 0;   // of the windows that it is written in
        std::uint32_t ordinal = 0;  // of the member there
        std::uint64_t next = 0;     // offset in that member
        NestCounts before;  // the nest began counting there
        views::ContainerReader reader;
        Nest nest;
    };
    static constexpr std::size_t open_at_once = 6;

    [[nodiscard]] std::size_t read_on(std::size_t slot, std::string_view bytes);
    [[nodiscard]] std::optional<std::size_t> open(const layer::Window& window,
                                                  const layer::Member& member,
                                                  const layer::EncodedStart& start);
    void add_gap(layer::OrdinalGap gap);
    void close(std::size_t slot);
    void drain(std::size_t slot);
    [[nodiscard]] std::optional<std::size_t> slot_of(std::uint32_t stream) const;
    [[nodiscard]] NestLimits limits_left() const;

    layer::SlabPool& pool_;
    NestLimits limits_;
    std::stop_token stop_;
    Scan scan_;
    Collect collect_;
    Ended ended_;
    std::array<std::unique_ptr<Open>, open_at_once> open_;
    std::vector<layer::OrdinalGap> gaps_;
    std::uint64_t gaps_untold_ = 0;
    NestCounts counts_;  // of those that have ended
    bool over_memory_ = false;
};

}  // namespace stratascan::nested
