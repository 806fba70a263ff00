#include "scanner/policy/glob.hpp"

#include <algorithm>
#include <cctype>
#include <span>

namespace stratascan::policy {

namespace {

using Word = std::uint64_t;

void mark(std::span<Word> places, std::size_t at) { places[at / 64] |= Word{1} << (at % 64); }

bool has(std::span<const Word> places, std::size_t at) {
    return (places[at / 64] >> (at % 64) & 1) != 0;
}

// Most texts have one word or two, and then these stay in registers.
template <std::size_t Count>
using Places = std::span<Word, Count>;

// One byte on, to those of `allowed`. False: there is no place left.
template <std::size_t Count>
bool step(Places<Count> places, const Word* allowed) noexcept {
    Word carried = 0, any = 0;
    for (Word& word : places) {
        const Word moved = word << 1 | carried;
        carried = word >> 63;
        any |= word = moved & *allowed++;
    }
    return any != 0;
}

// To every later place.
template <std::size_t Count>
void spread(Places<Count> places) noexcept {
    Word all = 0;
    for (Word& word : places) {
        word |= (~word + 1) | all;
        all = word != 0 ? ~Word{0} : all;
    }
}

// To every later place on the way to which there is none but `allowed`: a sum carries a bit
// through a run of ones, and what it changed of the run was reached.
template <std::size_t Count>
void spread(Places<Count> places, const Word* allowed) noexcept {
    Word carried = 0;
    for (Word& word : places) {
        const Word run = *allowed++;
        const Word from = (word << 1 | carried) & run;
        word |= (((run + from) ^ run) | from) & run;
        carried = word >> 63;
    }
}

}  // namespace

GlobText::GlobText(std::string_view text) : text_(text) {
    if (text.size() > longest_globbed) return;
    words_ = text.size() / 64 + 1;
    inside_.resize(words_);
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::vector<Word>& behind = behind_[static_cast<unsigned char>(text[i])];
        behind.resize(words_);
        mark(behind, i + 1);
        if (text[i] != '/') mark(inside_, i + 1);
    }
}

Glob::Glob(std::string_view pattern)
    : pattern_(pattern), first_(pattern.find_first_of("*?")),
      last_(pattern.find_last_of("*?")) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '*') {
            steps_.push_back({pattern[i] == '?' ? Kind::one : Kind::byte, pattern[i]});
            ++least_;
        } else if (i == 0 || pattern[i - 1] != '*') {
            steps_.push_back({Kind::star, '*'});
        } else {
            steps_.back().kind = Kind::all;
        }
    }
}

// Most pairs are told apart by what stands before the first star and behind the last one.
bool Glob::may_match(std::string_view text) const noexcept {
    const std::string_view pattern = pattern_;
    return text.size() >= least_ && text.size() <= longest_globbed &&
           text.starts_with(pattern.substr(0, first_)) &&
           text.ends_with(pattern.substr(last_ + 1));
}

template <std::size_t Count>
bool Glob::follow(std::span<std::uint64_t, Count> places, const GlobText& text,
                  std::uint64_t& done) const {
    mark(places, 0);
    for (const Step& one : steps_) {
        done += places.size();
        switch (one.kind) {
            case Kind::all: spread(places); continue;
            case Kind::star: spread(places, text.inside_.data()); continue;
            case Kind::one:
                if (!step(places, text.inside_.data())) return false;
                continue;
            case Kind::byte: {
                const auto& allowed = text.behind_[static_cast<unsigned char>(one.byte)];
                if (allowed.empty() || !step(places, allowed.data())) return false;
            }
        }
    }
    return has(places, text.text_.size());
}

bool Glob::matches(const GlobText& text, GlobWork& work) const {
    if (first_ == std::string::npos) return pattern_ == text.text_;
    if (!may_match(text.text_) || work.is_used_up()) return false;
    std::array<Word, longest_globbed / 64 + 1> room;
    std::fill_n(room.begin(), std::max<std::size_t>(text.words_, 2), 0);
    std::uint64_t done = 0;
    const bool matched = text.words_ == 1 ? follow(std::span<Word, 1>(room.data(), 1), text, done)
                         : text.words_ == 2
                             ? follow(std::span<Word, 2>(room.data(), 2), text, done)
                             : follow(std::span(room.data(), text.words_), text, done);
    work.spend(done);
    return matched;
}

bool glob_matches(std::string_view pattern, std::string_view text) {
    GlobWork work;
    return Glob(pattern).matches(GlobText(text), work);
}

bool glob_is_blanket(std::string_view pattern) noexcept {
    return std::none_of(pattern.begin(), pattern.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0;
    });
}

}  // namespace stratascan::policy
