// The collectors of all the streams of windows that a layer has: its own, and those
// of what is inside containers. Settles what concerns several of them: a secret in
// the name of a member stands in the path of whatever is found in it, and a secret
// that a container leaves as it is, is seen in the container's bytes, too.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "scanner/layer/fact_collector.hpp"
#include "scanner/layer/layer_collector.hpp"

namespace stratascan::layer {

/// Streams from this number on come and go.
inline constexpr std::uint32_t first_passing_stream = 1000;

class StreamCollectors {
public:
    StreamCollectors(const match::RuleSet& rules, const FileLimits& limits);

    /// Windows of one stream come in order of their sequence.
    void add(Window& window, WindowScan& scan, SpottedFacts& facts);

    /// The streams of these numbers have ended: what they gave is kept, and their numbers
    /// may be used again.
    void end_streams(std::uint32_t from, std::uint32_t to);

    /// Hands over everything; `inner_gaps` are those met inside containers.
    void finish(LayerResult& result, std::vector<OrdinalGap> inner_gaps);

    [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

    /// Whether there is one, which stays as it is. From any thread.
    [[nodiscard]] bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }

    /// The stream's member that need not be looked at any more. From any thread.
    [[nodiscard]] std::optional<std::uint32_t> exhausted(std::uint32_t stream) const noexcept {
        return exhausted_.of(stream);
    }

private:
    LayerCollector& collector_of(std::uint32_t stream);
    void add_stream();
    void cut_names(LayerResult& result, std::vector<OrdinalGap>& gaps);

    std::shared_ptr<const program::ProgramSet> programs_;
    std::shared_ptr<const match::PairRules> pairs_;
    FileLimits limits_;
    ExhaustedFiles exhausted_;
    std::size_t findings_left_;
    Certificates certificates_;
    std::size_t windows_left_ = windows_kept_inside;
    FactCollector facts_;
    std::deque<LayerCollector> streams_;
    // Those of what is written in base64 or hex, which come and go.
    std::map<std::uint32_t, LayerCollector> passing_;
    LayerResult passed_;
    std::vector<OrdinalGap> passed_gaps_;
    std::vector<LayerCollector::NamedSecret> passed_names_;
    bool has_more_named_ = false;
    std::optional<Error> error_;
    std::atomic<bool> failed_ = false;
};

}  // namespace stratascan::layer
