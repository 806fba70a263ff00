// A row, written out as a text: a line `column = "value"` for each value that it
// has, so that what a column is called stands in front of what it holds, as in a
// file of settings. Values are not escaped. Where a table holds names and values,
// as tables of settings do, the value stands behind its own name; where nobody knows what
// the columns are called, whatever stands behind what may be a name does so. A BLOB that is a
// container by its first bytes is left out of the text, to be opened by itself, and one of
// text in UTF-16 is text.
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

struct SqliteBlob {
    std::string column;
    SqlitePayload bytes;
};

class SqliteRow {
public:
    /// `columns` outlive the row; where there are not enough, "column N" is said.
    SqliteRow(SqliteFile& file, SqlitePayload payload, const std::vector<std::string>& columns);

    /// Adds more of the text until `out` has `enough` bytes; false at the row's end.
    [[nodiscard]] bool write(std::string& out, std::size_t enough);

    /// Instead of write(): the first `count` values as they stand, each cut behind `most` bytes;
    /// empty where there is none.
    [[nodiscard]] std::vector<std::string> values(std::size_t count, std::size_t most);

    /// Those that were left out so far.
    [[nodiscard]] std::vector<SqliteBlob>& blobs() noexcept { return blobs_; }

private:
    [[nodiscard]] bool read_header();
    void probe_blob(std::string& out);
    void begin_value(std::string& out);
    void write_number(std::string& out);
    [[nodiscard]] std::string read_number();
    [[nodiscard]] std::string read_bytes(std::size_t most);
    [[nodiscard]] std::string name_of(std::size_t column) const;

    SqliteFile& file_;
    SqlitePayload payload_;
    const std::vector<std::string>& columns_;
    std::vector<std::uint64_t> types_;
    std::size_t column_ = 0;
    std::uint64_t left_ = 0;    // bytes of the value that is being written
    bool in_value_ = false, is_text_ = false, ended_ = false;
    bool is_probed_ = false;    // a BLOB's first bytes are looked at
    bool is_left_out_ = false, is_utf16_ = false;
    std::string opening_, head_;
    SqliteBlob blob_;
    std::vector<SqliteBlob> blobs_;
    Utf16Reader utf16_;
    std::string last_text_;     // the text value before, or its beginning
    std::string this_text_;
};

}  // namespace stratascan::nested
