// Private keys that packages ship in their test suites and documentation, known by
// their public halves. patterns/known-keys.tsv lists them; patterns/known-keys.py makes
// that list from the packages.
#pragma once

#include <string_view>

namespace stratascan::evidence {

/// The list as the program carries it: "<key>\t<package>" a line, sorted.
[[nodiscard]] std::string_view known_key_list() noexcept;

/// The package, "debian openssl", that `list` names for a key: the hex SHA-256 of its
/// SubjectPublicKeyInfo, or its SSH fingerprint. Empty where it has none.
[[nodiscard]] std::string_view package_of_key(std::string_view list,
                                              std::string_view key) noexcept;

}  // namespace stratascan::evidence
