// A SQLite database, seen as its rows: each is a member "table NAME row ROWID", or
// "table NAME row number N" of a table WITHOUT ROWID. The whole file is gathered,
// as a row's pages may be anywhere; where it is too large, its bytes are still
// scanned as they stand, and so are deleted rows, free pages and indexes of any.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "scanner/nested/bytes.hpp"
#include "scanner/nested/gathered.hpp"
#include "scanner/nested/sqlite_file.hpp"
#include "scanner/nested/sqlite_row.hpp"
#include "scanner/nested/sqlite.hpp"
#include "scanner/nested/sqlite_schema.hpp"

namespace stratascan::nested {

namespace {

constexpr std::size_t shown_at_once = 64 << 10;
// Of the texts that make the tables; more is a gap.
constexpr std::size_t most_schema_bytes = 1 << 20;
constexpr std::size_t longest_definition = 64 << 10;

struct Table {
    std::string name;
    std::uint32_t root = 0;
    std::vector<std::string> columns;
};

// The values of one row, without their names: for the schema, whose columns are
// known. Longer ones are cut.
std::vector<std::string> values_of(SqliteFile& file, SqlitePayload payload) {
    static const std::vector<std::string> columns = {"type", "name", "tbl_name", "rootpage", "sql"};
    std::string text;
    SqliteRow row(file, payload, columns);
    static_cast<void>(row.write(text, longest_definition));
    std::vector<std::string> values(columns.size());
    std::size_t at = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const std::string start = columns[i] + " = ";
        if (text.compare(at, start.size(), start) != 0) continue;
        at += start.size();
        // The last one goes to the end; the others are names and numbers.
        std::size_t end = i + 1 == columns.size() ? text.size() : text.find('\n', at);
        if (end == text.npos) break;
        std::string_view value = std::string_view(text).substr(at, end - at);
        if (value.starts_with('"')) value.remove_prefix(1);
        while (value.ends_with('\n')) value.remove_suffix(1);
        if (value.ends_with('"')) value.remove_suffix(1);
        values[i] = value;
        at = std::min(end + 1, text.size());
    }
    return values;
}

class SqliteParser final : public ArchiveParser {
public:
    explicit SqliteParser(std::uint64_t memory) : memory_(memory) {}

    Found step(std::string_view& in, bool last) override {
        for (;;) {
            switch (state_) {
                case State::gather:
                    if (!in.empty()) {
                        gather_more(in);
                        continue;
                    }
                    if (!last) return Found::need_input;
                    state_ = State::rows;
                    if (!open()) return close_unread();
                    break;
                case State::too_large:
                    bytes_ += in.size();
                    in = {};
                    if (!last) return Found::need_input;
                    return close_unread();
                case State::rows:
                    if (next_row()) {
                        state_ = State::row;
                        return Found::member;
                    }
                    state_ = State::over;
                    if (file_->damage() > 0 || untold_ > 0) return tell_damage();
                    break;
                case State::row:
                    if (text_at_ < text_.size()) {
                        text_at_ = text_.size();
                        return say(Found::contents, text_);
                    }
                    text_.clear();
                    text_at_ = 0;
                    if (row_->write(text_, shown_at_once) || !text_.empty()) continue;
                    state_ = State::rows;
                    return Found::member_end;
                case State::over:
                    in = {};
                    return Found::need_input;
            }
        }
    }

    bool makes_contents() const override { return true; }
    std::uint64_t hold() const override { return memory_ / 2 + (memory_ >> 3U); }
    bool over_memory() const override { return over_memory_; }

private:
    enum class State : std::uint8_t { gather, too_large, rows, row, over };

    void gather_more(std::string_view& in) {
        const std::string_view part = in.substr(0, Gathered::piece_bytes);
        bytes_ += part.size();
        gathered_.add(part);
        in.remove_prefix(part.size());
        if (!database_ && gathered_.end() >= SqliteHeader::bytes) {
            database_ = read_sqlite_header(gathered_.run(0));
        }
        const std::uint64_t claimed =
            database_ ? std::uint64_t{database_->pages} * database_->page_bytes : 0;
        if (std::max(gathered_.memory(), claimed) <= memory_ / 2) return;
        over_memory_ = true;
        gathered_ = {};
        state_ = State::too_large;
    }

    Found close_unread() {
        state_ = State::over;
        if (!over_memory_) return lost("SQLite: damaged header", bytes_);
        return lost(fmt::format("SQLite: more than {} bytes; its tables were not opened",
                                memory_ / 2), bytes_);
    }

    Found tell_damage() {
        std::string what = fmt::format("{} pages or rows are damaged", file_->damage());
        if (untold_ > 0) what = fmt::format("{} tables are too many", untold_);
        return lost(fmt::format("SQLite: {}; their bytes were read as they stand", what),
                    file_->damaged_bytes());
    }

    bool open() {
        if (!database_ || gathered_.end() < database_->page_bytes) return false;
        file_.emplace(gathered_, *database_);
        tables_.push_back({"sqlite_schema", 1, {"type", "name", "tbl_name", "rootpage", "sql"}});
        std::size_t schema_bytes = 0;
        SqliteTree schema(*file_, 1);
        while (auto row = schema.next()) {
            const std::vector<std::string> values = values_of(*file_, row->payload);
            const auto root = digits(values[3], 10);
            if (values[0] != "table" || !root || *root == 0) continue;
            schema_bytes += values[1].size() + values[4].size() + 256;
            if (schema_bytes > most_schema_bytes) {
                ++untold_;
                continue;
            }
            tables_.push_back({values[1].substr(0, longest_sqlite_name),
                               static_cast<std::uint32_t>(*root), sqlite_columns(values[4])});
        }
        file_->forget_visits();
        return true;
    }

    // The next row that has something to say.
    bool next_row() {
        for (;;) {
            if (!tree_) {
                if (table_ == tables_.size()) return false;
                tree_.emplace(*file_, tables_[table_].root);
                number_ = 0;
            }
            auto row = tree_->next();
            if (!row) {
                tree_.reset();
                ++table_;
                continue;
            }
            ++number_;
            const Table& table = tables_[table_];
            row_.emplace(*file_, row->payload, table.columns);
            text_.clear();
            text_at_ = 0;
            static_cast<void>(row_->write(text_, shown_at_once));
            if (text_.empty()) continue;
            head_ = {};
            head_.name = row->has_id ? fmt::format("table {} row {}", table.name, row->id)
                                     : fmt::format("table {} row number {}", table.name, number_);
            return true;
        }
    }

    std::uint64_t memory_;
    bool over_memory_ = false;
    State state_ = State::gather;
    Gathered gathered_;
    std::uint64_t bytes_ = 0;
    std::optional<SqliteHeader> database_;
    std::optional<SqliteFile> file_;
    std::vector<Table> tables_;
    std::uint64_t untold_ = 0;
    std::size_t table_ = 0;
    std::optional<SqliteTree> tree_;
    std::uint64_t number_ = 0;
    std::optional<SqliteRow> row_;
    std::string text_;
    std::size_t text_at_ = 0;
};

}  // namespace

std::unique_ptr<ArchiveParser> make_sqlite_parser(std::uint64_t memory) {
    return std::make_unique<SqliteParser>(memory);
}

}  // namespace stratascan::nested
