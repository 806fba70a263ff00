#include "scanner/cli/progress_line.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "scanner/layer/clock.hpp"

namespace stratascan::cli {

namespace {

constexpr auto interval = std::chrono::milliseconds(100);
// A scan that is over sooner needs no line.
constexpr std::uint64_t first_tick = 3;
constexpr std::string_view wipe = "\r\x1b[K";

}  // namespace

ProgressLine::ProgressLine() : start_ns_(layer::now_ns()) {
    drawer_ = std::jthread([this](const std::stop_token& stop) {
        for (std::uint64_t tick = 0; !stop.stop_requested(); ++tick) {
            if (tick >= first_tick) draw();
            std::this_thread::sleep_for(interval);
        }
    });
}

ProgressLine::~ProgressLine() {
    drawer_.request_stop();
    drawer_.join();
    static_cast<void>(std::fwrite(wipe.data(), 1, wipe.size(), stderr));
}

void ProgressLine::layers_planned(std::size_t layers, std::uint64_t compressed_bytes) {
    layers_ += layers;
    bytes_ += compressed_bytes;
}

void ProgressLine::bytes_read(std::uint64_t compressed_bytes) { read_ += compressed_bytes; }

void ProgressLine::layer_done(std::size_t findings) {
    ++layers_done_;
    findings_ += findings;
}

void ProgressLine::draw() const {
    const double seconds = static_cast<double>(layer::now_ns() - start_ns_) / 1e9;
    const double read = static_cast<double>(read_) / 1e6;
    const double all = static_cast<double>(bytes_) / 1e6;
    std::string line = fmt::format("{}{} of {} layers  {:.0f}", wipe, layers_done_.load(),
                                   layers_.load(), read);
    if (all >= read && all > 0) {
        line += fmt::format(" of {:.0f} MB  {:.0f}%", all, 100 * read / all);
    } else {
        line += " MB";
    }
    line += fmt::format("  {:.0f} MB/s  {} found", seconds > 0 ? read / seconds : 0.0,
                        findings_.load());
    static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));
    static_cast<void>(std::fflush(stderr));
}

}  // namespace stratascan::cli
