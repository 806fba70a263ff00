// Any text as a rule file in the form of gitleaks, read and carried over: what comes
// out is complete, and runs.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "scanner/match/gitleaks_file.hpp"
#include "scanner/match/ruleset.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::match;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    auto file = parse_gitleaks_file(text, "fuzz.toml");
    if (!file) {
        if (file.error().where.empty() || is_gitleaks_file(text)) __builtin_trap();
        return 0;
    }
    for (const std::string& note : file->notes) {
        if (!note.starts_with("fuzz.toml:")) __builtin_trap();
    }
    const auto conditions = std::make_shared<RegexPool>(regex_options());
    for (const Rule& rule : file->rules) {
        if (rule.id.empty() || rule.width == 0) __builtin_trap();
        if (rule.anchors.empty() && rule.gate.empty()) __builtin_trap();
        const CompiledRule compiled(rule, conditions);
        if (!compiled.pattern().ok() || compiled.last_group() > most_groups) __builtin_trap();
        (void)compiled.allowed_by({"a text", 2, 6, "text", "a/path"});
        (void)compiled.looks_at("a/path");
    }
    return 0;
}
