// The lines of a file, as far as it is a text: of bytes, or in UTF-16 of either order, whose
// characters stand at even places of the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stratascan::layer {

enum class LineUnit : std::uint8_t { none, byte, little, big };

/// What the lines of a file are made of, by some of its text; none where that is no text.
/// `odd`: the text begins at an odd place of the file.
[[nodiscard]] LineUnit line_unit(std::string_view text, bool odd) noexcept;

/// Line feeds, which stand at the places [from, to) of `bytes`; these show what is round them, too.
/// `odd`: `bytes` begin at an odd place of the file.
[[nodiscard]] std::uint64_t count_breaks(std::string_view bytes, std::size_t from, std::size_t to,
                                         LineUnit unit, bool odd) noexcept;

}  // namespace stratascan::layer
