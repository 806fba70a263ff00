// Fresh stores of private keys for examples.
#pragma once

#include <string>
#include <string_view>

namespace stratascan::match {

/// The bytes of a store of the kind (see expand_example); empty for an unknown
/// kind, or where OpenSSL refuses. Made once a process.
[[nodiscard]] std::string example_keystore(std::string_view kind);

}  // namespace stratascan::match
