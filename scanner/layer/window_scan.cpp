#include "scanner/layer/window_scan.hpp"

#include <algorithm>

#include "scanner/layer/clock.hpp"
#include "scanner/layer/line_breaks.hpp"
#include "scanner/layer/pairs.hpp"
#include "scanner/layer/window_region.hpp"

namespace stratascan::layer {

namespace {

// A program's literal seen more often than this in one file tells nothing new.
constexpr std::uint32_t observations_a_literal = 4;
// Each place of some literals names another command.
constexpr std::uint32_t applets_a_literal = program::most_names;
// Bytes round a secret that decide whether its file has lines.
constexpr std::size_t text_sight = 1024;

// Line feeds of a file at the places [from, to) of the stream.
std::uint64_t breaks_of(const Window& window, const Piece& piece, std::uint64_t from,
                        std::uint64_t to, LineUnit unit) noexcept {
    const std::uint64_t sight = window.sight_begin();
    const bool odd = ((sight ^ piece.begin) & 1U) != 0;
    return count_breaks(window.bytes(), static_cast<std::size_t>(from - sight),
                        static_cast<std::size_t>(to - sight), unit, odd);
}

bool is_contents_of(const Piece& piece, std::uint32_t member) noexcept {
    return piece.kind == PieceKind::contents && piece.member == member;
}

}  // namespace

namespace {

Source header_source(std::string_view text, std::size_t at) {
    // A PAX record is "LENGTH KEY=VALUE\n"; the key stands between the last line
    // break and the value.
    const std::size_t from = text.substr(0, at).rfind("SCHILY.xattr.");
    if (from != std::string_view::npos &&
        text.substr(from, at - from).find('\n') == std::string_view::npos) {
        return Source::xattr;
    }
    return Source::header;
}

}  // namespace

WindowScanner::WindowScanner(const match::RuleSet& rules, const match::Database& database,
                             const sieve::Sieve* sieve, const identity::SecretKey& key,
                             const ScanOptions& options)
    : rules_(rules), finder_(rules, database, sieve),
      second_look_(rules, key, options.show_secrets),
      views_(rules, finder_, second_look_, options.tell_dropped),
      options_(options),
      member_room_(2 * std::min(options.findings_a_file, ScanOptions().findings_a_file)),
      window_room_(member_room_ / 2 * 3),
      seen_literals_(rules.programs().literals().size()) {}

WindowScan WindowScanner::scan(Window& window, std::optional<std::uint32_t> exhausted) {
    WindowScan result;
    exhausted_ = exhausted;
    looks_.reset();
    const std::uint64_t start = now_ns(), spent = thread_ns();
    views::HintPlaces* const hints = options_.secrets ? &hints_ : nullptr;
    if (auto found = finder_.find(window, options_.programs, hits_, hints); !found) {
        result.error = found.error();
        return result;
    }
    const std::uint64_t looked = now_ns();
    std::fill(seen_literals_.begin(), seen_literals_.end(), Seen{});
    line_cursor_ = {};
    told_dropped_.clear();
    room_ = {};
    look_at_hits(window, result);
    if (options_.secrets) look_through_views(window, result);
    settle_dropped();
    if (options_.programs) read_heads(window, result);
    if (!window.last) mark_open_member(window, result);
    for (Member& member : window.members) {
        if (member.fresh && !member.inner) member.hash = hash_path(member.path);
    }
    const std::uint64_t end = now_ns();
    counters_.windows += 1;
    counters_.engine_bytes = finder_.engine_bytes();
    counters_.sieved_bytes = finder_.sieved_bytes();
    counters_.scan_ns += end - start;
    counters_.confirm_ns += end - looked;
    counters_.hits += hits_.size();
    counters_.confirmed += result.findings.size();
    result.hits = hits_.size();
    result.spent_ns = thread_ns() - spent;
    return result;
}

// Hits come in order of their ends, and pieces stand in order: one walk.
void WindowScanner::look_at_hits(const Window& window, WindowScan& result) {
    const std::string_view bytes = window.bytes();
    const std::uint64_t sight = window.sight_begin();
    std::size_t next = 0;
    for (const match::Hit& hit : hits_) {
        const std::uint64_t end = sight + hit.end;
        const bool owned = (end > window.own_begin() || window.own_begin() == 0) &&
                           end <= window.own_end();
        if (!owned) continue;
        const std::uint64_t place = end - 1;
        while (next < window.pieces.size() && window.pieces[next].end <= place) ++next;
        Region region;
        std::uint64_t begin = next > 0 ? window.pieces[next - 1].end : sight;
        std::uint64_t stop = window.end;
        if (next < window.pieces.size()) {
            const Piece& piece = window.pieces[next];
            stop = piece.begin;
            if (piece.begin <= place) {
                region.piece = &piece;
                begin = piece.begin;
                stop = piece.end;
            }
        }
        const Piece* owner = region.piece;
        if (owner == nullptr && next > 0) owner = &window.pieces[next - 1];
        region.has_member = owner != nullptr;
        if (owner != nullptr) region.member = owner->member;
        begin = std::clamp(begin, sight, window.end);
        stop = std::clamp(stop, begin, window.end);
        // A byte order mark is no part of the first line.
        const bool first = region.piece != nullptr && begin == region.piece->begin &&
                           region.piece->kind == PieceKind::contents &&
                           region.piece->file_offset == 0;
        if (first && bytes.substr(static_cast<std::size_t>(begin - sight), stop - begin)
                         .starts_with("\xef\xbb\xbf") && place >= begin + 3) {
            begin += 3;
        }
        region.stream_begin = begin;
        region.text = bytes.substr(static_cast<std::size_t>(begin - sight),
                                   static_cast<std::size_t>(stop - begin));
        look_at_hit(window, region, hit, static_cast<std::size_t>(end - begin), result);
    }
}

void WindowScanner::look_at_hit(const Window& window, const Region& region, const match::Hit& hit,
                                std::size_t end, WindowScan& result) {
    const match::Expression& expression = rules_.expressions()[hit.expression];
    if (options_.programs && region.piece != nullptr && region.piece->kind == PieceKind::contents) {
        for (const std::uint32_t literal : expression.programs) {
            see_program(region, literal, end, result);
        }
    }
    if (!options_.secrets || expression.rules.empty() || is_exhausted(window, region)) return;
    matches_.clear();
    if (!looks_ || looks_->member != region.member) looks_ = Looks{region.member, 0};
    looks_->count += expression.rules.size();
    const std::string_view path =
        region.has_member ? std::string_view(window.members[region.member].path) : "";
    const bool packed = region.has_member && window.members[region.member].packed;
    for (const std::uint32_t rule : expression.rules) {
        second_look_.look(rule, region.text, end, matches_,
                          {path, &dropped_, options_.tell_dropped, packed});
    }
    if (options_.tell_dropped) tell_dropped(window, region, path, result);
    count_dropped(region.stream_begin);
    for (match::Match& match : matches_) take_match(window, region, match, result);
}

void WindowScanner::take_match(const Window& window, const Region& region, match::Match& match,
                               WindowScan& result) {
    if (match.certificate) {
        if (region.piece != nullptr && region.piece->kind == PieceKind::contents) {
            result.certificates.push_back({region.member, std::move(match.certificate)});
        }
        return;
    }
    // One member must not take the room of those beside it. They come in order.
    const std::uint32_t member = region.has_member ? region.member : ~std::uint32_t{0};
    if (room_.member != member) room_ = {member, member_room_};
    if (room_.left == 0 || result.findings.size() >= window_room_) {
        leave_out(member, region, result);
        return;
    }
    --room_.left;
    result.findings.push_back(placed(window, region, match));
}

void WindowScanner::leave_out(std::uint32_t member, const Region& region, WindowScan& result) {
    // Members stand in order, and of small ones there may be any number.
    constexpr std::size_t members_told = 100;
    const bool known = !result.left_out.empty() && result.left_out.back().member == member;
    if (!known && result.left_out.size() < members_told) result.left_out.push_back({member, 0});
    else if (!known && result.left_out.size() == members_told) result.left_out.push_back({});
    ++result.left_out.back().count;
    const bool contents = region.piece != nullptr && region.piece->kind == PieceKind::contents;
    if (region.has_member && !contents) result.names_left_out = true;
}

// What is known of a match, with its place in its file.
WindowFinding WindowScanner::placed(const Window& window, const Region& region,
                                    match::Match& match) {
    WindowFinding found;
    found.rule = match.rule;
    found.member = region.has_member ? region.member : ~std::uint32_t{0};
    found.generic = rules_.rules()[match.rule]->is_generic();
    found.finding = std::move(match.finding);
    const std::uint64_t place = region.stream_begin + match.begin;
    if (region.piece != nullptr && region.piece->kind == PieceKind::contents) {
        found.finding.source = Source::file;
        found.finding.offset = region.piece->file_offset + (place - region.piece->begin);
        found.identifier_offset = found.finding.offset + match.identifier - match.begin;
        const LineUnit unit = line_unit_of(region, match, found.finding);
        found.has_line = unit != LineUnit::none;
        // The mark is where the member's owned contents begin in this window.
        const std::uint64_t mark = std::max(region.piece->begin, window.own_begin());
        if (found.has_line) found.lines = lines_from(window, *region.piece, mark, place, unit);
    } else if (region.piece != nullptr) {
        found.finding.source = header_source(region.text, match.begin);
        found.finding.offset = place - region.piece->begin;
        found.identifier_offset = found.finding.offset + match.identifier - match.begin;
        found.named_secret = region.text.substr(match.begin, match.end - match.begin);
    } else {
        found.finding.source = Source::trailer;
        found.finding.offset = place;
        found.identifier_offset = place + match.identifier - match.begin;
    }
    return found;
}

// What the lines of the text are made of that a match stands in. A sparse file's holes are zeros:
// it has no lines.
LineUnit WindowScanner::line_unit_of(const Region& region, const match::Match& match,
                                     const Finding& finding) {
    if (region.piece->file_offset != 0) return LineUnit::none;
    const std::size_t near = match.begin > text_sight ? match.begin - text_sight : 0;
    const std::uint64_t at = region.stream_begin + near - region.piece->begin;
    const LineUnit unit = line_unit(region.text.substr(near, match.end + text_sight - near),
                                    (at & 1U) != 0);
    if (unit == LineUnit::byte) return unit;
    if (finding.inner_path.empty()) return LineUnit::none;
    const std::string_view way = finding.inner_path.front();
    if (unit == LineUnit::little && way == "utf-16le") return unit;
    if (unit == LineUnit::big && way == "utf-16be") return unit;
    return LineUnit::none;
}

// Findings come almost in order: each counts on from the one before it, or a file
// of nothing but secrets would be counted over and over.
std::int64_t WindowScanner::lines_from(const Window& window, const Piece& piece,
                                       std::uint64_t mark, std::uint64_t place, LineUnit unit) {
    if (line_cursor_.mark != mark || line_cursor_.unit != unit) line_cursor_ = {mark, mark, 0, unit};
    const auto lines = static_cast<std::int64_t>(
        breaks_of(window, piece, std::min(line_cursor_.place, place),
                  std::max(line_cursor_.place, place), unit));
    line_cursor_.lines += place >= line_cursor_.place ? lines : -lines;
    line_cursor_.place = place;
    return line_cursor_.lines;
}

void WindowScanner::see_program(const Region& region, std::uint32_t literal, std::size_t end,
                                WindowScan& result) {
    Seen& seen = seen_literals_[literal];
    if (seen.member != region.member) seen = {region.member, 0};
    ++seen.times;
    if (seen.times > applets_a_literal + 1) return;
    if (seen.times > observations_a_literal && !rules_.programs().tells_an_applet(literal)) return;
    const std::size_t size = rules_.programs().literals()[literal].size();
    if (end < size) return;
    const std::size_t begin = end - size;
    const std::size_t from = begin > margin ? begin - margin : 0;
    const std::string_view around = region.text.substr(from, begin + margin - from);
    const std::uint64_t offset =
        region.piece->file_offset + (region.stream_begin - region.piece->begin) + begin;
    Sighting& sighting = result.sightings.emplace_back(
        region.member, rules_.programs().observe(literal, offset, around, begin - from));
    sighting.seen.applets_cut |= seen.times > applets_a_literal;
}

// An ELF header is read by the window that owns the file's first byte: from
// there a margin's width is in sight, or the file's end.
void WindowScanner::read_heads(const Window& window, WindowScan& result) const {
    const std::string_view bytes = window.bytes();
    for (const Piece& piece : window.pieces) {
        const bool owned = piece.begin >= window.own_begin() &&
                           (piece.begin < window.own_end() || window.last);
        if (piece.kind != PieceKind::contents || piece.file_offset != 0 || !owned) continue;
        const std::uint64_t end = std::min(piece.end, window.end);
        const std::string_view head =
            bytes.substr(static_cast<std::size_t>(piece.begin - window.sight_begin()),
                         static_cast<std::size_t>(end - piece.begin));
        if (!head.starts_with("\x7f" "ELF")) {
            read_text_head(window.members[piece.member], piece.member, head, result);
            continue;
        }
        if (auto facts = program::read_elf(head)) {
            program::read_dynamic(*facts, head, head, 0);
            result.elf_heads.push_back({piece.member, std::move(*facts)});
        }
    }
}

// What makes a program of a text: a line that names its interpreter, or a place and
// contents that say which module it describes.
void WindowScanner::read_text_head(const Member& member, std::uint32_t number,
                                   std::string_view head, WindowScan& result) const {
    const program::ProgramSet& programs = rules_.programs();
    if (!programs.has_scripts()) return;
    if (head.starts_with("#!")) {
        std::string interpreter = program::script_interpreter(head);
        if (!interpreter.empty()) result.script_heads.push_back({number, std::move(interpreter)});
        return;
    }
    if (member.inner || member.after_end || member.kind != EntryKind::file) return;
    auto module = program::read_module(member.path, head.substr(0, margin));
    if (!module) return;
    if (const program::ProgramRule* rule = programs.rule_of_module(module->name)) {
        result.modules.push_back({number, rule, std::move(*module)});
    }
}

bool WindowScanner::is_exhausted(const Window& window, const Region& region) const {
    return exhausted_ && region.has_member &&
           window.members[region.member].ordinal == *exhausted_;
}

void WindowScanner::mark_open_member(const Window& window, WindowScan& result) const {
    const std::uint64_t end = window.own_end();
    for (const Piece& piece : window.pieces) {
        if (piece.begin >= end) break;
        result.open_member.reset();
        if (piece.kind == PieceKind::contents) result.open_member = piece.member;
    }
    if (!result.open_member) return;
    if (looks_ && looks_->member == *result.open_member) result.open_looks = looks_->count;
    const char* const base = window.bytes().data() - window.sight_begin();
    for (const Piece& piece : window.pieces) {
        if (!is_contents_of(piece, *result.open_member)) continue;
        const std::uint64_t from = std::max(piece.begin, window.own_begin());
        const std::uint64_t to = std::min(piece.end, end);
        if (from >= to) continue;
        // A file without lines need not be counted.
        const std::string_view first(base + from, std::min<std::uint64_t>(to - from, text_sight));
        const LineUnit unit = line_unit(first, ((from - piece.begin) & 1U) != 0);
        result.open_lines += breaks_of(window, piece, from, to, unit);
    }
}

Result<std::vector<Finding>> WindowScanner::scan_text(std::string_view text, bool repeated,
                                                      std::uint64_t most) {
    left_out_ = 0;
    if (auto done = finder_.find(text, hits_); !done) return std::unexpected(done.error());
    std::vector<WindowFinding> found;
    const auto take = [&](match::Match& match) {
        if (match.certificate) return;
        if (found.size() >= most) {
            ++left_out_;
            return;
        }
        match.finding.offset = match.begin;
        WindowFinding one;
        one.rule = match.rule;
        one.identifier_offset = match.identifier;
        one.generic = rules_.rules()[match.rule]->is_generic();
        one.finding = std::move(match.finding);
        found.push_back(std::move(one));
    };
    for (const match::Hit& hit : hits_) {
        matches_.clear();
        for (const std::uint32_t rule : rules_.expressions()[hit.expression].rules) {
            second_look_.look(rule, text, hit.end, matches_, {{}, &dropped_});
        }
        count_dropped(0);
        for (match::Match& match : matches_) take(match);
    }
    view_matches_.clear();
    views_.forget();
    hints_.clear();
    sieve::find_encoded(text, 0, text.size(), hints_);
    auto viewed = views_.add({text, 0, text.size(), 0, 0, {}, hints_.within(0, text.size())},
                             view_matches_);
    if (viewed) viewed = views_.finish(view_matches_);
    if (!viewed) return std::unexpected(viewed.error());
    for (ViewMatch& one : view_matches_) take(one.match);
    for (const ViewDrop& one : views_.dropped()) count_dropped(0, one);
    if (repeated) window_dropped_.clear();
    settle_dropped();
    DropCounts uncounted;
    settle(found, repeated ? uncounted : counters_.dropped);
    pair_up(found, rules_.shared_pairs().get());
    drop_told_secrets(found);
    std::vector<Finding> findings;
    findings.reserve(found.size());
    for (WindowFinding& finding : found) findings.push_back(std::move(finding.finding));
    return findings;
}

}  // namespace stratascan::layer
