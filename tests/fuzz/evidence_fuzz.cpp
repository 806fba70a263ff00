// The first byte picks a check, the rest is secret, match and surroundings: no
// bytes may crash a check, make it hang, or put a character into its detail that
// a terminal would act on.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/evidence/evidence.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::evidence;
    if (size == 0) return 0;
    static const auto names = check_names();
    const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
    const Output output = find_check(names[data[0] % names.size()])({text, text, text});
    for (const char c : output.detail) {
        if (c < ' ' || c > '~') std::abort();
    }
    if (placeholder_reason(text).size() > text.size() + 64) std::abort();
    if (entropy(text) < 0 || entropy(text) > 8.0001) std::abort();
    return 0;
}
