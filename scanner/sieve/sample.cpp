#include "scanner/sieve/sample.hpp"

extern "C" {
extern const char stratascan_sample_begin[];
extern const char stratascan_sample_end[];
}

namespace stratascan::sieve {

namespace {

constexpr std::size_t text_bytes = 96 << 10;

std::string_view sample() noexcept {
    return {stratascan_sample_begin,
            static_cast<std::size_t>(stratascan_sample_end - stratascan_sample_begin)};
}

}  // namespace

std::string_view text_sample() noexcept { return sample().substr(0, text_bytes); }
std::string_view binary_sample() noexcept { return sample().substr(text_bytes); }

}  // namespace stratascan::sieve
