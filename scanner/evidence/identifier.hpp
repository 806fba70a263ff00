// Whose a secret is: the user's name beside a password, the client's id beside its
// secret. These are no secrets, so they stand in the secret's own finding in the clear
// and make none of their own, which would be noise.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace stratascan::evidence {

inline constexpr std::size_t identifier_sight = 256;  ///< bytes before and behind a secret
inline constexpr std::size_t identifier_limit = 64;   ///< bytes of a value

/// "user", "client-id".
[[nodiscard]] bool is_identifier_kind(std::string_view kind) noexcept;

struct IdentifierAt {
    std::size_t begin = 0, end = 0;  ///< in the text
};

/// The nearest one of that kind to the secret at [begin, end) of `text`, in the same
/// line or beside it; none that overlaps or repeats the secret, or is a placeholder
/// or a variable. Bounded by identifier_sight.
[[nodiscard]] std::optional<IdentifierAt> find_identifier(std::string_view kind,
                                                          std::string_view text,
                                                          std::size_t begin, std::size_t end);

}  // namespace stratascan::evidence
