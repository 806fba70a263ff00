// Manifests from before 2016 (distribution, "Image Manifest Version 2, Schema 1"):
// no config but, for each layer, docker's old JSON as text; layers from the top
// down; and signatures in the document itself, which its digest is not over.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "scanner/source/oci_json.hpp"

namespace stratascan::source {

/// The bytes that the digest of a signed manifest is over: without the signatures,
/// put together as they tell (their "protected" header has the length of what stands
/// before them, and the text that closes it). Nothing where there are none, or they
/// can't be understood.
[[nodiscard]] std::optional<std::string> schema1_payload(std::string_view bytes);

/// Takes layers (lowest first, each with its build step) and the platform into
/// `document`.
void read_schema1(std::string_view bytes, OciDocument& document);

}  // namespace stratascan::source
