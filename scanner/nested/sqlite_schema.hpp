// The tables of a database, by its schema: columns out of the text of a CREATE TABLE. No SQL is
// understood here beyond what it takes to tell one column from the next.
// https://www.sqlite.org/lang_createtable.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/nested/sqlite_file.hpp"

namespace stratascan::nested {

/// Names are cut after so many bytes, and so many columns are told by name.
inline constexpr std::size_t longest_sqlite_name = 128;
inline constexpr std::size_t most_sqlite_columns = 2000;

/// Names in the order in which a row holds its values: that of the text, and in a
/// table WITHOUT ROWID the primary key's first. Empty where the text is none.
[[nodiscard]] std::vector<std::string> sqlite_columns(std::string_view create_table);

struct SqliteTable {
    std::string name;
    std::uint32_t root = 0;  ///< the page that its tree begins at
    std::vector<std::string> columns;
    std::size_t defined_by = 0;  ///< bytes of its row in the schema, about
};

/// The table that says what tables there are.
[[nodiscard]] SqliteTable sqlite_schema_table();
/// What a row of that says; nothing where it is about no table that has pages.
[[nodiscard]] std::optional<SqliteTable> sqlite_table_of(SqliteFile& file, SqlitePayload row);

}  // namespace stratascan::nested
