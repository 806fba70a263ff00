// Keeps what is known of the stream's members until the slabs that hold them go
// out as windows. Shared by the walks over archives and folders.
#pragma once

#include <cstdint>
#include <deque>

#include "scanner/layer/window.hpp"

namespace stratascan::layer {

/// A payload that was filled, not yet a window.
struct FilledSlab {
    SlabRef slab;
    std::uint64_t begin = 0, end = 0;  ///< stream positions of the payload
    std::uint32_t context = 0;

    [[nodiscard]] std::uint64_t size() const noexcept { return end - begin; }
};

/// Copies the tail of `before` into the headroom of `next`, whose payload
/// begins where that of `before` ends.
void carry_context(const FilledSlab& before, FilledSlab& next);

class WindowBuilder {
public:
    /// Members come in order; gives the member its ordinal.
    std::uint32_t add_member(Member member);
    /// Pieces come in stream order, `member` being an ordinal. Runs that follow
    /// each other in the stream and in the file are joined; an overlap with what
    /// came before is cut off.
    void add_piece(Piece piece);

    /// The window of a payload up to whose end all pieces are known. Payloads
    /// come in stream order.
    [[nodiscard]] Window assemble(FilledSlab filled, bool last);

    [[nodiscard]] std::uint32_t members() const noexcept { return next_ordinal_; }
    /// Of the newest member; REQUIRES: members() > 0.
    [[nodiscard]] const Member& newest() const noexcept { return members_.back(); }

private:
    void see_head(const Window& window, const Piece& piece);

    std::deque<Piece> pieces_;
    std::deque<Member> members_;  // the front has ordinal first_
    std::uint32_t first_ = 0;
    std::uint32_t next_ordinal_ = 0;
    std::uint32_t fresh_from_ = 0;  // members from here on were in no window yet
    std::uint64_t sequence_ = 0;
};

}  // namespace stratascan::layer
