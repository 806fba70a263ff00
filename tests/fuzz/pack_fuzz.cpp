// Any bytes as the pack of rules that a program carries: what is read can be
// written, and reads again as the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/match/pack.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::match;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    static_cast<void>(read_pack(bytes));
    const auto rules = read_rules(bytes);
    if (!rules) return 0;
    const std::string written = write_rules(*rules);
    const auto again = read_rules(written);
    if (!again || write_rules(*again) != written) __builtin_trap();
    return 0;
}
