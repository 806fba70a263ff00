// A row, written out as a text: a line `column = "value"` for each value that it
// has, so that what a column is called stands in front of what it holds, as in a
// file of settings. Values are not escaped. Where a table holds names and values,
// as tables of settings do, the value stands behind its own name.
// https://www.sqlite.org/fileformat2.html, section 2.1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/nested/sqlite_file.hpp"

namespace stratascan::nested {

/// UTF-16, cut anywhere, as UTF-8; what is no character becomes U+FFFD.
class Utf16Reader {
public:
    explicit Utf16Reader(bool little = true) : little_(little) {}
    void take(std::string_view bytes, std::string& out);

private:
    bool little_;
    int low_ = -1;             // the first byte of a unit that was cut
    std::uint32_t high_ = 0;   // the first of two units
};

class SqliteRow {
public:
    /// `columns` outlive the row; where there are not enough, "column N" is said.
    SqliteRow(SqliteFile& file, SqlitePayload payload, const std::vector<std::string>& columns);

    /// Adds more of the text until `out` has `enough` bytes; false at the row's end.
    [[nodiscard]] bool write(std::string& out, std::size_t enough);

private:
    [[nodiscard]] bool read_header();
    void begin_value(std::string& out);
    void write_number(std::string& out);
    [[nodiscard]] std::string name_of(std::size_t column) const;

    SqliteFile& file_;
    SqlitePayload payload_;
    const std::vector<std::string>& columns_;
    std::vector<std::uint64_t> types_;
    std::size_t column_ = 0;
    std::uint64_t left_ = 0;    // bytes of the value that is being written
    bool in_value_ = false, is_text_ = false, ended_ = false;
    Utf16Reader utf16_;
    std::string last_text_;     // the text value before, or its beginning
    std::string this_text_;
};

}  // namespace stratascan::nested
