// The columns of a table, out of the text of its CREATE TABLE. No SQL is understood
// here beyond what it takes to tell one column from the next.
// https://www.sqlite.org/lang_createtable.html
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::nested {

/// Names are cut after so many bytes, and so many columns are told by name.
inline constexpr std::size_t longest_sqlite_name = 128;
inline constexpr std::size_t most_sqlite_columns = 2000;

/// Names in the order in which a row holds its values: that of the text, and in a
/// table WITHOUT ROWID the primary key's first. Empty where the text is none.
[[nodiscard]] std::vector<std::string> sqlite_columns(std::string_view create_table);

}  // namespace stratascan::nested
