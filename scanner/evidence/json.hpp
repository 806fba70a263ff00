// JSON out of a token: parsed only when it is small and shallow, because the
// parser's tree is freed by recursion and a hostile token may nest as deep as it
// is long.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace stratascan::evidence {

inline constexpr std::size_t max_json_bytes = std::size_t{64} * 1024;

/// The object that `text` is as a whole; nothing for any other JSON or text.
[[nodiscard]] std::optional<nlohmann::json> json_object(std::string_view text);

/// The string member of that name, or an empty text.
[[nodiscard]] std::string json_string(const nlohmann::json& object, const char* name);

}  // namespace stratascan::evidence
