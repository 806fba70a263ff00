// The write-ahead log of a SQLite database, "X-wal" beside X: pages as they became with each
// commit that X itself may not have yet, one frame a page (section 4 of the format). Leaves of
// tables are read row by row as they pass, and a page that comes again tells what is new in it:
//
//     table NAME row ROWID in frame N
//     table of page P row ROWID in frame N
//
// What a table and its columns are called says page 1, which is only in the log when it
// changed with the log's commits, and then comes before what it is about; the other leaves have
// columns 1, 2, … A value that goes on in other pages is told as far as its own goes. All
// frames are read, also those that a later beginning of the log has left behind.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "scanner/nested/bytes.hpp"
#include "scanner/nested/sqlite.hpp"
#include "scanner/nested/sqlite_schema.hpp"
#include "scanner/nested/sqlite_teller.hpp"

namespace stratascan::nested {

namespace {

constexpr std::size_t header_bytes = 32, frame_header_bytes = 24;
// Of the names in it; what is behind is told without.
constexpr std::size_t most_schema_bytes = 1 << 20;
constexpr std::size_t most_pages_known = 100'000;

class SqliteWalParser final : public ArchiveParser {
public:
    explicit SqliteWalParser(std::uint64_t memory) : most_rows_known_(memory / 8 / row_bytes) {}

