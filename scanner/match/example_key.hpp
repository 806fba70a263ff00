// Fresh private keys for examples.
#pragma once

#include <string>
#include <string_view>

namespace stratascan::match {

/// A PEM block of the kind (see expand_example), ending in a line's end; empty
/// for an unknown kind, or where OpenSSL refuses. Made once a process.
[[nodiscard]] std::string example_key(std::string_view kind);

}  // namespace stratascan::match
