#include "scanner/nested/sqlite_file.hpp"

#include <algorithm>
#include <bit>

#include "scanner/nested/bytes.hpp"

namespace stratascan::nested {

namespace {

constexpr std::uint8_t index_inner = 2, table_inner = sqlite_table_inner;
constexpr std::uint8_t index_leaf = 10, table_leaf = sqlite_table_leaf;
// A tree of the largest database is less than 20 pages deep.
constexpr std::size_t deepest = 64;

constexpr bool is_inner(std::uint8_t kind) { return kind == index_inner || kind == table_inner; }

std::size_t tree_header_at(std::uint32_t page) { return page == 1 ? SqliteHeader::bytes : 0; }

}  // namespace

std::optional<SqliteHeader> read_sqlite_header(std::string_view head) noexcept {
    using namespace std::string_view_literals;
    if (head.size() < SqliteHeader::bytes || !head.starts_with("SQLite format 3\0"sv)) {
        return std::nullopt;
    }
    SqliteHeader header;
    const std::uint64_t page = big_endian(head, 16, 2);
    header.page_bytes = page == 1 ? 65536 : static_cast<std::uint32_t>(page);
    const auto reserved = static_cast<std::uint32_t>(big_endian(head, 20, 1));
    if (header.page_bytes < 512 || !std::has_single_bit(header.page_bytes) ||
        header.page_bytes - reserved < 480) {
        return std::nullopt;
    }
    header.usable_bytes = header.page_bytes - reserved;
    header.pages = static_cast<std::uint32_t>(big_endian(head, 28, 4));
    const std::uint64_t text = big_endian(head, 56, 4);
    if (text == 2) header.text = SqliteText::utf16_little;
    if (text == 3) header.text = SqliteText::utf16_big;
    return header;
}

std::optional<std::uint64_t> take_sqlite_varint(std::string_view& in) noexcept {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 9 && i < in.size(); ++i) {
        const auto byte = static_cast<unsigned char>(in[i]);
        if (i == 8) {
            in.remove_prefix(9);
            return value << 8U | byte;
        }
        value = value << 7U | (byte & 0x7fU);
        if ((byte & 0x80U) == 0) {
            in.remove_prefix(i + 1);
            return value;
        }
    }
    return std::nullopt;
}

SqliteFile::SqliteFile(const Gathered& bytes, const SqliteHeader& header)
    : bytes_(bytes), header_(header),
      seen_(static_cast<std::size_t>(bytes.end() / header.page_bytes)) {}

std::string_view SqliteFile::page(std::uint32_t number) const {
    return bytes_.run(std::uint64_t{header_.page_bytes} * (number - 1))
        .substr(0, header_.usable_bytes);
}

std::string_view SqliteFile::visit(std::uint32_t number) {
    if (number == 0 || number > seen_.size() || seen_[number - 1]) return {};
    seen_[number - 1] = true;
    return page(number);
}

std::string_view SqliteFile::revisit(std::uint32_t number) const {
    if (number == 0 || number > seen_.size() || !seen_[number - 1]) return {};
    return page(number);
}

SqlitePayload SqlitePayload::again(std::uint64_t bytes) const {
    SqlitePayload part = *this;
    part.left_ = std::min(left_, bytes);
    part.local_ = local_.substr(0, static_cast<std::size_t>(
                                       std::min<std::uint64_t>(local_.size(), part.left_)));
    part.again_ = true;
    return part;
}

std::string_view SqlitePayload::take(std::uint64_t most) {
    if (local_.empty() && left_ > 0 && next_ != 0) {
        const std::string_view page = again_ ? file_->revisit(next_) : file_->visit(next_);
        if (page.size() > 4) {
            next_ = static_cast<std::uint32_t>(big_endian(page, 0, 4));
            local_ = page.substr(4, static_cast<std::size_t>(
                                        std::min<std::uint64_t>(left_, page.size() - 4)));
        }
    }
    if (local_.empty() && left_ > 0) {
        if (!again_) file_->count_damage(left_);
        left_ = 0;
    }
    const std::string_view run =
        local_.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(most, local_.size())));
    local_.remove_prefix(run.size());
    left_ -= run.size();
    return run;
}

SqliteTree::SqliteTree(SqliteFile& file, std::uint32_t root) : file_(file) { enter(root); }

