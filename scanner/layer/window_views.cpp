// What is in a window beside what the engine's hits lead to: texts that are encoded, and
// small files that are known as a whole.
#include <algorithm>

#include "scanner/layer/bare_keypair.hpp"
#include "scanner/layer/window_region.hpp"

namespace stratascan::layer {

// The pieces, and what lies between them, each as a text of its own. First those that are
// looked at for what they are as a whole.
void WindowScanner::look_through_views(const Window& window, WindowScan& result) {
    const std::string_view bytes = window.bytes();
    const std::uint64_t sight = window.sight_begin();
    std::vector<Region> regions;
    for (const Piece& piece : window.pieces) {
        const bool small_file = piece.kind == PieceKind::contents && piece.file_offset == 0 &&
                                piece.end - piece.begin <= largest_bare_keypair &&
                                piece.begin >= window.own_begin() && piece.begin < window.own_end();
        if (!small_file) continue;
        Region region{bytes.substr(static_cast<std::size_t>(piece.begin - sight),
                                   static_cast<std::size_t>(piece.end - piece.begin)),
                      piece.begin, &piece, piece.member, true};
        if (!may_be_bare_keypair(region.text) || is_exhausted(window, region)) continue;
        for (match::Match& match : look_at_bare_keypair(rules_, second_look_, region.text)) {
            take_match(window, region, match, result);
        }
    }
    view_matches_.clear();
    views_.forget();
    const auto fail_with = [&](const Result<void>& done) {
        if (!done) result.error = done.error();
        return !done;
    };
    const auto add = [&](std::uint64_t begin, std::uint64_t end, const Piece* piece,
                         const Piece* owner) {
        begin = std::clamp(begin, sight, window.end);
        end = std::clamp(end, begin, window.end);
        const std::uint64_t own_begin = std::clamp(window.own_begin(), begin, end);
        const std::uint64_t own_end = std::clamp(window.own_end(), begin, end);
        if (own_begin == own_end) return false;
        const auto in_bytes = [&](std::uint64_t place) {
            return static_cast<std::size_t>(place - sight);
        };
        const views::Hints hints = hints_.within(in_bytes(begin), in_bytes(end));
        Region region;
        region.text = bytes.substr(static_cast<std::size_t>(begin - sight),
                                   static_cast<std::size_t>(end - begin));
        if (hints.empty() && !views::begins_with_units(region.text)) return false;
        region.stream_begin = begin;
        region.piece = piece;
        region.has_member = owner != nullptr;
        if (owner != nullptr) region.member = owner->member;
        if (is_exhausted(window, region)) return false;
        ViewedText text;
        text.bytes = region.text;
        text.own_begin = static_cast<std::size_t>(own_begin - begin);
        text.own_end = static_cast<std::size_t>(own_end - begin);
        text.offset = piece == nullptr ? begin : piece->file_offset + (begin - piece->begin);
        text.number = static_cast<std::uint32_t>(regions.size());
        text.hints = hints;
        if (owner != nullptr) text.path = window.members[owner->member].path;
        regions.push_back(region);
        return fail_with(views_.add(text, view_matches_));
    };
    std::uint64_t at = sight;
    const Piece* before = nullptr;
    for (const Piece& piece : window.pieces) {
        if (piece.begin > at && add(at, piece.begin, nullptr, before)) return;
        if (add(piece.begin, piece.end, &piece, &piece)) return;
        before = &piece;
        at = std::max(at, piece.end);
    }
    if (at < window.end && add(at, window.end, nullptr, before)) return;
    if (fail_with(views_.finish(view_matches_))) return;
    // Members stand in order: the last one that anything was held against is kept.
    for (std::size_t number = 0; number < regions.size(); ++number) {
        const std::uint64_t looks = views_.looks(number);
        if (looks == 0) continue;
        if (!looks_ || regions[number].member > looks_->member) {
            looks_ = Looks{regions[number].member, 0};
        }
        if (regions[number].member == looks_->member) looks_->count += looks;
    }
    for (ViewMatch& one : view_matches_) {
        take_match(window, regions[one.text], one.match, result);
    }
    for (const ViewContainer& one : views_.containers()) {
        const Region& region = regions[one.text];
        if (region.piece == nullptr || region.piece->kind != PieceKind::contents) continue;
        const std::uint64_t place = region.stream_begin + one.place;
        result.encoded_starts.push_back(
            {region.member, region.piece->file_offset + (place - region.piece->begin),
             one.writing});
    }
    for (ViewDropped& one : views_.told_dropped()) {
        tell_dropped(window, regions[one.candidate.text], one, result);
    }
    for (const ViewDrop& one : views_.dropped()) {
        count_dropped(regions[one.text].stream_begin, one);
    }
}

}  // namespace stratascan::layer
