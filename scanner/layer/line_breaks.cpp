#include "scanner/layer/line_breaks.hpp"

#include <cstring>

#include "scanner/layer/clones.hpp"
#include "scanner/match/views/utf16.hpp"

namespace stratascan::layer {

namespace {

// Vectorised for what the processor has; the rest of the build is for the least common one.
STRATASCAN_CLONES std::uint64_t count_lines(const char* bytes, std::size_t size) {
    std::uint64_t lines = 0;
    for (std::size_t i = 0; i < size; ++i) lines += bytes[i] == '\n' ? 1 : 0;
    return lines;
}

}  // namespace

LineUnit line_unit(std::string_view text, bool odd) noexcept {
    if (text.find('\0') == std::string_view::npos) return LineUnit::byte;
    if (odd) text.remove_prefix(1);
    switch (views::order_of_text(text)) {
        case views::ByteOrder::little: return LineUnit::little;
        case views::ByteOrder::big: return LineUnit::big;
        case views::ByteOrder::unknown: break;
    }
    return LineUnit::none;
}

std::uint64_t count_breaks(std::string_view bytes, std::size_t from, std::size_t to, LineUnit unit,
                           bool odd) noexcept {
    if (unit == LineUnit::none) return 0;
    if (unit == LineUnit::byte) return count_lines(bytes.data() + from, to - from);
    const std::size_t byte = unit == LineUnit::little ? 0 : 1;  // of the unit, the line feed
    std::uint64_t lines = 0;
    for (std::size_t at = from; at < to; ++at) {
        const void* const found = std::memchr(bytes.data() + at, '\n', to - at);
        if (found == nullptr) break;
        at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
        if (((at + (odd ? 1 : 0)) & 1U) != byte) continue;
        const std::size_t other = byte == 0 ? at + 1 : at - 1;
        lines += other < bytes.size() && bytes[other] == '\0' ? 1 : 0;
    }
    return lines;
}

}  // namespace stratascan::layer
