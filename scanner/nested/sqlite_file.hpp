// The pages of a SQLite database, its b-trees and the payloads in them.
// https://www.sqlite.org/fileformat2.html, sections 1.2 to 1.6.
//
// In a sound database each page has one place. So each is gone to once, whoever
// points to it: loops end, and no page is read a thousand times. The cells of a page
// may together claim no more bytes than it has.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "scanner/nested/gathered.hpp"

namespace stratascan::nested {

enum class SqliteText : std::uint8_t { utf8, utf16_little, utf16_big };

struct SqliteHeader {
    static constexpr std::size_t bytes = 100;
    std::uint32_t page_bytes = 0;
    std::uint32_t usable_bytes = 0;  ///< of a page
    std::uint32_t pages = 0;         ///< as it claims; 0: not said
    SqliteText text = SqliteText::utf8;
};
[[nodiscard]] std::optional<SqliteHeader> read_sqlite_header(std::string_view head) noexcept;

/// Moves `in` past a number of 1 to 9 bytes, seven bits a byte, the highest first.
[[nodiscard]] std::optional<std::uint64_t> take_sqlite_varint(std::string_view& in) noexcept;

class SqliteFile {
public:
    SqliteFile(const Gathered& bytes, const SqliteHeader& header);

    [[nodiscard]] const SqliteHeader& header() const noexcept { return header_; }
    [[nodiscard]] std::uint64_t pages() const noexcept { return seen_.size(); }
    /// Page `number`, from 1, that nobody has gone to; else nothing. From then on
    /// somebody has.
    [[nodiscard]] std::string_view visit(std::uint32_t number);
    /// Page `number` that somebody has gone to, once more; else nothing.
    [[nodiscard]] std::string_view revisit(std::uint32_t number) const;
    /// Page `number`; REQUIRES: it was visited.
    [[nodiscard]] std::string_view page(std::uint32_t number) const;
    /// All pages may be visited again.
    void forget_visits() { seen_.assign(seen_.size(), false); }
    /// Pages and payloads that are not what they should be, by what they lose.
    void count_damage(std::uint64_t bytes) noexcept {
        ++damage_;
        damaged_bytes_ += bytes;
    }
    [[nodiscard]] std::uint64_t damage() const noexcept { return damage_; }
    [[nodiscard]] std::uint64_t damaged_bytes() const noexcept { return damaged_bytes_; }

private:
    const Gathered& bytes_;
    SqliteHeader header_;
    std::vector<bool> seen_;
    std::uint64_t damage_ = 0, damaged_bytes_ = 0;
};

/// A payload, from the cell that it begins in and along its overflow pages.
class SqlitePayload {
public:
    SqlitePayload() = default;
    /// `local`: what stands in the cell; `bytes`: of all; `next`: the first overflow page.
    SqlitePayload(SqliteFile& file, std::string_view local, std::uint64_t bytes,
                  std::uint32_t next)
        : file_(&file), local_(local), left_(bytes), next_(next) {}

    /// The next run of at most `most` bytes; empty at the end, or where it breaks off.
    [[nodiscard]] std::string_view take(std::uint64_t most);
    [[nodiscard]] std::uint64_t left() const noexcept { return left_; }
    /// The next `bytes` of it, to be read once more when they have been taken.
    [[nodiscard]] SqlitePayload again(std::uint64_t bytes) const;

private:
    SqliteFile* file_ = nullptr;
    std::string_view local_;
    std::uint64_t left_ = 0;
    std::uint32_t next_ = 0;
    bool again_ = false;
};

/// A cell of a leaf, or of an index's inner page behind its child: section 1.6 of the format.
struct SqliteCell {
    std::int64_t id = 0;
    bool has_id = false;
    std::string_view local;   ///< what stands of the payload in the page
    std::uint64_t bytes = 0;  ///< of the payload
    std::uint32_t next = 0;   ///< the page that it goes on in; 0: none
};
inline constexpr std::uint8_t sqlite_table_inner = 5, sqlite_table_leaf = 13;
/// `bytes` go from the cell's first one to the end of the page, which is of that kind.
[[nodiscard]] std::optional<SqliteCell> read_sqlite_cell(std::uint8_t kind, std::string_view bytes,
                                                         std::uint64_t usable_bytes);

/// Goes through the rows of one b-tree in order of their keys.
class SqliteTree {
public:
    SqliteTree(SqliteFile& file, std::uint32_t root);

    struct Row {
        std::int64_t id = 0;
        bool has_id = false;  ///< false: of a table WITHOUT ROWID
        SqlitePayload payload;
    };
    [[nodiscard]] std::optional<Row> next();

private:
    struct Step {
        std::uint32_t page = 0;
        std::uint32_t at = 0;     // of its cells; in an index's inner page, of cells and children
        std::uint32_t cells = 0;
        std::uint8_t kind = 0;
        std::uint64_t left = 0;   // bytes that its cells may still claim
    };
    void enter(std::uint32_t page);
    [[nodiscard]] std::string_view cell(const Step& step, std::uint32_t number) const;
    [[nodiscard]] std::optional<Row> row(Step& step, std::string_view cell);

    SqliteFile& file_;
    std::vector<Step> steps_;
};

}  // namespace stratascan::nested
