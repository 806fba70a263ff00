// Any text as a policy, as the catalogue of checks, and as a baseline.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/policy/baseline.hpp"
#include "scanner/policy/policy.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::policy;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto policy = parse_policy(text, "fuzz.toml");
    // Whoever wrote it must learn where to look.
    if (!policy && (policy.error().where.empty() || policy.error().what.empty())) __builtin_trap();
    if (policy && (policy->id.empty() || policy->checks.empty())) __builtin_trap();
    const auto checks = read_catalogue(text, "fuzz.toml");
    if (!checks && checks.error().where.empty()) __builtin_trap();
    (void)read_baseline(text, "fuzz.json");
    return 0;
}
