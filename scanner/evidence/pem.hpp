// A PEM block (RFC 7468, RFC 1421) as it stands in real files: in JSON with `\n`
// as two characters, in source code as quoted lines, indented in YAML, with CR LF,
// behind comment marks, and cut off.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "scanner/evidence/wiped.hpp"

namespace stratascan::evidence {

struct Pem {
    std::string label;    ///< "RSA PRIVATE KEY"
    std::string headers;  ///< the lines "Proc-Type: …" of RFC 1421, each ended by '\n'
    Wiped body;           ///< decoded; empty where it is no base64
    std::string armor_sum;  ///< OpenPGP's line "=abcd" (RFC 9580, 6.1) without '='; or empty
};

/// The first block of `text`; nothing where it has no opening line. The closing
/// line may be missing. Time and memory are linear in `text`.
[[nodiscard]] std::optional<Pem> read_pem(std::string_view text);

}  // namespace stratascan::evidence