void SqliteTree::enter(std::uint32_t number) {
    const std::string_view page = file_.visit(number);
    const std::size_t at = tree_header_at(number);
    if (page.empty() || steps_.size() >= deepest) {
        file_.count_damage(file_.header().page_bytes);
        return;
    }
    Step step;
    step.page = number;
    step.kind = static_cast<std::uint8_t>(page[at]);
    step.cells = static_cast<std::uint32_t>(big_endian(page, at + 3, 2));
    step.left = page.size();
    const bool is_tree = is_inner(step.kind) || step.kind == index_leaf || step.kind == table_leaf;
    const std::size_t head = is_inner(step.kind) ? 12 : 8;
    if (!is_tree || at + head + std::size_t{2} * step.cells > page.size()) {
        file_.count_damage(file_.header().page_bytes);
        return;
    }
    steps_.push_back(step);
}

// From its first byte to the end of the page.
std::string_view SqliteTree::cell(const Step& step, std::uint32_t number) const {
    const std::string_view page = file_.page(step.page);
    const std::size_t list = tree_header_at(step.page) + (is_inner(step.kind) ? 12 : 8);
    const auto at = static_cast<std::size_t>(big_endian(page, list + std::size_t{2} * number, 2));
    return page.substr(std::min(at, page.size()));
}

std::optional<SqliteTree::Row> SqliteTree::next() {
    while (!steps_.empty()) {
        Step& step = steps_.back();
        const bool inner = is_inner(step.kind);
        const bool index = step.kind == index_inner;
        // An index has rows in its inner pages, too, between the children.
        const std::uint32_t count = inner ? step.cells * (index ? 2 : 1) + 1 : step.cells;
        if (step.at >= count) {
            steps_.pop_back();
            continue;
        }
        const std::uint32_t at = step.at++;
        if (!inner || (index && at % 2 == 1)) {
            std::string_view bytes = cell(step, index ? at / 2 : at);
            bytes.remove_prefix(std::min<std::size_t>(inner ? 4 : 0, bytes.size()));
            if (auto found = row(step, bytes)) return found;
            file_.count_damage(0);
            continue;
        }
        const std::uint32_t child = index ? at / 2 : at;
        const std::string_view page = file_.page(step.page);
        const std::string_view from =
            child < step.cells ? cell(step, child) : page.substr(tree_header_at(step.page) + 8);
        if (from.size() < 4) {
            file_.count_damage(0);
            continue;
        }
        enter(static_cast<std::uint32_t>(big_endian(from, 0, 4)));  // `step` may be gone
    }
    return std::nullopt;
}

std::optional<SqliteTree::Row> SqliteTree::row(Step& step, std::string_view bytes) {
    const auto cell = read_sqlite_cell(step.kind, bytes, file_.header().usable_bytes);
    if (!cell || cell->bytes > file_.pages() * file_.header().usable_bytes ||
        cell->local.size() > step.left) {
        return std::nullopt;
    }
    step.left -= cell->local.size();
    return Row{cell->id, cell->has_id, SqlitePayload(file_, cell->local, cell->bytes, cell->next)};
}

std::optional<SqliteCell> read_sqlite_cell(std::uint8_t kind, std::string_view in,
                                           std::uint64_t usable) {
    const auto bytes = take_sqlite_varint(in);
    if (!bytes) return std::nullopt;
    SqliteCell cell;
    cell.bytes = *bytes;
    if (kind == table_leaf) {
        const auto id = take_sqlite_varint(in);
        if (!id) return std::nullopt;
        cell.id = static_cast<std::int64_t>(*id);
        cell.has_id = true;
    }
    const std::uint64_t most = kind == table_leaf ? usable - 35 : (usable - 12) * 64 / 255 - 23;
    const std::uint64_t least = (usable - 12) * 32 / 255 - 23;
    std::uint64_t local = *bytes;
    if (local > most) {
        local = least + (*bytes - least) % (usable - 4);
        if (local > most) local = least;
    }
    const std::uint64_t pointer = local < *bytes ? 4 : 0;
    if (local + pointer > in.size()) return std::nullopt;
    cell.local = in.substr(0, static_cast<std::size_t>(local));
    if (pointer != 0) {
        cell.next = static_cast<std::uint32_t>(big_endian(in, static_cast<std::size_t>(local), 4));
    }
    return cell;
}

}  // namespace stratascan::nested
