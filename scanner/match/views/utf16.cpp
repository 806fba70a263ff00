#include "scanner/match/views/utf16.hpp"

#include <algorithm>

namespace stratascan::views {

namespace {

struct Orders {
    bool little = true, big = true;            // it can be a text in that order
    std::size_t zeros_first = 0, zeros_second = 0;
};

bool is_control(unsigned unit) noexcept {
    return unit < ' ' && unit != '\t' && unit != '\n' && unit != '\r';
}

Orders orders_of(std::string_view units) noexcept {
    Orders orders;
    for (std::size_t i = 0; i + 1 < units.size() && (orders.little || orders.big); i += 2) {
        const unsigned first = static_cast<unsigned char>(units[i]);
        const unsigned second = static_cast<unsigned char>(units[i + 1]);
        if (is_control(first | second << 8U)) orders.little = false;
        if (is_control(first << 8U | second)) orders.big = false;
        orders.zeros_first += first == 0 ? 1 : 0;
        orders.zeros_second += second == 0 ? 1 : 0;
    }
    return orders;
}

// The row may be part of a text in big endian, of which other letters are seen before it or
// behind it.
bool is_in_big_text(std::string_view text, std::size_t begin, std::size_t end) noexcept {
    const std::size_t first = begin - 1;  // of the unit whose second byte the row begins with
    const std::size_t before = std::min(first, order_sight) & ~std::size_t{1};
    return orders_of(text.substr(first - before, before + (end - first) + order_sight)).big;
}

}  // namespace

ByteOrder order_of_text(std::string_view units) noexcept {
    const Orders orders = orders_of(units);
    if (orders.little && orders.zeros_second > orders.zeros_first) return ByteOrder::little;
    if (orders.big && orders.zeros_first > orders.zeros_second) return ByteOrder::big;
    return ByteOrder::unknown;
}

// Big endian has a zero in front of its first character and none of its own behind its last one;
// little endian the other way round. But a character that stands in front of the one, or behind
// the other, makes either of both.
ByteOrder order_of_row(std::string_view text, std::size_t begin, std::size_t end) noexcept {
    if (begin == 0 || end == text.size()) return ByteOrder::little;
    if (is_ascii_text(text[end])) {
        const bool ends = end + 1 == text.size() && text[begin - 1] == '\0';
        return ends ? ByteOrder::big : ByteOrder::unknown;
    }
    const auto zero_at = [&](std::size_t place) {
        return place < text.size() && text[place] == '\0';
    };
    if (text[begin - 1] == '\0' && zero_at(end)) {
        // With a terminator it is no text, and strings of programs are little endian.
        const bool terminated = zero_at(end + 1) && !zero_at(end + 2);
        return terminated ? ByteOrder::little : ByteOrder::unknown;
    }
    return is_in_big_text(text, begin, end) ? ByteOrder::unknown : ByteOrder::little;
}

}  // namespace stratascan::views
