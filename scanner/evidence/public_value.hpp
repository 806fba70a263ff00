// Values that have the letters of a drawn secret and are meant for all to see.
#pragma once

#include <string_view>

namespace stratascan::evidence {

/// Why `value` is no secret although it reads like one: "hash", "checksum", "UUID",
/// "public key", "certificate", "test vector", "minified code"; or empty. `name` is
/// what it is assigned to, `around` the text that it stands in, `quoted` whether it
/// stands in quotes.
[[nodiscard]] std::string_view public_reason(std::string_view value, std::string_view name,
                                             std::string_view around, bool quoted);

/// Whether `value` has the form of a UUID (RFC 9562, section 4).
[[nodiscard]] bool is_uuid(std::string_view value) noexcept;

}  // namespace stratascan::evidence
