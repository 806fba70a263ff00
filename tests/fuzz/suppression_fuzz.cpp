// Any text as a suppression file; what is accepted must hold to the rules and be the
// same again when it is written and read.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/policy/glob.hpp"
#include "scanner/policy/suppression.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::policy;
    constexpr std::int64_t now = 1'780'000'000;
    const auto file =
        parse_suppressions({reinterpret_cast<const char*>(data), size}, "fuzz.toml", now);
    if (!file) {
        if (file.error().where.empty()) __builtin_trap();
        return 0;
    }
    for (const Suppression& one : file->entries) {
        if (one.reason.empty() || one.owner.empty() || one.until == 0) __builtin_trap();
        if (one.until > now + (longest_suppression_days + 1) * 86'400) __builtin_trap();
        if (one.secret.empty() && one.rule.empty() && one.program.empty() && one.path.empty() &&
            one.layer.empty() && one.check.empty()) {
            __builtin_trap();
        }
        if (!one.path.empty() && glob_is_blanket(one.path)) __builtin_trap();
        const auto text = write_suppression(one, now);
        if (text) {
            const auto again = parse_suppressions(*text, "again", now);
            if (!again || again->entries.front().path != one.path ||
                again->entries.front().reason != one.reason) {
                __builtin_trap();
            }
        } else if (!one.expired) {
            __builtin_trap();
        }
    }
    return 0;
}
