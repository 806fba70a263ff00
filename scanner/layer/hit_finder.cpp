#include "scanner/layer/hit_finder.hpp"

#include <algorithm>

namespace stratascan::layer {

HitFinder::HitFinder(const match::RuleSet& rules, const match::Database& database,
                     const sieve::Sieve* sieve)
    : rules_(rules), database_(database), sieve_(sieve), scratch_(database.make_scratch()) {}

Result<void> HitFinder::find(std::string_view text, std::vector<match::Hit>& hits) {
    hits.clear();
    return database_.scan(text, scratch_.get(), hits);
}

Result<void> HitFinder::find(const Window& window, bool programs,
                             std::vector<match::Hit>& hits, views::HintPlaces* encoded) {
    hits.clear();
    if (encoded != nullptr) encoded->clear();
    const std::string_view bytes = window.bytes();
    const std::uint64_t sight = window.sight_begin();
    const std::uint64_t first = window.own_begin() - sight;
    const auto to = static_cast<std::size_t>(window.own_end() - sight);
    const auto behind = [&](std::size_t distance) {
        return static_cast<std::size_t>(first > distance ? first - distance : 0);
    };
    const std::size_t from = behind(match::widest_gate);
    if (sieve_ == nullptr) {
        if (encoded != nullptr) sieve::find_encoded(bytes, 0, bytes.size(), *encoded);
        return scan_stretch(bytes, {from, to}, hits);
    }
    chances_.clear();
    const std::size_t first_sifted = behind(sieve_->reach());
    const std::size_t last_sifted = std::min(bytes.size(), to + sieve_->lead());
    // What is encoded may begin and end far from the places that are asked about.
    if (encoded != nullptr) sieve::find_encoded(bytes, 0, first_sifted, *encoded);
    sift(window, first_sifted, last_sifted, programs, encoded);
    if (encoded != nullptr) sieve::find_encoded(bytes, last_sifted, bytes.size(), *encoded);
    sieve::merge(chances_, behind(2 * margin), to, stretches_);
    return scan_chances(bytes, from, to, hits);
}

Result<void> HitFinder::find(std::string_view texts, std::span<const std::size_t> edges,
                             std::vector<match::Hit>& hits) {
    hits.clear();
    if (sieve_ == nullptr) return scan_stretch(texts, {0, texts.size()}, hits);
    chances_.clear();
    sieve_->look(texts, 0, texts.size(), false, edges, chances_);
    sieve::merge(chances_, 0, texts.size(), stretches_);
    return scan_chances(texts, 0, texts.size(), hits);
}

// The engine sees what the sieve left of [from, to).
Result<void> HitFinder::scan_chances(std::string_view bytes, std::size_t from, std::size_t to,
                                     std::vector<match::Hit>& hits) {
    std::size_t kept = 0;
    for (const sieve::Stretch& one : stretches_) kept += one.end - one.begin;
    // Where there is little to leave out, the engine does better in one go.
    if (kept > (to - from) / 2) return scan_stretch(bytes, {from, to}, hits);
    sieved_bytes_ += to - from - kept;
    return scan_stretches(bytes, hits);
}

// In ELF files and scripts the programs' literals count, too.
void HitFinder::sift(const Window& window, std::size_t from, std::size_t to, bool programs,
                     views::HintPlaces* encoded) {
    const std::string_view bytes = window.bytes();
    const std::uint64_t sight = window.sight_begin();
    edges_.clear();
    const auto edge = [&](std::uint64_t place) {
        if (place > sight && place < window.end) {
            edges_.push_back(static_cast<std::size_t>(place - sight));
        }
    };
    for (const Piece& piece : window.pieces) {
        edge(piece.begin);
        edge(piece.end);
    }
    std::size_t at = from;
    const auto until = [&](std::uint64_t place, bool in_program) {
        const auto end = static_cast<std::size_t>(
            std::clamp<std::uint64_t>(place > sight ? place - sight : 0, at, to));
        if (end > at) sieve_->look(bytes, at, end, in_program, edges_, chances_, encoded);
        at = end;
    };
    for (const Piece& piece : window.pieces) {
        const bool program = programs && piece.kind == PieceKind::contents &&
                             window.members[piece.member].program;
        if (!program) continue;
        until(piece.begin, false);
        until(piece.end, true);
    }
    until(window.end, false);
}

Result<void> HitFinder::scan_stretch(std::string_view bytes, sieve::Stretch stretch,
                                     std::vector<match::Hit>& hits) {
    auto done = database_.scan(bytes.substr(stretch.begin, stretch.end - stretch.begin),
                               scratch_.get(), hits);
    for (match::Hit& hit : hits) hit.end += static_cast<std::uint32_t>(stretch.begin);
    engine_bytes_ += stretch.end - stretch.begin;
    return done;
}

// Whether an expression's match may end at a place. Chances are in order of their
// beginnings.
bool HitFinder::has_chance(std::uint32_t expression, std::size_t end) const {
    const std::size_t widest = sieve_->widest();
    auto chance = std::lower_bound(
        chances_.begin(), chances_.end(), end > widest ? end - widest : 0,
        [](const sieve::Chance& one, std::size_t begin) { return one.stretch.begin < begin; });
    for (; chance != chances_.end() && chance->stretch.begin < end; ++chance) {
        if (chance->expression == expression && chance->stretch.end >= end) return true;
    }
    return false;
}

// All in one go, because each costs the engine a start. A literal across the edge
// of two is none; a gate's match there the second look settles.
Result<void> HitFinder::scan_stretches(std::string_view bytes,
                                       std::vector<match::Hit>& hits) {
    sifted_.clear();
    for (const sieve::Stretch& one : stretches_) {
        sifted_.append(bytes.substr(one.begin, one.end - one.begin));
    }
    if (auto done = database_.scan(sifted_, scratch_.get(), hits); !done) return done;
    engine_bytes_ += sifted_.size();
    std::size_t next = 0, before = 0;  // bytes in front of the stretch in sifted_
    std::erase_if(hits, [&](match::Hit& hit) {
        while (hit.end > before + (stretches_[next].end - stretches_[next].begin)) {
            before += stretches_[next].end - stretches_[next].begin;
            ++next;
        }
        const sieve::Stretch& stretch = stretches_[next];
        const std::size_t from_begin = hit.end - before;
        const std::size_t end = stretch.begin + from_begin;
        hit.end = static_cast<std::uint32_t>(end);
        if (rules_.expressions()[hit.expression].literal.size() > from_begin) return true;
        return !has_chance(hit.expression, end);  // it matches where no rule of its can
    });
    return {};
}

}  // namespace stratascan::layer
