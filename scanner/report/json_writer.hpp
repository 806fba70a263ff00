// JSON written as it goes, without a tree: a report may have a million findings.
// The writer places commas, line breaks and indents; its output is valid JSON in
// UTF-8 whatever bytes go in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::report {

/// Appends to a string that it borrows. Calls must nest properly.
class JsonWriter {
public:
    enum class Style : std::uint8_t {
        pretty,  ///< a member a line, two spaces a level
        line,    ///< all on one line
    };

    JsonWriter(std::string& out, Style style) : out_(out), style_(style) {}

    void begin_object();
    void end_object();
    void begin_array();
    void end_array();

    /// REQUIRES: in an object, before each of its values. `name` is plain ASCII.
    JsonWriter& key(std::string_view name);

    void value(std::string_view text);
    void value(const char* text) { value(std::string_view(text)); }
    void value(const std::string& text) { value(std::string_view(text)); }
    void value(std::uint64_t number);
    void value(std::int64_t number);
    void value(int number) { value(static_cast<std::int64_t>(number)); }
    void value(bool flag);
    void value(const std::vector<std::string>& texts);
    void null();

    template <typename Value>
    void member(std::string_view name, const Value& of) {
        key(name);
        value(of);
    }

private:
    void before_value();
    void open(char bracket);
    void close(char bracket);
    void break_line();

    std::string& out_;
    Style style_;
    std::vector<bool> filled_;  ///< for each open bracket: has it got a value yet?
    bool after_key_ = false;
};

}  // namespace stratascan::report
