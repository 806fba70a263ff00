#include "scanner/nested/inner_stream.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace stratascan::nested {

namespace {

// Each member takes at least this much of the stream, so that a window, however
// small the members of a hostile archive, holds a bounded number of them.
constexpr std::uint64_t least_member = 256;
constexpr char zeros[least_member] = {};

}  // namespace

std::uint32_t InnerStream::begin_member(layer::Member member, std::string_view header) {
    // A byte at least between members, so that no word of one goes on in the next.
    const std::uint64_t used = slab_.end - newest_begin_;
    const std::uint64_t padding = used < least_member ? least_member - used : 1;
    add_aside({zeros, static_cast<std::size_t>(builder_.members() == 0 ? 1 : padding)});
    newest_begin_ = slab_.end;
    const std::uint32_t ordinal = builder_.add_member(std::move(member));
    add({0, 0, 0, ordinal, layer::PieceKind::header}, true, header);
    return ordinal;
}

void InnerStream::add_contents(std::uint32_t member, std::uint64_t offset,
                               std::string_view bytes) {
    add({0, 0, offset, member, layer::PieceKind::contents}, true, bytes);
}

void InnerStream::add_aside(std::string_view bytes) { add({}, false, bytes); }

// A full slab goes out only when more comes: the last one says that it is the last.
void InnerStream::add(layer::Piece piece, bool owned, std::string_view bytes) {
    while (!bytes.empty()) {
        if (!slab_.slab) slab_.slab = pool_.acquire();
        if (slab_.size() == layer::slab_payload) {
            layer::FilledSlab next;
            next.slab = pool_.acquire();
            carry_context(slab_, next);
            next.end = next.begin;
            ready_.push_back(builder_.assemble(std::move(slab_), false));
            ready_.back().stream = number_;
            slab_ = std::move(next);
        }
        const auto used = static_cast<std::size_t>(slab_.size());
        const std::string_view part = bytes.substr(0, layer::slab_payload - used);
        std::memcpy(slab_.slab->payload() + used, part.data(), part.size());
        piece.begin = slab_.end;
        slab_.end = piece.end = slab_.end + part.size();
        if (owned) builder_.add_piece(piece);
        if (piece.kind == layer::PieceKind::contents) piece.file_offset += part.size();
        bytes.remove_prefix(part.size());
    }
}

void InnerStream::finish() {
    if (!slab_.slab) return;
    ready_.push_back(builder_.assemble(std::move(slab_), true));
    ready_.back().stream = number_;
}

}  // namespace stratascan::nested
