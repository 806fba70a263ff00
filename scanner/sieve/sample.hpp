// Bytes that are like those of real layers where nothing is to be found: what
// buckets are judged by. bench/sample.py makes them up.
#pragma once

#include <string_view>

namespace stratascan::sieve {

/// Like the files of a source tree.
[[nodiscard]] std::string_view text_sample() noexcept;
/// Like machine code and what stands round it.
[[nodiscard]] std::string_view binary_sample() noexcept;

}  // namespace stratascan::sieve
