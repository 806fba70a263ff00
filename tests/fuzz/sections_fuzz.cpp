// Names round a token in any text: what is told stands among those that are known, its rule
// belongs to it, and it is told of what stands further up alone that is in sight.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/match/sections.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::match;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    Sections sections;
    sections.add("acme", 1);
    sections.add("acme", 2);
    sections.add("newforge", 3);
    const std::size_t at = std::min(text.find('@'), size);
    const std::size_t end = std::min(at + 1, size);
    const auto even = [](std::uint32_t rule) { return rule != 1; };
    const auto found = sections.find(text, at, end, even);
    if (found && found->rule != (found->name == "acme" ? 2U : 3U)) __builtin_trap();
    const std::size_t from = at > section_sight ? at - section_sight : 0;
    const auto again = sections.find(text.substr(from), at - from, end - from, even);
    if (found.has_value() != again.has_value()) __builtin_trap();
    if (found && found->name != again->name) __builtin_trap();
    if (secret_form(text).size() > size) __builtin_trap();
    return 0;
}
