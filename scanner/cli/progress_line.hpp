// One line on a terminal that says how far a scan is. Apart from the work: it
// reads counters ten times a second, and is not there when nobody looks.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "stratascan/scanner.hpp"

namespace stratascan::cli {

class ProgressLine final : public Progress {
public:
    /// Draws on standard error from now on until it dies, then wipes the line.
    ProgressLine();
    ~ProgressLine() override;
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void layers_planned(std::size_t layers, std::uint64_t compressed_bytes) override;
    void bytes_read(std::uint64_t compressed_bytes) override;
    void layer_done(std::size_t findings) override;

private:
    void draw() const;

    std::atomic<std::uint64_t> layers_ = 0, layers_done_ = 0, bytes_ = 0, read_ = 0, findings_ = 0;
    std::uint64_t start_ns_;
    std::jthread drawer_;
};

}  // namespace stratascan::cli
