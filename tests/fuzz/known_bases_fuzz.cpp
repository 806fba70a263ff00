// Any text as a table of base images: refused with its line, or whole.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/policy/known_bases.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::policy;
    const auto bases = parse_known_bases({reinterpret_cast<const char*>(data), size}, "t.tsv");
    if (!bases) {
        if (!bases.error().where.starts_with("t.tsv:")) __builtin_trap();
        return 0;
    }
    for (const BaseImage& base : *bases) {
        if (base.names.size() != 1 || base.layer_digests.empty()) __builtin_trap();
        if (!base.diff_ids.empty() && base.diff_ids.size() != base.layer_digests.size()) {
            __builtin_trap();
        }
    }
    return 0;
}
