// The scan's counters for people: where the time went and how fast each stage
// was. Times of a stage are sums over threads, so rates are those of one thread;
// the last rate is that of the whole.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "scanner/report/report_writer.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::report {

namespace {

constexpr double nanoseconds_a_second = 1e9;

/// One aligned line a figure: what, how long, how fast.
class Block {
public:
    void figure(std::string_view name, std::string_view value) {
        fmt::format_to(std::back_inserter(text_), "{:<12}  {}\n", name, value);
    }

    /// Bytes a nanosecond are gigabytes a second.
    void stage(std::string_view name, std::uint64_t time_ns, std::uint64_t bytes) {
        const double seconds = static_cast<double>(time_ns) / nanoseconds_a_second;
        std::string rate = "-";
        if (time_ns > 0 && bytes > 0) {
            rate = fmt::format("{:.2f} GB/s",
                               static_cast<double>(bytes) / static_cast<double>(time_ns));
        }
        fmt::format_to(std::back_inserter(text_), "{:<12}  {:>9.3f} s  {:>12}  of {}\n", name,
                       seconds, rate, sized(bytes));
    }

    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string text_;
};

// The most frequent reason first; equals by their names.
void write_dropped(Block& block, const Stats& stats) {
    std::vector<std::pair<std::string, std::uint64_t>> reasons(stats.dropped.begin(),
                                                               stats.dropped.end());
    std::stable_sort(reasons.begin(), reasons.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::uint64_t all = 0;
    for (const auto& [reason, count] : reasons) all += count;
    block.figure("dropped", counted(all, "candidate"));
    for (const auto& [reason, count] : reasons) {
        block.figure("", fmt::format("{:>9}  {}", grouped(count), printable(reason)));
    }
}

}  // namespace

std::string write_stats(const Stats& stats) {
    Block block;
    block.figure("layers", grouped(stats.layers));
    if (stats.stored_layers > 0) block.figure("from store", grouped(stats.stored_layers));
    block.figure("files", grouped(stats.files));
    block.figure("bytes", fmt::format("{} compressed, {} to scan", sized(stats.compressed_bytes),
                                      sized(stats.bytes)));
    block.stage("read", stats.read_ns, stats.compressed_bytes);
    block.stage("hash", stats.hash_ns, stats.compressed_bytes);
    block.stage("decompress", stats.decode_ns, stats.bytes);
    block.stage("scan", stats.scan_ns, stats.engine_bytes + stats.sieved_bytes);
    block.stage("confirm", stats.confirm_ns, stats.engine_bytes + stats.sieved_bytes);
    block.stage("whole", stats.total_ns, stats.bytes);
    block.figure("start", fmt::format("{:.1f} ms", static_cast<double>(stats.start_ns) / 1e6));
    block.figure("windows", grouped(stats.windows));
    block.figure("hits", fmt::format("{}, {} confirmed", grouped(stats.raw_hits),
                                     grouped(stats.confirmed)));
    write_dropped(block, stats);
    // With what was unpacked and decoded.
    const std::uint64_t all = stats.sieved_bytes + stats.engine_bytes;
    block.figure("scanned", fmt::format("{} bytes", grouped(all)));
    block.figure("sieve", stats.sieved_bytes == 0
                              ? "set nothing aside"
                              : fmt::format("{:.1f} % of {} set aside",
                                            100.0 * static_cast<double>(stats.sieved_bytes) /
                                                static_cast<double>(all),
                                            sized(all)));
    block.figure("peak RSS", sized(stats.peak_rss_bytes));
    block.figure("gzip", stats.gzip_decoder.empty() ? "-" : printable(stats.gzip_decoder));
    block.figure("engine", stats.engine_level.empty() ? "-" : printable(stats.engine_level));
    block.figure("sandbox", stats.sandbox.empty() ? "-" : printable(stats.sandbox));
    return block.take();
}

}  // namespace stratascan::report
