// The scan against its floor: `floor_bench [--pairs N] [--jobs N] LAYOUT...`.
//
// Machines change their clock, and other work comes and goes. So a rate of the
// scan says little, and only its fraction of the floor is quoted: floor and scan
// take turns on the same blobs in the page cache, and a pair's fraction is that
// of two measures a moment apart.
//
// A layer is a chain: its decoder cannot be split. The floor of one layer is
// therefore one thread's, and its scan has two: one to go on decoding, one to
// look at what was decoded. Several layers have all processors on both sides.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/figures.hpp"
#include "bench/floor.hpp"
#include "scanner/layer/clock.hpp"
#include "stratascan/scanner.hpp"

namespace {

using namespace stratascan;

constexpr unsigned one_layer_jobs = 2;

struct Arguments {
    unsigned pairs = 5;
    unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
    std::vector<std::string> layouts;
};

struct Pair {
    double floor = 0, scan = 0;  // GB/s
};

// `bytes`: what the floor saw. A scan that left something out would be compared
// with a floor that did not. (A file with more findings than are kept, as in the
// dense corpora, was still scanned.)
std::uint64_t scan_once(Scanner& scanner, const bench::Corpus& corpus, std::uint64_t bytes) {
    const std::string& target = corpus.path();
    const std::uint64_t start = layer::now_ns();
    const auto report = scanner.scan({&target, 1});
    const std::uint64_t time = layer::now_ns() - start;
    if (!report) bench::give_up(report.error().message());
    std::uint64_t scanned = 0;
    for (const TargetReport& image : report->targets) {
        for (const LayerReport& layer : image.layers) scanned += layer.bytes;
    }
    if (scanned != bytes) bench::give_up(corpus.name() + " was not scanned whole");
    return time;
}

bench::FloorRun floor_once(const bench::Corpus& corpus, unsigned threads) {
    const auto run = bench::run_floor(corpus, threads);
    if (!run) bench::give_up(corpus.name() + ": " + run.error().message());
    return *run;
}

// Where the scan's time went, of all rounds: a stage's rate is that of one
// thread in that stage, over the bytes of the stream.
void print_stages(const std::string& name, const Stats& stats) {
    const auto print = [&](std::string_view stage, std::uint64_t time) {
        bench::print_figure(fmt::format("{}.scan.{}", name, stage),
                            bench::rate(stats.bytes, time), "GB/s");
    };
    print("hash", stats.hash_ns);
    print("decode", stats.decode_ns);
    print("match", stats.scan_ns - stats.confirm_ns);
    if (stats.raw_hits == 0) return;
    bench::print_figure(name + ".scan.confirm",
                        static_cast<double>(stats.confirm_ns) / static_cast<double>(stats.bytes),
                        "ns/byte");
    bench::print_figure(name + ".scan.hits",
                        static_cast<double>(stats.raw_hits) * 1e6 /
                            static_cast<double>(stats.bytes),
                        "hits/MB");
}

void print_pairs(const std::string& name, const std::vector<Pair>& pairs) {
    std::vector<double> floors, scans, fractions;
    for (const Pair& pair : pairs) {
        floors.push_back(pair.floor);
        scans.push_back(pair.scan);
        fractions.push_back(pair.scan / pair.floor);
    }
    bench::print_figure(name + ".floor", bench::median(floors), "GB/s");
    bench::print_figure(name + ".scan", bench::median(scans), "GB/s");
    bench::print_figure(name + ".fraction", bench::median(fractions), "ratio");
    const auto [least, most] = std::minmax_element(fractions.begin(), fractions.end());
    bench::print_figure(name + ".fraction_min", *least, "ratio");
    bench::print_figure(name + ".fraction_max", *most, "ratio");
}

void measure(const std::string& layout, const Arguments& arguments, const std::string& key) {
    const auto corpus = bench::Corpus::open(layout);
    if (!corpus) bench::give_up(layout + ": " + corpus.error().message());
    const bool single = corpus->layers() == 1;
    const unsigned jobs = single ? one_layer_jobs : arguments.jobs;
    const auto layers = static_cast<unsigned>(std::min<std::size_t>(corpus->layers(), jobs));

    Options options;
    options.jobs = jobs;
    options.key_file = key;
    auto scanner = Scanner::create(options);
    if (!scanner) bench::give_up(scanner.error().message());

    // The warm-up: pages, clock, and regular expressions that compile on first use.
    const std::uint64_t bytes = floor_once(*corpus, layers).bytes;
    (void)scan_once(**scanner, *corpus, bytes);
    bench::reset_peak_memory();
    std::vector<Pair> pairs;
    for (unsigned i = 0; i < arguments.pairs; ++i) {
        const bench::FloorRun floor = floor_once(*corpus, layers);
        const std::uint64_t scan = scan_once(**scanner, *corpus, bytes);
        pairs.push_back({bench::rate(bytes, floor.nanoseconds), bench::rate(bytes, scan)});
    }
    const std::string name = corpus->name();
    print_pairs(name, pairs);
    print_stages(name, (*scanner)->stats());
    bench::print_figure(name + ".peak_rss", static_cast<double>(bench::peak_memory()) / (1 << 20),
                        "MiB");
    fmt::print(stderr, "{}: {:.1f} MB, {} layers, {} jobs, {} pairs, {}, {}\n", name,
               static_cast<double>(bytes) / 1e6, corpus->layers(), jobs, arguments.pairs,
               (*scanner)->stats().gzip_decoder, (*scanner)->stats().engine_level);
}

Arguments read_arguments(int count, char** values) {
    Arguments arguments;
    for (int i = 1; i < count; ++i) {
        const std::string_view value = values[i];
        if ((value == "--pairs" || value == "--jobs") && i + 1 < count) {
            const auto number = static_cast<unsigned>(std::strtoul(values[++i], nullptr, 10));
            if (number == 0) bench::give_up(fmt::format("{} needs a number", value));
            (value == "--jobs" ? arguments.jobs : arguments.pairs) = number;
        } else {
            arguments.layouts.emplace_back(value);
        }
    }
    if (arguments.layouts.empty()) {
        bench::give_up("usage: floor_bench [--pairs N] [--jobs N] LAYOUT...");
    }
    return arguments;
}

}  // namespace

int main(int count, char** values) {
    const Arguments arguments = read_arguments(count, values);
    const bench::KeyFile key;
    for (const std::string& layout : arguments.layouts) measure(layout, arguments, key.path());
    return 0;
}
