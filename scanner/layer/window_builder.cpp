#include "scanner/layer/window_builder.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "scanner/match/packed_token.hpp"

namespace stratascan::layer {

void carry_context(const FilledSlab& before, FilledSlab& next) {
    next.begin = before.end;
    const std::uint64_t in_sight = before.context + before.size();
    next.context = static_cast<std::uint32_t>(std::min<std::uint64_t>(in_sight, slab_headroom));
    std::memcpy(next.slab->payload() - next.context,
                before.slab->payload() + before.size() - next.context, next.context);
}

std::uint32_t WindowBuilder::add_member(Member member) {
    member.ordinal = next_ordinal_++;
    members_.push_back(std::move(member));
    return members_.back().ordinal;
}

void WindowBuilder::add_piece(Piece piece) {
    if (piece.begin >= piece.end) return;
    if (!pieces_.empty()) {
        Piece& before = pieces_.back();
        piece.begin = std::max(piece.begin, before.end);
        if (piece.begin >= piece.end) return;
        if (before.kind == piece.kind && before.member == piece.member &&
            before.end == piece.begin &&
            before.file_offset + (before.end - before.begin) == piece.file_offset) {
            before.end = piece.end;
            return;
        }
    }
    pieces_.push_back(piece);
}

// While a member's first bytes are in sight.
void WindowBuilder::see_head(const Window& window, const Piece& piece) {
    if (piece.kind != PieceKind::contents || piece.file_offset != 0 ||
        piece.begin < window.sight_begin()) {
        return;
    }
    constexpr std::string_view magic = "\x7f" "ELF";
    static_assert(magic.size() == match::packed_head);
    const std::string_view head =
        window.bytes().substr(static_cast<std::size_t>(piece.begin - window.sight_begin()),
                              std::min<std::uint64_t>(magic.size(), piece.end - piece.begin));
    const bool cut = piece.begin + magic.size() > window.end && !window.last;
    Member& member = members_[piece.member - first_];
    member.program = cut || head == magic || head.starts_with("#!");
    member.packed = match::holds_packed_strings(head);
}

Window WindowBuilder::assemble(FilledSlab filled, bool last) {
    Window window;
    window.slab = std::move(filled.slab);
    window.sequence = sequence_++;
    window.begin = filled.begin;
    window.end = filled.end;
    window.context = filled.context;
    window.last = last;
    while (!pieces_.empty() && pieces_.front().end <= window.sight_begin()) pieces_.pop_front();
    const std::uint32_t oldest =
        pieces_.empty() ? fresh_from_ : std::min(pieces_.front().member, fresh_from_);
    // The newest member stays: contents may still be added to it.
    while (members_.size() > 1 && first_ < oldest) {
        members_.pop_front();
        ++first_;
    }
    std::uint32_t shown = 0;
    for (const Piece& piece : pieces_) {
        if (piece.begin >= window.end) break;
        see_head(window, piece);
        window.pieces.push_back(piece);
        window.pieces.back().member -= first_;
        shown = window.pieces.back().member + 1;
    }
    // Members without any piece go out with the last window.
    if (last) shown = static_cast<std::uint32_t>(members_.size());
    window.members.assign(members_.begin(), members_.begin() + static_cast<std::ptrdiff_t>(shown));
    for (Member& member : window.members) member.fresh = member.ordinal >= fresh_from_;
    fresh_from_ = std::max(fresh_from_, first_ + shown);
    return window;
}

}  // namespace stratascan::layer
