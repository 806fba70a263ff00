// Shannon entropy tells drawn characters from written ones, but only roughly:
// it knows nothing of order, and a short value can't reach a high figure (16
// distinct characters are 4 bits at most). So it is one condition of a rule
// among others, and never a proof.
#include <array>
#include <cmath>
#include <cstdint>

#include "scanner/evidence/evidence.hpp"

namespace stratascan::evidence {

double entropy(std::string_view text) noexcept {
    if (text.empty()) return 0;
    std::array<std::uint64_t, 256> counts{};
    for (const char c : text) ++counts[static_cast<std::uint8_t>(c)];
    const auto total = static_cast<double>(text.size());
    double bits = 0;
    for (const std::uint64_t count : counts) {
        if (count == 0) continue;
        const double share = static_cast<double>(count) / total;
        bits -= share * std::log2(share);
    }
    return bits < 0 ? 0 : bits;
}

}  // namespace stratascan::evidence
