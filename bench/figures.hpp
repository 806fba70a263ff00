// What the benchmarks share: a figure's line, medians, memory, and a key of
// their own, so that no benchmark touches the user's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::bench {

/// Prints "NAME VALUE UNIT" on standard output.
void print_figure(std::string_view name, double value, std::string_view unit);

/// REQUIRES: `values` is not empty.
[[nodiscard]] double median(std::vector<double> values);

/// Bytes and nanoseconds to GB/s, which is bytes a nanosecond; 0 without time.
[[nodiscard]] double rate(std::uint64_t bytes, std::uint64_t nanoseconds) noexcept;

/// Makes the process's peak of resident memory count anew from now on.
void reset_peak_memory();
/// In bytes; 0 where the system does not tell.
[[nodiscard]] std::uint64_t peak_memory();

/// A file with a key of no worth, there as long as this lives.
class KeyFile {
public:
    KeyFile();
    ~KeyFile();
    KeyFile(const KeyFile&) = delete;
    KeyFile& operator=(const KeyFile&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

/// Writes why to standard error and ends the process: a benchmark that cannot
/// measure has nothing else to say.
[[noreturn]] void give_up(std::string_view why);

}  // namespace stratascan::bench
