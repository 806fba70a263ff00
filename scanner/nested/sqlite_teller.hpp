// A row as the members that it makes: its text, and behind it each BLOB that is a container,
// "table NAME column COLUMN row ROWID". A row without text has no member of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/nested/archive_parser.hpp"
#include "scanner/nested/sqlite_row.hpp"

namespace stratascan::nested {

class SqliteTeller {
public:
    /// `table` and `row` make the name: "table t", " row 7". False where the row says nothing.
    /// The file and the columns outlive it, and so do the bytes of the payload.
    [[nodiscard]] bool begin(std::string table, std::string row, SqliteFile& file,
                             SqlitePayload payload, const std::vector<std::string>& columns);

    /// member, contents, member_end; need_input once all is told.
    [[nodiscard]] Found next();
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// They stay until the next call.
    [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }
    /// BLOBs that are containers and of which not all bytes were there.
    [[nodiscard]] std::size_t broken_blobs() const noexcept { return broken_; }

private:
    enum class State : std::uint8_t { text, shown, text_end, blobs, blob };

    State state_ = State::blobs;
    std::optional<SqliteRow> row_;
    std::string table_, row_name_, name_, text_;
    std::string_view bytes_;
    std::size_t blob_ = 0;
    std::size_t broken_ = 0;
};

}  // namespace stratascan::nested
