// Bytes as the store keeps them: one zstd frame (RFC 8878) with its content's size and
// checksum, so that damage is seen before anything is made of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace stratascan::store {

/// No part is larger unpacked; more is damage.
inline constexpr std::size_t most_unpacked = std::size_t{64} << 20;

/// Empty when `bytes` are more than most_unpacked.
[[nodiscard]] std::string pack(std::string_view bytes);

/// Nothing when `packed` is no such frame, or a damaged one.
[[nodiscard]] std::optional<std::string> unpack(std::string_view packed);

}  // namespace stratascan::store
