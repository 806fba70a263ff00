#include "scanner/layer/view_scan.hpp"

#include <algorithm>
#include <utility>

#include "scanner/match/drop_detail.hpp"
#include "scanner/match/drop_reason.hpp"
#include "scanner/sieve/kernel.hpp"

namespace stratascan::layer {

namespace {

using views::Encoding;
using views::Places;
using views::Stretch;
using views::View;

// Views are looked at together when they have this many bytes: a start of the
// engine costs as much as some kilobytes.
constexpr std::size_t batch_bytes = 128 << 10;
// Decoded bytes on either side of a generic finding that must be text.
constexpr std::size_t text_round_generic = 24;

bool is_run(Encoding encoding) noexcept {
    return encoding == Encoding::base64 || encoding == Encoding::hex;
}

// Names, hashes and pictures read as base64 are noise. A dozen characters in a
// row, or characters and zeros, are no chance.
bool may_hold_text(std::string_view bytes) noexcept {
    constexpr std::size_t least_text = 12;
    const auto is_text = [&](std::size_t at) {
        const char c = bytes[at];
        return (c >= ' ' && c <= '~') || c == '\0' || c == '\n' || c == '\r' || c == '\t';
    };
    for (std::size_t at = least_text - 1; at < bytes.size();) {
        std::size_t begin = at + 1;
        while (begin > at + 1 - least_text && is_text(begin - 1)) --begin;
        if (begin == at + 1 - least_text) return true;
        at = begin - 1 + least_text;
    }
    return false;
}

// Generic rules go by a name and a value. In bytes that are no text there is
// neither, only what looks like them.
bool stands_in_text(std::string_view text, const match::Match& match) noexcept {
    const std::size_t begin =
        match.begin > text_round_generic ? match.begin - text_round_generic : 0;
    const std::string_view round = text.substr(begin, match.end + text_round_generic - begin);
    return std::all_of(round.begin(), round.end(), [](char c) {
        return static_cast<signed char>(c) < 0 || (c >= ' ' && c != '\x7f') || c == '\n' ||
               c == '\r' || c == '\t';
    });
}

}  // namespace

Result<void> ViewScanner::add(const ViewedText& text, std::vector<ViewMatch>& matches) {
    if (text.hints.empty() && !views::begins_with_units(text.bytes)) return {};
    if (texts_.empty()) looks_.clear();
    texts_.push_back(text);
    add_views(0, text.bytes, text.hints, texts_.size() - 1);
    if (levels_[0].store.bytes().size() < batch_bytes) return {};
    return flush(0, matches);
}

Result<void> ViewScanner::finish(std::vector<ViewMatch>& matches) {
    auto done = flush(0, matches);
    texts_.clear();
    return done;
}

void ViewScanner::add_views(std::size_t depth, std::string_view text, const views::Hints& hints,
                            std::size_t source) {
    Level& level = levels_[depth];
    level.stretches.clear();
    level.stretch_finder.find(text, hints, level.stretches);
    for (const Stretch& stretch : level.stretches.found) {
        if (depth == 0) {
            const ViewedText& from = texts_[source];
            if (stretch.end <= from.own_begin || stretch.begin >= from.own_end) continue;
            if (is_run(stretch.encoding)) see_containers(from, stretch);
        }
        if (is_run(stretch.encoding)) {
            add_runs(depth, text, stretch, source);
        } else {
            level.store.add(text, stretch, source);
        }
    }
}

// Its first characters tell, wherever groups may begin.
void ViewScanner::see_containers(const ViewedText& text, const Stretch& stretch) {
    const auto& segments = levels_[0].stretches.segments;
    for (std::size_t phase = 0; phase < views::group_of(stretch.encoding); ++phase) {
        const std::size_t start = stretch.starts[phase];
        if (start == views::nowhere || start >= stretch.characters) continue;
        std::size_t line = stretch.first_segment + stretch.segments - 1;
        while (segments[line].before > start) --line;
        const std::size_t place = segments[line].begin + (start - segments[line].before);
        if (place < text.own_begin || place >= text.own_end) continue;
        const auto writing = views::container_at(stretch.encoding, text.bytes.substr(place));
        if (writing) containers_.push_back({text.number, place, *writing});
    }
}

// All readings of a stretch that a place in it may ask for. Groups begin where
// something says so; behind the sight of the beginning, in every phase.
void ViewScanner::add_runs(std::size_t depth, std::string_view text, const Stretch& stretch,
                           std::size_t source) {
    views::ViewStore& store = levels_[depth].store;
    std::size_t file_begin = stretch.begin, file_end = stretch.end;
    if (depth > 0) {
        const View& view = levels_[depth - 1].store.views()[source];
        file_begin = file_place(depth - 1, view, stretch.begin);
        file_end = file_place(depth - 1, view, stretch.end - 1) + 1;
    }
    const bool wide = file_end - file_begin > view_sight;
    if (!wide && !stretch.telling) return;
    for (std::size_t phase = 0; phase < views::group_of(stretch.encoding); ++phase) {
        const std::size_t start = stretch.starts[phase];
        const bool starts = stretch.telling && start != views::nowhere;
        if (!wide && !starts) continue;
        const std::size_t first = wide ? phase : start;
        if (first >= stretch.characters) continue;
        if (!store.add_run(text, levels_[depth].stretches, stretch, first, source)) continue;
        View& view = store.views().back();
        if (!wide && !may_hold_text(store.bytes_of(view))) {
            store.drop_last();
            continue;
        }
        view.starts = starts;
        if (!starts) continue;
        const auto& segments = levels_[depth].stretches.segments;
        std::size_t line = stretch.first_segment + stretch.segments - 1;
        while (segments[line].before > start) --line;
        view.start = segments[line].begin + (start - segments[line].before);
    }
}

Result<void> ViewScanner::flush(std::size_t depth, std::vector<ViewMatch>& matches) {
    Level& level = levels_[depth];
    if (level.store.views().empty()) return {};
    level.edges.clear();
    for (const View& view : level.store.views()) level.edges.push_back(view.end);
    level.edges.pop_back();  // the end of all is no edge in it
    auto done = hit_finder_.find(level.store.bytes(), level.edges, level.hits);
    if (done) {
        auto view = level.store.views().begin();
        for (const match::Hit& hit : level.hits) {
            while (view->end < hit.end) ++view;
            look_at_hit(depth, *view, hit, matches);
        }
        if (depth + 1 < depth_limit) done = look_deeper(depth + 1, matches);
    }
    level.store.clear();
    return done;
}

Result<void> ViewScanner::look_deeper(std::size_t depth, std::vector<ViewMatch>& matches) {
    const views::ViewStore& above = levels_[depth - 1].store;
    for (std::size_t i = 0; i < above.views().size(); ++i) {
        if (above.bytes_of(above.views()[i]).size() < views::least_run) continue;
        const std::string_view bytes = above.bytes_of(above.views()[i]);
        hints_.clear();
        sieve::find_encoded(bytes, 0, bytes.size(), hints_);
        add_views(depth, bytes, hints_.within(0, bytes.size()), i);
        if (levels_[depth].store.bytes().size() < batch_bytes) continue;
        if (auto done = flush(depth, matches); !done) return done;
    }
    return flush(depth, matches);
}

void ViewScanner::look_at_hit(std::size_t depth, const View& view, const match::Hit& hit,
                              std::vector<ViewMatch>& matches) {
    const match::Expression& expression = rules_.expressions()[hit.expression];
    if (expression.rules.empty() || hit.end <= view.begin) return;
    const std::size_t end_in_view = hit.end - view.begin;
    const ViewedText& text = text_of(depth, view);
    const std::size_t end = encoded(depth, view, {end_in_view - 1, end_in_view}).end;
    const bool owned = (end > text.own_begin || text.own_begin == 0) && end <= text.own_end;
    if (!owned) return;
    Sight sight{0, end + view_sight, true};
    narrow(depth, view, end, sight);
    if (!sight.counts) return;
    const Places seen = seen_of(depth, view, sight);
    if (end_in_view <= seen.begin || end_in_view > seen.end) return;
    const std::string_view bytes =
        levels_[depth].store.bytes_of(view).substr(seen.begin, seen.end - seen.begin);
    found_.clear();
    if (looks_.size() <= text.number) looks_.resize(text.number + 1);
    looks_[text.number] += expression.rules.size();
    dropped_.clear();
    for (const std::uint32_t rule : expression.rules) {
        second_look_.look(rule, bytes, end_in_view - seen.begin, found_,
                          {text.path, &dropped_, tell_dropped_});
    }
    for (const match::Dropped& one : dropped_) drop(depth, view, seen.begin, bytes, one);
    for (match::Match& match : found_) {
        if (rules_.rules()[match.rule]->is_generic() && !stands_in_text(bytes, match)) {
            drop(depth, view, seen.begin, bytes,
                 {match.rule, match.begin, match.end, match.begin, match.end,
                  match::dropped::no_text});
            continue;
        }
        const Places found = {seen.begin + match.begin, seen.begin + match.end};
        // One that the evidence told may stand behind the secret, where the view ends.
        const std::size_t identifier =
            std::min(seen.begin + match.identifier, view.end - view.begin - 1);
        match.identifier = encoded(depth, view, {identifier, identifier + 1}).begin;
        matches.push_back(placed(depth, view, found, std::move(match)));
    }
}

void ViewScanner::drop(std::size_t depth, const View& view, std::size_t seen_begin,
                       std::string_view bytes, const match::Dropped& one) {
    const Places found = {seen_begin + one.begin, seen_begin + one.end};
    const Places place = place_of(depth, view, found, outermost_name(depth, view));
    drops_.push_back({text_of(depth, view).number, one.rule, place.begin, place.end, one.reason});
    if (!tell_dropped_) return;
    match::Match match;
    match.rule = one.rule;
    match.finding = second_look_.candidate(one, bytes);
    std::string detail =
        match::drop_detail(*rules_.rules()[one.rule], one, bytes, text_of(depth, view).path);
    told_.push_back({placed(depth, view, found, std::move(match)), one.reason, std::move(detail)});
}

// The name of the encoding that stands in the text itself.
std::string_view ViewScanner::outermost_name(std::size_t depth, const View& view) const {
    if (depth == 0) return name_of(depth, view);
    return name_of(depth - 1, levels_[depth - 1].store.views()[view.source]);
}

// In the text, of what was found in a view.
Places ViewScanner::place_of(std::size_t depth, const View& view, Places found,
                             std::string_view outermost) const {
    Places place = encoded(depth, view, found);
    // A big-endian unit has its zero in front.
    if (outermost == "utf-16be" && place.begin > 0) {
        --place.begin;
        --place.end;
    }
    place.end = std::min(place.end, text_of(depth, view).bytes.size());
    return place;
}

ViewMatch ViewScanner::placed(std::size_t depth, const View& view, Places found,
                              match::Match match) const {
    const std::string_view outermost = outermost_name(depth, view);
    // In front of a step that the evidence took itself.
    auto& path = match.finding.inner_path;
    if (depth > 0) path.emplace(path.begin(), name_of(depth, view));
    path.emplace(path.begin(), outermost);
    const Places place = place_of(depth, view, found, outermost);
    match.begin = place.begin;
    match.end = place.end;
    match.finding.length = match.end - match.begin;
    return {text_of(depth, view).number, std::move(match)};
}

const ViewedText& ViewScanner::text_of(std::size_t depth, const View& view) const {
    const View& outer = depth == 0 ? view : levels_[0].store.views()[view.source];
    return texts_[outer.source];
}

std::string_view ViewScanner::source_of(std::size_t depth, const View& view) const {
    if (depth == 0) return texts_[view.source].bytes;
    const views::ViewStore& above = levels_[depth - 1].store;
    return above.bytes_of(above.views()[view.source]);
}

// Where in the file's text a byte of a view begins.
std::size_t ViewScanner::file_place(std::size_t depth, const View& view, std::size_t place) const {
    return encoded(depth, view, {place, place + 1}).begin;
}

// What bytes of a view are made of, as places in the file's text.
Places ViewScanner::encoded(std::size_t depth, const View& view, Places decoded) const {
    const Places places = levels_[depth].store.encoded(view, source_of(depth, view), decoded);
    if (depth == 0) return places;
    return encoded(depth - 1, levels_[depth - 1].store.views()[view.source], places);
}

// A place may look back to where the groups of its phase begin, or as far as
// anything is seen. A phase that nothing in sight says counts for places only
// whose stretch begins out of their sight.
void ViewScanner::narrow(std::size_t depth, const View& view, std::size_t end,
                         Sight& sight) const {
    const auto in_file = [&](std::size_t place) {
        if (depth == 0) return place;
        return file_place(depth - 1, levels_[depth - 1].store.views()[view.source], place);
    };
    const std::size_t furthest = end > view_sight ? end - view_sight : 0;
    std::size_t from = furthest;
    if (is_run(view.encoding) && in_file(view.text.begin) >= furthest) {
        from = view.starts ? in_file(view.start) : end;
        if (end <= from) sight.counts = false;
    }
    sight.begin = std::max(sight.begin, from);
    if (depth > 0) narrow(depth - 1, levels_[depth - 1].store.views()[view.source], end, sight);
}

// The bytes of a view that are made of nothing out of sight.
Places ViewScanner::seen_of(std::size_t depth, const View& view, const Sight& sight) const {
    const std::size_t size = view.end - view.begin;
    const auto first_where = [&](auto holds) {
        std::size_t low = 0, high = size;
        while (low < high) {
            const std::size_t middle = low + (high - low) / 2;
            if (holds(encoded(depth, view, {middle, middle + 1}))) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    };
    Places seen{0, size};
    if (encoded(depth, view, {0, 1}).begin < sight.begin) {
        seen.begin = first_where([&](Places at) { return at.begin >= sight.begin; });
    }
    if (encoded(depth, view, {size - 1, size}).end > sight.end) {
        seen.end = first_where([&](Places at) { return at.end > sight.end; });
    }
    return seen;
}

std::string_view ViewScanner::name_of(std::size_t depth, const View& view) const {
    switch (view.encoding) {
        case Encoding::base64: return "base64";
        case Encoding::hex: return "hex";
        case Encoding::percent: return "percent";
        case Encoding::escapes: return "escapes";
        case Encoding::entities: return "entities";
        case Encoding::utf16: break;
    }
    const std::size_t seen = view.text.end - view.text.begin + 2 * views::order_sight;
    if (view.order != views::ByteOrder::unknown && (depth > 0 || seen <= view_sight)) {
        return view.order == views::ByteOrder::big ? "utf-16be" : "utf-16le";
    }
    // In files it mostly stands at even places. Of a view's places that says nothing.
    const std::size_t begin = view.text.begin;
    const bool big = depth > 0 ? source_of(depth, view)[begin - 1] == '\0'
                               : ((texts_[view.source].offset + begin) & 1U) != 0;
    return big ? "utf-16be" : "utf-16le";
}

}  // namespace stratascan::layer
