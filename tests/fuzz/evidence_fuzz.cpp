// The first byte picks a check, the next three where the match begins and ends in
// the text behind them, and where the secret begins in the match: no bytes may crash a check, make it hang, or put a character into its detail that
// a terminal would act on.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/evidence/evidence.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::evidence;
    if (size < 4) return 0;
    static const auto names = check_names();
    const std::string_view text(reinterpret_cast<const char*>(data + 4), size - 4);
    const std::string_view upto = text.substr(0, text.size() - data[2] * text.size() / 256);
    const std::string_view match = upto.substr(data[1] * upto.size() / 256);
    const std::string_view secret = match.substr(data[3] * match.size() / 256);
    const Output output = find_check(names[data[0] % names.size()])({secret, match, text});
    for (const char c : output.detail) {
        if (c < ' ' || c > '~') std::abort();
    }
    if (placeholder_reason(text).size() > text.size() + 64) std::abort();
    if (entropy(text) < 0 || entropy(text) > 8.0001) std::abort();
    return 0;
}
