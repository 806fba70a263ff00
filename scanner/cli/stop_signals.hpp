// Ctrl-C, SIGTERM and a terminal that goes away (SIGHUP): the first asks the scan to end with what is complete, the
// second ends the process at once.
#pragma once

#include <stop_token>
#include <thread>

namespace stratascan::cli {

class StopSignals {
public:
    /// Must be made before any other thread, so that all inherit the mask.
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

private:
    std::stop_source source_;
    std::jthread waiter_;
};

}  // namespace stratascan::cli
