// The step into a container that is written in base64 or hex: "base64 at 1234", the offset of its
// first character in the file that it is written in, for there may be several.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace stratascan::layer {

[[nodiscard]] inline std::string encoded_step(std::string_view encoding, std::uint64_t offset) {
    return fmt::format("{} at {}", encoding, offset);
}

/// The encoding that a step decodes, with its place or, of what is encoded twice, without one;
/// empty for any other.
[[nodiscard]] inline std::string_view encoding_of_step(std::string_view step) noexcept {
    for (const std::string_view encoding : {"base64", "hex"}) {
        if (!step.starts_with(encoding)) continue;
        step.remove_prefix(encoding.size());
        constexpr std::string_view at = " at ";
        if (step.empty()) return encoding;
        const bool place = step.size() > at.size() && step.starts_with(at) &&
                           step.find_first_not_of("0123456789", at.size()) == step.npos;
        return place ? encoding : std::string_view();
    }
    return {};
}

}  // namespace stratascan::layer
