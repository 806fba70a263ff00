#include "bench/figures.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace stratascan::bench {

void print_figure(std::string_view name, double value, std::string_view unit) {
    fmt::print("{} {:.3f} {}\n", name, value, unit);
    static_cast<void>(std::fflush(stdout));
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    if (values.size() % 2 == 1) return values[middle];
    return (values[middle - 1] + values[middle]) / 2;
}

double rate(std::uint64_t bytes, std::uint64_t nanoseconds) noexcept {
    if (nanoseconds == 0) return 0;
    return static_cast<double>(bytes) / static_cast<double>(nanoseconds);
}

// proc(5): "5" resets VmHWM.
void reset_peak_memory() { std::ofstream("/proc/self/clear_refs") << "5"; }

std::uint64_t peak_memory() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10) << 10;
    }
    return 0;
}

KeyFile::KeyFile()
    : path_((std::filesystem::temp_directory_path() / "stratascan-bench-XXXXXX").string()) {
    const int file = ::mkstemp(path_.data());  // mode 0600, as the key must have
    const std::string key(32, 'b');
    if (file < 0 || ::write(file, key.data(), key.size()) != static_cast<ssize_t>(key.size())) {
        give_up("the key file " + path_ + " cannot be written");
    }
    ::close(file);
}

KeyFile::~KeyFile() { ::unlink(path_.c_str()); }

void give_up(std::string_view why) {
    fmt::print(stderr, "bench: {}\n", why);
    std::exit(3);
}

}  // namespace stratascan::bench
