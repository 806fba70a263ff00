// Any text as a Forge manifest.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/policy/manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::policy;
    if (size > (std::size_t{64} << 10)) return 0;
    const auto verdict =
        judge_manifest({reinterpret_cast<const char*>(data), size}, "fuzz.yml",
                       [](std::string_view word) { return std::string(word); });
    if (!verdict) return 0;
    // Every reason rests on something.
    if (!verdict->reasons.empty() && verdict->details.empty()) __builtin_trap();
    if (verdict->details.size() > 100) __builtin_trap();
    return 0;
}
