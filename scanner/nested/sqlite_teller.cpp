#include "scanner/nested/sqlite_teller.hpp"

#include <utility>

namespace stratascan::nested {

namespace {

constexpr std::size_t shown_at_once = 64 << 10;

}  // namespace

bool SqliteTeller::begin(std::string table, std::string row, SqliteFile& file,
                         SqlitePayload payload, const std::vector<std::string>& columns) {
    table_ = std::move(table);
    row_name_ = std::move(row);
    row_.emplace(file, payload, columns);
    blob_ = 0;
    text_.clear();
    static_cast<void>(row_->write(text_, shown_at_once));
    state_ = text_.empty() ? State::blobs : State::text;
    return !text_.empty() || !row_->blobs().empty();
}

Found SqliteTeller::next() {
    switch (state_) {
        case State::text:
            name_ = table_ + row_name_;
            state_ = State::shown;
            return Found::member;
        case State::shown:
            bytes_ = text_;
            state_ = State::text_end;
            return Found::contents;
        case State::text_end:
            text_.clear();
            if (static_cast<void>(row_->write(text_, shown_at_once)); !text_.empty()) {
                bytes_ = text_;
                return Found::contents;
            }
            state_ = State::blobs;
            return Found::member_end;
        case State::blobs:
            if (blob_ == row_->blobs().size()) return Found::need_input;
            name_ = table_ + " column " + row_->blobs()[blob_].column + row_name_;
            state_ = State::blob;
            return Found::member;
        case State::blob: {
            SqlitePayload& payload = row_->blobs()[blob_].bytes;
            const bool more = payload.left() > 0;
            bytes_ = payload.take(shown_at_once);
            if (!bytes_.empty()) return Found::contents;
            if (more) ++broken_;
            ++blob_;
            state_ = State::blobs;
            return Found::member_end;
        }
    }
    return Found::need_input;
}

}  // namespace stratascan::nested
