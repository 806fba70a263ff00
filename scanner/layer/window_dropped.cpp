// Candidates that became no finding: counted for --stats, and told one by one where
// `rules explain` asks. The two agree, for both go by the same places of the window.
#include <algorithm>
#include <utility>

#include "scanner/layer/window_region.hpp"
#include "scanner/match/drop_detail.hpp"

namespace stratascan::layer {

namespace {

// A window full of candidates is counted in parts, so that it does not fill memory.
constexpr std::size_t most_dropped = 1 << 14;

}  // namespace

void WindowScanner::count_dropped(std::uint64_t stream_begin) {
    for (const match::Dropped& one : dropped_) {
        window_dropped_.push_back(
            {stream_begin + one.begin, stream_begin + one.end, one.rule, one.reason});
    }
    dropped_.clear();
    if (window_dropped_.size() >= most_dropped) settle_dropped();
}

void WindowScanner::count_dropped(std::uint64_t stream_begin, const ViewDrop& one) {
    window_dropped_.push_back(
        {stream_begin + one.begin, stream_begin + one.end, one.rule, one.reason});
    if (window_dropped_.size() >= most_dropped) settle_dropped();
}

void WindowScanner::settle_dropped() {
    std::sort(window_dropped_.begin(), window_dropped_.end());
    const auto end = std::unique(window_dropped_.begin(), window_dropped_.end());
    for (auto one = window_dropped_.begin(); one != end; ++one) ++counters_.dropped[one->reason];
    window_dropped_.clear();
}

void WindowScanner::tell_dropped(const Window& window, const Region& region,
                                 std::string_view path, WindowScan& result) {
    for (const match::Dropped& one : dropped_) {
        ViewDropped told;
        told.candidate.match.rule = one.rule;
        told.candidate.match.begin = one.begin;
        told.candidate.match.end = one.end;
        told.candidate.match.finding = second_look_.candidate(one, region.text);
        told.reason = one.reason;
        told.detail = match::drop_detail(*rules_.rules()[one.rule], one, region.text, path);
        tell_dropped(window, region, told, result);
    }
}

void WindowScanner::tell_dropped(const Window& window, const Region& region, ViewDropped& one,
                                 WindowScan& result) {
    match::Match& match = one.candidate.match;
    const DroppedPlace place{region.stream_begin + match.begin, region.stream_begin + match.end,
                             match.rule, one.reason};
    if (!told_dropped_.insert(place).second) return;
    DroppedFinding told{placed(window, region, match), one.reason, std::move(one.detail)};
    told.finding.named_secret.clear();  // it is none
    result.dropped.push_back(std::move(told));
}

}  // namespace stratascan::layer
