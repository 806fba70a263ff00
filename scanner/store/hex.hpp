// A secret's name as text and as the bytes that the store keeps.
#pragma once

#include <string>
#include <string_view>

namespace stratascan::store {

/// "hmac-sha256:" and 64 hex digits to 32 bytes. Any other text stays what it is.
[[nodiscard]] std::string hmac_bytes(std::string_view secret_id);

/// The other way.
[[nodiscard]] std::string hmac_text(std::string_view bytes);

}  // namespace stratascan::store
