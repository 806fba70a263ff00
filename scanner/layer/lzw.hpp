// What `compress` writes (.Z): LZW codes of 9 to 16 bits. Old tapes and tarballs have it,
// layers never.
#pragma once

#include <memory>
#include <string_view>

#include "scanner/layer/decoder.hpp"

namespace stratascan::layer {

/// Whether a file begins like one: magic, flags with no reserved bit, and a first code that
/// is a byte.
[[nodiscard]] bool is_compress(std::string_view head) noexcept;

/// The format has no end mark and no checksum: it ends with the input. A code that can't be
/// there is an Error.
[[nodiscard]] std::unique_ptr<Decoder> make_compress_decoder();

}  // namespace stratascan::layer
