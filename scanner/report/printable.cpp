// Text for a terminal. File names in images are chosen by strangers, and a name
// may hold an escape sequence that rewrites the screen above it or a mark that
// turns the line round. Such bytes are shown, never sent.
#include <fmt/format.h>

#include <iterator>

#include "scanner/report/report_writer.hpp"
#include "scanner/report/utf8.hpp"

namespace stratascan::report {

std::string printable(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    for (std::size_t at = 0; at < bytes.size();) {
        const CodePoint point = code_point_at(bytes, at);
        if (!point.valid || (point.value < 0x80 && is_unprintable(point.value))) {
            for (const char byte : bytes.substr(at, point.length)) {
                fmt::format_to(std::back_inserter(text), "\\x{:02X}",
                               static_cast<unsigned char>(byte));
            }
        } else if (is_unprintable(point.value)) {
            fmt::format_to(std::back_inserter(text), "\\u{{{:X}}}",
                           static_cast<std::uint32_t>(point.value));
        } else {
            text += bytes.substr(at, point.length);
        }
        at += point.length;
    }
    return text;
}

}  // namespace stratascan::report
