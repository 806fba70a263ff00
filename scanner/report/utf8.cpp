#include "scanner/report/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace stratascan::report {

namespace {

struct Range {
    char32_t first;
    char32_t last;
};

template <std::size_t Count>
bool within(const std::array<Range, Count>& ranges, char32_t value) noexcept {
    return std::any_of(ranges.begin(), ranges.end(), [value](const Range& range) {
        return range.first <= value && value <= range.last;
    });
}

constexpr std::array unprintable = std::to_array<Range>({
    {0x0000, 0x001F}, {0x007F, 0x009F},    // controls
    {0x00AD, 0x00AD}, {0x061C, 0x061C},    // soft hyphen, Arabic letter mark
    {0x180E, 0x180E}, {0x200B, 0x200F},    // zero width, left-to-right and right-to-left marks
    {0x2028, 0x202E}, {0x2060, 0x206F},    // separators, embeddings, overrides, isolates
    {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB},    // byte order mark, interlinear annotation
    {0xE0000, 0xE007F},                    // tags
});

constexpr std::array combining = std::to_array<Range>({
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F}, {0x093C, 0x093C},
    {0x0941, 0x0948}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
    {0x20D0, 0x20FF}, {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF},
});

constexpr std::array wide = std::to_array<Range>({
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
    {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
    {0xFFE0, 0xFFE6},   {0x16FE0, 0x18CFF}, {0x1AFF0, 0x1B2FF}, {0x1F300, 0x1F64F},
    {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
});

/// Length of a sequence by its first byte, and the range of its second.
struct Lead {
    std::size_t length = 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xBF;
};

Lead lead_of(std::uint8_t byte) noexcept {
    if (byte >= 0xC2 && byte <= 0xDF) return {2};
    if (byte == 0xE0) return {3, 0xA0, 0xBF};
    if (byte == 0xED) return {3, 0x80, 0x9F};
    if (byte >= 0xE1 && byte <= 0xEF) return {3};
    if (byte == 0xF0) return {4, 0x90, 0xBF};
    if (byte >= 0xF1 && byte <= 0xF3) return {4};
    if (byte == 0xF4) return {4, 0x80, 0x8F};
    return {};
}

}  // namespace

CodePoint code_point_at(std::string_view bytes, std::size_t at) noexcept {
    const auto first = static_cast<std::uint8_t>(bytes[at]);
    if (first < 0x80) return {first, 1, true};
    const Lead lead = lead_of(first);
    if (lead.length == 0) return {0, 1, false};
    auto value = static_cast<char32_t>(first & (0xFFU >> (lead.length + 1)));
    for (std::size_t i = 1; i < lead.length; ++i) {
        if (at + i >= bytes.size()) return {0, i, false};
        const auto byte = static_cast<std::uint8_t>(bytes[at + i]);
        const std::uint8_t low = i == 1 ? lead.low : 0x80;
        const std::uint8_t high = i == 1 ? lead.high : 0xBF;
        if (byte < low || byte > high) return {0, i, false};
        value = (value << 6U) | (byte & 0x3FU);
    }
    return {value, lead.length, true};
}

bool is_unprintable(char32_t value) noexcept { return within(unprintable, value); }

std::size_t columns(char32_t value) noexcept {
    if (value < 0x300) return 1;
    if (within(combining, value)) return 0;
    return within(wide, value) ? 2 : 1;
}

std::size_t columns(std::string_view text) noexcept {
    std::size_t total = 0;
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = code_point_at(text, at);
        total += point.valid ? columns(point.value) : 1;
        at += point.length;
    }
    return total;
}

}  // namespace stratascan::report
