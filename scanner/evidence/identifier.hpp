// Whose a secret is: the user's name beside a password, the client's id beside its
// secret. These are no secrets, so they stand in the secret's own finding in the clear
// and make none of their own, which would be noise.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace stratascan::evidence {

inline constexpr std::size_t identifier_sight = 256;  ///< bytes before and behind a secret
inline constexpr std::size_t identifier_limit = 64;   ///< bytes of a value

/// "user", "client-id", "account-sid".
[[nodiscard]] bool is_identifier_kind(std::string_view kind) noexcept;

struct IdentifierAt {
    std::size_t begin = 0, end = 0;  ///< in the text
};

/// What a name has in front of the word that says "user" or what kind of secret it is,
/// in small letters: "postgres" of POSTGRES_USER and of postgresPassword. Empty where that
/// word is the first, or there is none.
[[nodiscard]] std::string credential_stem(std::string_view name);
/// Whether a name says that its value is a user's; a password.
[[nodiscard]] bool is_user_name(std::string_view name);
[[nodiscard]] bool is_password_name(std::string_view name);
/// Whether a value may be a user's name: no placeholder, and of no other characters.
[[nodiscard]] bool may_be_user(std::string_view value);

/// The nearest one of that kind to the secret at [begin, end) of `text`, in the same
/// line or beside it: of users one whose name begins as that of the secret, or one of
/// which nothing is said but that it is a user; none that overlaps or repeats the secret, or is a placeholder
/// or a variable. Bounded by identifier_sight.
[[nodiscard]] std::optional<IdentifierAt> find_identifier(std::string_view kind,
                                                          std::string_view text,
                                                          std::size_t begin, std::size_t end);

}  // namespace stratascan::evidence
