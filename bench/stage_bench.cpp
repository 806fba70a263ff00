// Each stage alone, on one thread, on bytes in memory. A stage that processes
// content is given in GB/s of uncompressed bytes (the digest: of blob bytes), one
// that is done once an item in ns. With STRATASCAN_CORPORA=FOLDER, a folder that
// corpora.py built, real bytes are measured beside made ones.
//
// Google Benchmark's own options work: --benchmark_filter=decode and so on.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "bench/figures.hpp"
#include "bench/material.hpp"

namespace {

using namespace stratascan;

/// NAME VALUE UNIT, of the medians alone.
class FigureReporter final : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context&) override { return true; }

    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            if (run.error_occurred) {
                bench::give_up(run.run_name.function_name + ": " + run.error_message);
            }
            if (run.run_type == Run::RT_Aggregate && run.aggregate_name == "median") report(run);
        }
    }

private:
    static void report(const Run& run) {
        const std::string name = "stage." + run.run_name.function_name;
        const auto bytes = run.counters.find("bytes_per_second");
        const auto items = run.counters.find("items_per_second");
        if (bytes != run.counters.end()) {
            bench::print_figure(name, bytes->second.value / 1e9, "GB/s");
        } else if (items != run.counters.end()) {
            bench::print_figure(name, 1e9 / items->second.value, "ns");
        } else {
            bench::print_figure(name, run.GetAdjustedRealTime(), "ns");
        }
    }
};

}  // namespace

int main(int count, char** values) {
    benchmark::Initialize(&count, values);
    if (benchmark::ReportUnrecognizedArguments(count, values)) return 3;
    const char* const corpora = std::getenv("STRATASCAN_CORPORA");
    const std::vector<bench::Material> materials =
        bench::make_materials(corpora == nullptr ? "" : corpora);
    for (const bench::Material& material : materials) {
        bench::register_layer_stages(material);
        bench::register_match_stages(material);
    }
    bench::register_identity_stages();
    bench::register_program_stages();
    bench::register_report_stages();
    FigureReporter reporter;
    benchmark::RunSpecifiedBenchmarks(&reporter);
    benchmark::Shutdown();
    return 0;
}
