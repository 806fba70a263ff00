// Time for the counters of `--stats`, and what a thread has had of a processor.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>

namespace stratascan::layer {

[[nodiscard]] inline std::uint64_t now_ns() noexcept {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                          std::chrono::steady_clock::now().time_since_epoch())
                                          .count());
}

[[nodiscard]] inline std::uint64_t thread_ns() noexcept {
    timespec spent{};
    // It fails for clocks that a kernel lacks, and every kernel has a thread's.
    static_cast<void>(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent));
    return static_cast<std::uint64_t>(spent.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(spent.tv_nsec);
}

}  // namespace stratascan::layer
