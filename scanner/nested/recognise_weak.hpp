// Compressions that have no magic: what may begin so is tried.
#pragma once

#include <string_view>

namespace stratascan::nested {

/// Whether a file's first bytes, up to recognised_within, are those of zlib's form.
[[nodiscard]] bool is_zlib(std::string_view head);
/// The same of the old lzma.
[[nodiscard]] bool is_lzma(std::string_view head);

}  // namespace stratascan::nested
