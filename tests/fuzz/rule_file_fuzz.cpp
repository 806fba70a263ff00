// Any text as a rule file, read and completed.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/match/rule_file.hpp"
#include "scanner/match/ruleset.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::match;
    auto file =
        parse_rule_file({reinterpret_cast<const char*>(data), size}, "fuzz.toml");
    if (!file) {
        if (file.error().where.empty()) __builtin_trap();
        return 0;
    }
    const auto rules = RuleSet::build(std::move(*file));
    if (!rules && rules.error().what.empty()) __builtin_trap();
    return 0;
}
