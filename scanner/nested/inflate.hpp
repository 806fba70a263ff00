// Decoders of what is only met inside containers: deflate without a header, as in
// zip, zlib's own form, and the old lzma.
#pragma once

#include <cstdint>
#include <memory>

#include "scanner/layer/decoder.hpp"

namespace stratascan::nested {

/// Both end at the end of their stream, and leave what follows it in `in`.
[[nodiscard]] std::unique_ptr<layer::Decoder> make_deflate_decoder();
[[nodiscard]] std::unique_ptr<layer::Decoder> make_zlib_decoder();

/// An lzma stream as zip has it (APPNOTE.TXT, 5.8.8).
[[nodiscard]] std::unique_ptr<layer::Decoder> make_zip_lzma_decoder(std::uint64_t memory_limit);

}  // namespace stratascan::nested
