// Clocks that jump. The time of day goes forwards and backwards as administrators and NTP
// have it; the steady clock, which never goes back, leaves out a long while, as that of a
// machine that was halted.
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "tests/faults/shim.hpp"

namespace {

long jump = 0;
long halted = 0;
std::atomic<unsigned long> calls = 0;
std::atomic<long> steady_calls = 0;

__attribute__((constructor)) void begin() {
    jump = faults::number("FAULT_CLOCK", 0);
    halted = faults::number("FAULT_MONOTONIC", 0);
}

// 0, +1, -1, +2, -2, 0, ... jumps: each call is far from the one before.
long offset() {
    if (jump == 0) return 0;
    constexpr long steps[] = {0, 1, -1, 2, -2};
    return jump * steps[calls++ % 5];
}

int now(clockid_t clock, timespec* out) {
    const int code = static_cast<int>(syscall(SYS_clock_gettime, clock, out));
    if (code != 0) return code;
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) out->tv_sec += offset();
    if ((clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE) && halted != 0 &&
        ++steady_calls > 20) {
        out->tv_sec += halted;
    }
    return 0;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* out) { return now(clock, out); }

int gettimeofday(timeval* out, void*) {
    timespec at{};
    const int code = now(CLOCK_REALTIME, &at);
    *out = {at.tv_sec, at.tv_nsec / 1000};
    return code;
}

time_t time(time_t* out) {
    timespec at{};
    now(CLOCK_REALTIME, &at);
    if (out != nullptr) *out = at.tv_sec;
    return at.tv_sec;
}

}  // extern "C"
