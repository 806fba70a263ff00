#include "scanner/match/views/stretch.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "scanner/evidence/codec.hpp"
#include "scanner/match/views/letters.hpp"

namespace stratascan::views {

namespace {

// A line goes on in the next one when it has this many characters: less is a word.
constexpr std::size_t least_line = 32;
// Bytes between two lines: a break, an indent, quotes, a comment's mark.
constexpr std::size_t widest_break = 80;
// Hex digits that are looked at; fewer are a number, and no secret is that short.
constexpr std::size_t least_hex = 32;
// Up to here a run of hex digits is looked at for whether it may be text.
constexpr std::size_t widest_hash = 128;
// Characters by which it is told whether a stretch is base64 or words.
constexpr std::size_t telling_characters = 256;
// A line this long may have begun out of sight, where it told more.
constexpr std::size_t far_begin = 4096;
// Units of a mark further apart than this have nothing to do with one another;
// as much of the text is shown to either side of them.
constexpr std::size_t cluster_gap = 256;
// What is random has all of them.
constexpr std::uint8_t mixed = upper | lower | digit;
// Fewer %XX near one another are no encoded text.
constexpr std::size_t least_percents = 3;

// Where the next line's characters begin behind a line that ends at `at`;
// `nowhere` when what follows is no break.
std::size_t behind_break(std::string_view text, std::size_t at) noexcept {
    const std::size_t end = std::min(text.size(), at + widest_break);
    bool broken = false;
    const auto next_is = [&](std::size_t place, std::string_view any) {
        return place < text.size() && any.find(text[place]) != std::string_view::npos;
    };
    while (at < end) {
        const char c = text[at];
        if (c == '\\' && next_is(at + 1, "nr")) {
            broken = true;
            at += 2;
        } else if (c == '\n') {
            broken = true;
            ++at;
        } else if ((c == '+' && next_is(at - 1, " \t\"'") && next_is(at + 1, " \t\r\n")) ||
                   std::string_view(" \t\r\\\"',;#*>|.").find(c) != std::string_view::npos) {
            ++at;
        } else {
            return broken && letter_at(text, at) != 0 ? at : nowhere;
        }
    }
    return nowhere;
}

// Where a line of at least `least_line` characters begins that goes on at `begin`,
// behind a break; `nowhere` when there is none from `least` on.
std::size_t line_above(std::string_view text, std::size_t begin, std::size_t least) noexcept {
    constexpr std::string_view between = " \t\r\n\\\"',;#*>|.+";
    std::size_t at = begin;
    // The letter of an escape that breaks the line is taken for a part of the line.
    const bool escape = at > least && text[at - 1] == '\\' && (text[at] == 'n' || text[at] == 'r');
    const std::size_t furthest = std::max(least, begin - std::min(begin, widest_break));
    while (at > furthest && between.contains(text[at - 1])) --at;
    const std::size_t end = at;
    if (end == begin || behind_break(text, end) != (escape ? begin + 1 : begin)) return nowhere;
    at = run_begin(text, at, least);
    return end - at >= least_line ? at : nowhere;
}

// Hex of text has few digits in front that text has not; hashes have all.
bool may_be_text(std::string_view digits) noexcept {
    std::size_t texts = 0;
    const std::size_t pairs = digits.size() / 2;
    for (std::size_t i = 0; i < pairs; ++i) {
        texts += digits[2 * i] >= '2' && digits[2 * i] <= '7' ? 1 : 0;
        // UTF-16 has a zero beside each character.
        texts += digits[2 * i] == '0' && digits[2 * i + 1] == '0' ? 1 : 0;
    }
    return texts * 4 >= pairs * 3;
}

bool is_break(Encoding encoding, char c) noexcept {
    if (encoding == Encoding::percent) {
        return c == '"' || c == '\'' || c == '<' || c == '>' || c == '`' ||
               (c >= '\0' && c <= ' ');
    }
    return c == '\n';
}

std::size_t last_break(Encoding encoding, std::string_view text) noexcept {
    if (encoding != Encoding::percent) return text.rfind('\n');
    for (std::size_t i = text.size(); i > 0; --i) {
        if (is_break(encoding, text[i - 1])) return i - 1;
    }
    return std::string_view::npos;
}

std::size_t first_break(Encoding encoding, std::string_view text) noexcept {
    if (encoding != Encoding::percent) return text.find('\n');
    const auto found = std::find_if(text.begin(), text.end(),
                                    [&](char c) { return is_break(encoding, c); });
    return found == text.end() ? std::string_view::npos
                               : static_cast<std::size_t>(found - text.begin());
}

// What stands right behind an escape of one character: the escape may be why no
// rule sees where it begins.
bool hides_something(std::string_view text, std::size_t at) noexcept {
    const std::size_t most = std::min(text.size(), at + least_behind);
    std::size_t end = at;
    while (end < most && letter_at(text, end) != 0) ++end;
    if (end - at == least_behind) return true;
    return end > at && end < text.size() && (text[end] == '=' || text[end] == ':');
}

void add_start(Stretch& stretch, std::size_t character) noexcept {
    std::size_t& start = stretch.starts[character % group_of(stretch.encoding)];
    if (start == nowhere) start = character;
}

// A name as linkers see it (Itanium C++ ABI, 5.1.2). Tables of symbols are full of them. Read as
// base64 the first byte is 0xfd, which begins no text and none of the containers' magics that are
// looked for: xz's goes on otherwise.
bool is_mangled(std::string_view run) noexcept { return run.starts_with("_Z"); }

// Words of a path or a name in front of what is encoded: each in letters of one
// case, but for the first.
void add_word_starts(std::string_view run, Stretch& stretch) noexcept {
    constexpr std::size_t longest_word = 24;
    std::size_t at = 0;
    while (at < run.size()) {
        const std::size_t begin = at;
        std::uint8_t seen = 0;
        for (; at < run.size() && at - begin <= longest_word; ++at) {
            const std::uint8_t kind = letter_at(run, at) & (upper | lower | digit | sign);
            if (kind == sign) break;
            if (at > begin || kind != upper) seen |= kind;
        }
        const bool word = (at > begin || run[begin] == '/') && at < run.size() && (letter_at(run, at) & sign) != 0 &&
                          (seen & (upper | lower)) != (upper | lower);
        if (!word) return;
        add_start(stretch, ++at);
    }
}

}  // namespace

void StretchFinder::find(std::string_view text, const Hints& hints, Stretches& out) {
    if (text.size() < 2) return;
    text_ = text;
    out_ = &out;
    runs_done_ = grown_ = hex_done_ = pairs_done_ = 0;
    percents_ = escapes_ = entities_ = {};
    const auto each = [&](std::span<const std::uint32_t> places, auto see) {
        for (const std::uint32_t place : places) see(place - hints.begin);
    };
    each(hints.runs, [this](std::size_t at) {
        if (at >= runs_done_) see_run(at);
    });
    each(hints.marks, [this](std::size_t at) { see_mark(at); });
    if (begins_with_units(text)) see_pairs(text[0] == '\0' ? 1 : 0);
    each(hints.pairs, [this](std::size_t at) {
        if (at >= pairs_done_) see_pairs(at);
    });
    close(Encoding::percent, percents_);
    close(Encoding::escapes, escapes_);
    close(Encoding::entities, entities_);
}

// Most runs are names and paths, which need no more than this. Hex digits are
// characters of base64, too: what is all hex digits is taken for hex alone, for it
// has letters of one case.
void StretchFinder::see_run(std::size_t at) {
    if (letter_at(text_, at) == 0) return;
    std::size_t begin = run_begin(text_, at, runs_done_);
    const std::size_t end = run_end(text_, at, any_letter);
    runs_done_ = end;
    if (end - begin < least_run) return;
    const std::string_view run = text_.substr(begin, end - begin);
    const std::uint8_t seen = kinds_in(run.substr(0, telling_characters));
    if ((seen & mixed) != mixed && end - begin < far_begin) {
        see_hex_of(begin, end);
        return;
    }
    if (is_mangled(run) && run.size() < far_begin &&
        line_above(text_, begin, grown_) == nowhere) {
        see_hex_of(begin, end);
        return;
    }
    // Lines above had no digit in them, or too few kinds of letters.
    for (std::size_t above = begin; above != nowhere;
         above = line_above(text_, begin, grown_)) {
        begin = above;
    }
    const std::size_t first = out_->segments.size();
    runs_done_ = grow(Encoding::base64, begin);
    grown_ = runs_done_;
    const std::size_t lines = out_->segments.size();
    const std::size_t characters = out_->found.back().characters;
    for (std::size_t i = first; i < lines; ++i) {
        const Segment line = out_->segments[i];
        const std::size_t after = i + 1 < lines ? out_->segments[i + 1].before : characters;
        see_hex_of(line.begin, line.begin + (after - line.before));
    }
}

// Of a long enough run of hex digits each 32nd place holds one.
void StretchFinder::see_hex_of(std::size_t begin, std::size_t end) {
    std::size_t at = std::max(begin, hex_done_);
    while (at + least_hex <= end) {
        const std::size_t probe = at + least_hex - 1;
        if ((letter_at(text_, probe) & hex) == 0) {
            at = probe + 1;
            continue;
        }
        std::size_t first = probe;
        while (first > at && (letter_at(text_, first - 1) & hex) != 0) --first;
        const std::size_t last = run_end(text_, probe, hex);
        at = last + 1;
        if (last - first < least_hex) continue;
        hex_done_ = grow(Encoding::hex, first);
        at = std::max(at, hex_done_);
    }
}

// Adds the stretch that begins at a run's beginning, and gives its end.
std::size_t StretchFinder::grow(Encoding encoding, std::size_t begin) {
    const bool base64 = encoding == Encoding::base64;
    const std::uint8_t kinds = base64 ? any_letter : std::uint8_t{hex};
    Stretch stretch;
    stretch.encoding = encoding;
    stretch.begin = begin;
    stretch.first_segment = out_->segments.size();
    std::uint8_t seen = 0;
    std::size_t at = begin;
    while (at != nowhere) {
        const std::size_t end = run_end(text_, at, kinds);
        if (end == at) break;
        out_->segments.push_back({at, stretch.characters});
        add_start(stretch, stretch.characters);
        const std::string_view run = text_.substr(at, end - at);
        if (base64) {
            if (stretch.characters == 0) add_word_starts(run, stretch);
            const std::size_t asked = std::min(telling_characters, stretch.characters);
            seen |= kinds_in(run.substr(0, telling_characters - asked));
        }
        stretch.characters += run.size();
        stretch.end = end;
        at = run.size() >= least_line ? behind_break(text_, end) : nowhere;
    }
    stretch.segments = out_->segments.size() - stretch.first_segment;
    const bool hash = !base64 && stretch.segments == 1 && stretch.characters <= widest_hash;
    stretch.telling = base64 ? (seen & mixed) == mixed
                             : !hash || may_be_text(text_.substr(begin, stretch.characters));
    out_->found.push_back(stretch);
    return stretch.end;
}

void StretchFinder::see_mark(std::size_t at) {
    Encoding encoding = Encoding::escapes;
    Cluster* cluster = &escapes_;
    if (text_[at] == '%') {
        encoding = Encoding::percent;
        cluster = &percents_;
    } else if (text_[at] == '&') {
        encoding = Encoding::entities;
        cluster = &entities_;
    } else {
        // Which of several backslashes are marks is settled when the view is made.
        // In front of a row that is too long there is none.
        std::size_t row = at;
        while (row > 0 && at - row <= most_backslashes && text_[row - 1] == '\\') --row;
        if (at - row > most_backslashes || plain_marks_at(encoding, text_, row) > 0) return;
    }
    const Unit unit = unit_at(encoding, text_, at);
    if (unit.encoded == 0) return;
    const std::size_t end = at + unit.encoded;
    if (unit.encoded == 2 && !hides_something(text_, end)) return;
    // Tables of letters of all the world hide no secret.
    const bool ascii = unit.decoded == 1 && unit.bytes[0] >= ' ' && unit.bytes[0] <= '~';
    if (encoding == Encoding::escapes && unit.encoded > 2 && !ascii) return;
    if (cluster->first != nowhere) {
        const bool far = at > cluster->end + cluster_gap ||
                         first_break(encoding, text_.substr(cluster->end, at - cluster->end)) !=
                             std::string_view::npos;
        if (far) close(encoding, *cluster);
    }
    if (cluster->first == nowhere) cluster->first = at;
    cluster->end = end;
    ++cluster->units;
}

// A view of all units, and of some of the text round them.
void StretchFinder::close(Encoding encoding, Cluster& cluster) {
    const Cluster closed = cluster;
    cluster = {};
    if (closed.first == nowhere) return;
    if (encoding == Encoding::percent && closed.units < least_percents) return;
    Stretch stretch;
    stretch.encoding = encoding;
    const std::size_t lead = std::min(closed.first, cluster_gap);
    const std::size_t front = last_break(encoding, text_.substr(closed.first - lead, lead));
    stretch.begin = closed.first - lead + (front == std::string_view::npos ? 0 : front + 1);
    // A view does not begin within a row of backslashes.
    if (encoding == Encoding::escapes && stretch.begin > 0 && text_[stretch.begin - 1] == '\\') {
        stretch.begin = std::min(text_.find_first_not_of('\\', stretch.begin), closed.first);
    }
    const std::string_view behind = text_.substr(closed.end, cluster_gap);
    stretch.end = closed.end + std::min(behind.size(), first_break(encoding, behind));
    out_->found.push_back(stretch);
}

void StretchFinder::see_pairs(std::size_t at) {
    std::size_t end = at;
    while (end + 1 < text_.size() && is_ascii_text(text_[end]) && text_[end + 1] == '\0') end += 2;
    if (end - at < 2 * least_units) return;
    pairs_done_ = end;
    Stretch stretch;
    stretch.encoding = Encoding::utf16;
    stretch.begin = at;
    stretch.end = end;
    stretch.order = order_of_row(text_, at, end);
    if (end < text_.size() && is_ascii_text(text_[end])) ++stretch.end;
    out_->found.push_back(stretch);
}

}  // namespace stratascan::views
