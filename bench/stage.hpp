// How a stage is registered: long enough to settle, three times, for a median.
#pragma once

#include <benchmark/benchmark.h>

#include <string>
#include <utility>

namespace stratascan::bench {

/// `run` takes a benchmark::State&. The figure is "stage.STAGE/OF".
template <typename Run>
void add_stage(const std::string& stage, const std::string& of, Run run) {
    benchmark::RegisterBenchmark((of.empty() ? stage : stage + "/" + of).c_str(), std::move(run))
        ->MinTime(0.1)
        ->Repetitions(3)
        ->UseRealTime();
}

}  // namespace stratascan::bench
