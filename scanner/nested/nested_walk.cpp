#include "scanner/nested/nested_walk.hpp"

#include <algorithm>
#include <utility>

#include "scanner/nested/recognise.hpp"

namespace stratascan::nested {

Result<std::optional<layer::Window>> NestedWalk::next() {
    for (;;) {
        if (auto inner = nest_.take()) return inner;
        if (nest_.run()) continue;
        if (window_) {
            if (!give_next()) return std::exchange(window_, std::nullopt);
        } else if (!ended_) {
            auto outer = outer_.next();
            if (!outer) return outer;
            ended_ = !outer->has_value();
            if (ended_) nest_.close();
            window_ = std::move(*outer);
            piece_ = 0;
        } else if (!finished_) {
            finished_ = true;
            nest_.finish();
        } else {
            return std::nullopt;
        }
    }
}

// The next piece of a file that is a container, or may be one, goes to the nest.
// False when the window has no more.
bool NestedWalk::give_next() {
    while (piece_ < window_->pieces.size()) {
        const layer::Piece& piece = window_->pieces[piece_];
        const layer::Member& member = window_->members[piece.member];
        const std::uint64_t from = std::max(piece.begin, window_->begin);
        const std::uint64_t to = std::min(piece.end, window_->end);
        if (piece.kind != layer::PieceKind::contents || from >= to) {
            ++piece_;
            continue;
        }
        if (nest_.is_open() && nest_.host().ordinal != member.ordinal) {
            nest_.close();
            return true;
        }
        ++piece_;
        const std::uint64_t offset = piece.file_offset + (from - piece.begin);
        const std::string_view bytes = window_->bytes().substr(
            static_cast<std::size_t>(from - window_->sight_begin()),
            static_cast<std::size_t>(to - from));
        if (!nest_.is_open()) {
            if (offset != 0) continue;
            if (!may_be_container(piece, bytes) && !may_be_git_ref(member.path)) continue;
            nest_.open({member.path, member.ordinal, member.kind, member.after_end,
                        member.mode});
        } else if (offset != nest_.host_bytes()) {
            nest_.abandon("a container in a sparse file");
            continue;
        }
        nest_.give(bytes);
        return true;
    }
    return false;
}

// By its first bytes; where those are cut, the nest waits for more.
bool NestedWalk::may_be_container(const layer::Piece& piece, std::string_view bytes) const {
    const bool cut = piece.end >= window_->end && !window_->last;
    return (cut && bytes.size() < recognised_within) ||
           recognise(bytes.substr(0, recognised_within)) != Format::none;
}

}  // namespace stratascan::nested
