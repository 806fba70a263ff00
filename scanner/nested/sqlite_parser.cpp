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
#include "scanner/nested/sqlite_teller.hpp"
#include "scanner/nested/zip_search.hpp"

namespace stratascan::nested {

namespace {

// Of the texts that make the tables; more is a gap.
constexpr std::size_t most_schema_bytes = 1 << 20;

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
                        break;
                    }
                    state_ = State::behind;
                    if (file_->damage() > 0 || untold_ > 0) return tell_damage();
                    break;
                case State::behind:
                    state_ = State::over;
                    if (!ends_in_zip()) break;
                    return lost("SQLite: the zip file behind it is not opened", 0);
                case State::row:
                    if (const Found told = teller_.next(); told != Found::need_input) {
                        head_ = {};
                        head_.name = teller_.name();
                        return say(told, teller_.bytes());
                    }
                    state_ = State::rows;
                    break;
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
    enum class State : std::uint8_t { gather, too_large, rows, row, behind, over };

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

    // Behind the pages that the header claims.
    bool ends_in_zip() const {
        ZipSearch zips;
        std::uint64_t at = std::uint64_t{database_->pages} * database_->page_bytes;
        while (at < gathered_.end()) {
            std::string_view run = gathered_.run(at);
            at += run.size();
            while (!run.empty()) static_cast<void>(zips.find(run));
        }
        return zips.ends_in_directory();
    }

    bool open() {
        if (!database_ || gathered_.end() < database_->page_bytes) return false;
        file_.emplace(gathered_, *database_);
        tables_.push_back(sqlite_schema_table());
        std::size_t schema_bytes = 0;
        SqliteTree schema(*file_, 1);
        while (auto row = schema.next()) {
            auto table = sqlite_table_of(*file_, row->payload);
            if (!table) continue;
            schema_bytes += table->defined_by;
            if (schema_bytes > most_schema_bytes) {
                ++untold_;
                continue;
            }
            tables_.push_back(*std::move(table));
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
            const SqliteTable& table = tables_[table_];
            std::string name = row->has_id ? fmt::format(" row {}", row->id)
                                           : fmt::format(" row number {}", number_);
            if (teller_.begin(sqlite_row_step + table.name, std::move(name), *file_, row->payload,
                              table.columns)) {
                return true;
            }
        }
    }

    std::uint64_t memory_;
    bool over_memory_ = false;
    State state_ = State::gather;
    Gathered gathered_;
    std::uint64_t bytes_ = 0;
    std::optional<SqliteHeader> database_;
    std::optional<SqliteFile> file_;
    std::vector<SqliteTable> tables_;
    std::uint64_t untold_ = 0;
    std::size_t table_ = 0;
    std::optional<SqliteTree> tree_;
    std::uint64_t number_ = 0;
    SqliteTeller teller_;
};

}  // namespace

std::unique_ptr<ArchiveParser> make_sqlite_parser(std::uint64_t memory) {
    return std::make_unique<SqliteParser>(memory);
}

}  // namespace stratascan::nested
