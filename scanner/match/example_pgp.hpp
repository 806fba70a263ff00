// OpenPGP packets for examples (RFC 4880, section 5.5).
#pragma once

#include <string>
#include <string_view>

namespace stratascan::match {

/// The packet that a key ring begins with: `kind` is rsa, rsa-protected, rsa-public, eddsa
/// or eddsa-public; its numbers are cut from `drawn`, 2048 bytes or more. Empty for an
/// unknown kind.
[[nodiscard]] std::string example_pgp(std::string_view kind, std::string_view drawn);

}  // namespace stratascan::match