    Found step(std::string_view& in, bool last) override {
        for (;;) {
            switch (state_) {
                case State::header:
                    if (!gather(held_, in, header_bytes)) return starved(last);
                    if (!open()) return end("SQLite: a damaged write-ahead log");
                    break;
                case State::frame:
                    if (!gather(held_, in, frame_header_bytes)) return starved(last);
                    ++frame_;
                    page_ = static_cast<std::uint32_t>(big_endian(held_, 0, 4));
                    held_.clear();
                    state_ = State::page;
                    break;
                case State::page:
                    if (!gather(held_, in, header_.page_bytes)) return starved(last);
                    enter_page();
                    state_ = State::rows;
                    break;
                case State::rows:
                    state_ = State::row;
                    if (next_row()) break;
                    held_.clear();
                    state_ = State::frame;
                    break;
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
    std::uint64_t hold() const override {
        return header_.page_bytes + rows_known_.size() * row_bytes + schema_bytes_ +
               pages_known_.size() * std::uint64_t{48};
    }

private:
    enum class State : std::uint8_t { header, frame, page, rows, row, over };
    static constexpr std::uint64_t row_bytes = 32;  // of one that is known, about

    Found end(std::string what) {
        state_ = State::over;
        return lost(std::move(what), held_.size());
    }
    Found starved(bool last) {
        if (!last) return Found::need_input;
        if (!held_.empty() || state_ != State::frame) return end("SQLite: the log ends in a frame");
        state_ = State::over;
        if (teller_.broken_blobs() == 0) return Found::need_input;
        return lost(fmt::format("SQLite: {} containers go on in other pages of the log; their "
                                "bytes were read as they stand", teller_.broken_blobs()), 0);
    }

    bool open() {
        const std::uint64_t size = big_endian(held_, 8, 4);
        held_.clear();
        state_ = State::frame;
        if (size < 512 || size > 65536 || !std::has_single_bit(size)) return false;
        header_.page_bytes = header_.usable_bytes = static_cast<std::uint32_t>(size);
        file_.emplace(no_pages_, header_);
        return true;
    }

    // A page of the database; what is no leaf of a table has no rows.
    void enter_page() {
        if (page_ == 1) {
            if (const auto header = read_sqlite_header(held_);
                header && header->page_bytes == header_.page_bytes) {
                header_ = *header;
                file_.emplace(no_pages_, header_);
            }
        }
        cells_at_ = page_ == 1 ? SqliteHeader::bytes : 0;
        const auto kind = static_cast<std::uint8_t>(held_[cells_at_]);
        cell_ = 0;
        cells_ = static_cast<std::uint32_t>(big_endian(held_, cells_at_ + 3, 2));
        left_ = header_.usable_bytes;
        const auto fits = [&](std::size_t head) {
            return cells_at_ + head + std::size_t{2} * cells_ <= header_.usable_bytes;
        };
        const auto known = pages_known_.find(page_);
        table_ = known == pages_known_.end() ? nullptr : &tables_[known->second];
        if (kind == sqlite_table_inner && known != pages_known_.end() && fits(12)) {
            know_children(known->second);
        }
        if (kind != sqlite_table_leaf || !fits(8)) cells_ = 0;
        cells_at_ += 8;
        if (page_ == 1 && cells_ > 0) read_schema();
    }

    void know_children(std::size_t table) {
        know_page(static_cast<std::uint32_t>(big_endian(held_, cells_at_ + 8, 4)), table);
        for (std::uint32_t i = 0; i < cells_; ++i) {
            const auto at = static_cast<std::size_t>(
                big_endian(held_, cells_at_ + 12 + std::size_t{2} * i, 2));
            if (at + 4 > header_.usable_bytes) continue;
            know_page(static_cast<std::uint32_t>(big_endian(held_, at, 4)), table);
        }
    }
    void know_page(std::uint32_t page, std::size_t table) {
        if (pages_known_.size() < most_pages_known || pages_known_.contains(page)) {
            pages_known_.insert_or_assign(page, table);
        }
    }

    // A schema of one page; of a larger one, what stands in its first.
    void read_schema() {
        tables_.clear();
        pages_known_.clear();
        schema_bytes_ = 0;
        tables_.push_back(sqlite_schema_table());
        know_page(1, 0);
        while (const auto cell = next_cell()) {
            auto table = sqlite_table_of(*file_, payload_of(*cell));
            if (!table || schema_bytes_ + table->defined_by > most_schema_bytes) continue;
            schema_bytes_ += table->defined_by;
            know_page(table->root, tables_.size());
            tables_.push_back(*std::move(table));
        }
        cell_ = 0;
        left_ = header_.usable_bytes;
        table_ = &tables_.front();
    }

    SqlitePayload payload_of(const SqliteCell& cell) {
        return {*file_, cell.local, cell.bytes, cell.next};
    }

    // The page's cells may together claim no more bytes than it has.
    std::optional<SqliteCell> next_cell() {
        const std::string_view page = std::string_view(held_).substr(0, header_.usable_bytes);
        while (cell_ < cells_) {
            const auto at = static_cast<std::size_t>(
                big_endian(page, cells_at_ + std::size_t{2} * cell_++, 2));
            const auto cell = read_sqlite_cell(
                sqlite_table_leaf, page.substr(std::min(at, page.size())), header_.usable_bytes);
            if (!cell || cell->local.size() > left_) continue;
            left_ -= cell->local.size();
            return cell;
        }
        return std::nullopt;
    }

    // Whether the row, as it is, was in an earlier frame of its page.
    bool is_known(const SqliteCell& cell) {
        const std::size_t hash = std::hash<std::string_view>()(cell.local) ^
                                 (static_cast<std::size_t>(cell.id) * 0x9e3779b97f4a7c15U + page_);
        if (rows_known_.contains(hash)) return true;
        if (rows_known_.size() < most_rows_known_) rows_known_.insert(hash);
        return false;
    }

    bool next_row() {
        while (const auto cell = next_cell()) {
            if (is_known(*cell)) continue;
            const std::string table =
                table_ == nullptr ? fmt::format("of page {}", page_) : table_->name;
            if (teller_.begin(sqlite_row_step + table,
                              fmt::format(" row {} in frame {}", cell->id, frame_), *file_,
                              payload_of(*cell), table_ == nullptr ? no_names_ : table_->columns)) {
                return true;
            }
        }
        return false;
    }

    State state_ = State::header;
    std::string held_;  // of what comes next, what was there so far; then the page
    SqliteHeader header_;
    const Gathered no_pages_;
    const std::vector<std::string> no_names_;
    std::optional<SqliteFile> file_;  // without pages: those that a value goes on in aren't known
    std::uint64_t frame_ = 0;
    std::uint32_t page_ = 0;
    std::size_t cells_at_ = 0;
    std::uint32_t cell_ = 0, cells_ = 0;
    std::uint64_t left_ = 0;
    std::vector<SqliteTable> tables_;
    std::map<std::uint32_t, std::size_t> pages_known_;  // and the table that each is of
    std::size_t schema_bytes_ = 0;
    const SqliteTable* table_ = nullptr;
    std::size_t most_rows_known_;
    std::unordered_set<std::size_t> rows_known_;
    SqliteTeller teller_;
};

}  // namespace

std::unique_ptr<ArchiveParser> make_sqlite_wal_parser(std::uint64_t memory) {
    return std::make_unique<SqliteWalParser>(memory);
}

}  // namespace stratascan::nested
