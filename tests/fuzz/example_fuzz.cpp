// Any text as an example of a rule: `rules lint` and `rules test` fill in what a stranger's file
// asks for. It ends, within its size, and the same seed gives the same text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/match/example.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using stratascan::match::expand_example;
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto once = expand_example(text, data[0]);
    const auto again = expand_example(text, data[0]);
    if (once.has_value() != again.has_value()) __builtin_trap();
    if (!once) {
        if (once.error().what.empty()) __builtin_trap();
        return 0;
    }
    if (*once != *again) __builtin_trap();
    if (text.find("{{") == text.npos && *once != text) __builtin_trap();
    if (once->size() > (std::size_t{2} << 20U)) __builtin_trap();
    return 0;
}
