// SQLite databases; see sqlite_parser.cpp.
#pragma once

#include <cstdint>
#include <memory>

#include "scanner/nested/archive_parser.hpp"

namespace stratascan::nested {

/// How the step of a row's way in begins.
inline constexpr const char* sqlite_row_step = "table ";

/// Rows become members. A database of more than half of `memory` is not opened.
[[nodiscard]] std::unique_ptr<ArchiveParser> make_sqlite_parser(std::uint64_t memory);

/// The same of a write-ahead log, whatever its size; see sqlite_wal.cpp.
[[nodiscard]] std::unique_ptr<ArchiveParser> make_sqlite_wal_parser(std::uint64_t memory);

}  // namespace stratascan::nested
