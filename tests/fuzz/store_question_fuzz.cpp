// Any bytes as what `find` is asked with: a pattern and a path, ranges and versions.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/store/glob.hpp"
#include "scanner/store/version_range.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::store;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::string_view left = bytes.substr(0, size / 2);
    const std::string_view right = bytes.substr(size / 2);
    const Glob glob(left);
    if (glob.matches(right)) {
        // An index is asked with these first, so every match must fit them.
        const std::string_view base = right.substr(right.rfind('/') + 1);
        if (!(glob.of_base() ? base : right).starts_with(glob.prefix())) __builtin_trap();
        if (glob.base() && base != *glob.base()) __builtin_trap();
    }
    const auto order = compare_versions(left, right);
    if (compare_versions(right, left) != 0 <=> order) __builtin_trap();
    if (const auto range = VersionRange::parse(left)) static_cast<void>(range->holds(right));
    return 0;
}
