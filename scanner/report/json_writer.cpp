#include "scanner/report/json_writer.hpp"

#include <fmt/format.h>

#include <iterator>

#include "scanner/report/report_writer.hpp"
#include "scanner/report/utf8.hpp"

namespace stratascan::report {

namespace {

void append_escaped(std::string& out, char32_t value) {
    const auto unit = [&out](std::uint32_t code) {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
    };
    const auto code = static_cast<std::uint32_t>(value);
    if (code < 0x10000) return unit(code);
    unit(0xD800U + ((code - 0x10000U) >> 10U));
    unit(0xDC00U + ((code - 0x10000U) & 0x3FFU));
}

/// Returns false if the bytes were no UTF-8.
bool append_string(std::string& out, std::string_view bytes) {
    bool exact = true;
    out += '"';
    for (std::size_t at = 0; at < bytes.size();) {
        const CodePoint point = code_point_at(bytes, at);
        if (!point.valid) {
            out += "\xEF\xBF\xBD";
            exact = false;
        } else if (point.value == '"' || point.value == '\\') {
            out += '\\';
            out += static_cast<char>(point.value);
        } else if (point.value == '\n') {
            out += "\\n";
        } else if (point.value == '\t') {
            out += "\\t";
        } else if (is_unprintable(point.value)) {
            // Only controls must be escaped; the rest is for those who look at
            // the report in a terminal.
            append_escaped(out, point.value);
        } else {
            out += bytes.substr(at, point.length);
        }
        at += point.length;
    }
    out += '"';
    return exact;
}

}  // namespace

std::string json_string(std::string_view bytes, bool* lossy) {
    std::string text;
    text.reserve(bytes.size() + 2);
    const bool exact = append_string(text, bytes);
    if (lossy != nullptr) *lossy = !exact;
    return text;
}

void JsonWriter::break_line() {
    if (style_ == Style::line) return;
    out_ += '\n';
    out_.append(filled_.size() * 2, ' ');
}

void JsonWriter::before_value() {
    if (after_key_) {
        after_key_ = false;
        return;
    }
    if (filled_.empty()) return;
    if (filled_.back()) out_ += ',';
    filled_.back() = true;
    break_line();
}

void JsonWriter::open(char bracket) {
    before_value();
    out_ += bracket;
    filled_.push_back(false);
}

void JsonWriter::close(char bracket) {
    const bool filled = filled_.back();
    filled_.pop_back();
    if (filled) break_line();
    out_ += bracket;
}

void JsonWriter::begin_object() { open('{'); }
void JsonWriter::end_object() { close('}'); }
void JsonWriter::begin_array() { open('['); }
void JsonWriter::end_array() { close(']'); }

JsonWriter& JsonWriter::key(std::string_view name) {
    before_value();
    out_ += '"';
    out_ += name;
    out_ += style_ == Style::pretty ? "\": " : "\":";
    after_key_ = true;
    return *this;
}

void JsonWriter::value(std::string_view text) {
    before_value();
    (void)append_string(out_, text);
}

void JsonWriter::value(std::uint64_t number) {
    before_value();
    fmt::format_to(std::back_inserter(out_), "{}", number);
}

void JsonWriter::value(std::int64_t number) {
    before_value();
    fmt::format_to(std::back_inserter(out_), "{}", number);
}

void JsonWriter::value(bool flag) {
    before_value();
    out_ += flag ? "true" : "false";
}

void JsonWriter::value(const std::vector<std::string>& texts) {
    begin_array();
    for (const std::string& text : texts) value(text);
    end_array();
}

void JsonWriter::null() {
    before_value();
    out_ += "null";
}

}  // namespace stratascan::report
