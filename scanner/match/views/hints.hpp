// Where in a text something encoded may begin. Almost nothing in an image is
// encoded, so what finding this costs is what all views cost together: the sieve
// tells it beside its own work, from the bits that it has of each byte.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace stratascan::views {

/// Fewest characters of base64 in one line that are looked at.
inline constexpr std::size_t least_run = 24;
/// Fewest UTF-16 units in a row that are looked at; of big endian ones one more.
inline constexpr std::size_t least_units = 15;
/// Fewest characters behind a plain escape that it is looked at for. Almost all
/// text has escapes; but one that stands in front of a word alone hides nothing.
inline constexpr std::size_t least_behind = 16;

/// Places in a text, ascending. Grows without filling in what is written anyway.
class Places32 {
public:
    /// Room for so many more behind the last; took() says how many were written.
    std::uint32_t* room(std::size_t more) {
        if (held_.size() < count_ + more) held_.resize(2 * (count_ + more));
        return held_.data() + count_;
    }
    void took(std::size_t more) noexcept { count_ += more; }
    void add(std::size_t place) {
        *room(1) = static_cast<std::uint32_t>(place);
        ++count_;
    }
    void clear() noexcept { count_ = 0; }
    [[nodiscard]] std::span<const std::uint32_t> all() const noexcept {
        return {held_.data(), count_};
    }
    /// Adds a number to those from the given one on.
    void shift(std::size_t from, std::size_t by) noexcept {
        for (std::size_t i = from; i < count_; ++i) held_[i] += static_cast<std::uint32_t>(by);
    }

private:
    std::vector<std::uint32_t> held_;
    std::size_t count_ = 0;
};

/// What HintPlaces hold of a part of the text. Position = place - begin.
struct Hints {
    std::span<const std::uint32_t> runs, marks, pairs;
    std::size_t begin = 0;

    [[nodiscard]] bool empty() const noexcept {
        return runs.empty() && marks.empty() && pairs.empty();
    }
};

/// Whether the text begins with units of UTF-16: of them there is no hint where what
/// stands in front of the text looks like a unit, too.
[[nodiscard]] inline bool begins_with_units(std::string_view text) noexcept {
    return text.size() >= 2 * least_units && (text[0] == '\0') != (text[1] == '\0') &&
           (text[1] == '\0' ? text[3] : text[2]) == '\0';
}

struct HintPlaces {
    /// In each run of at least `least_run` characters of base64 that has a digit
    /// among them there is one; and in others.
    Places32 runs;
    /// What may be `%41`, `\x41` or `&quot;` begins, or `\n` and its kin with a
    /// character of base64 behind it; or something else.
    Places32 marks;
    /// `least_units` units of a character and a zero byte begin, and the unit in
    /// front is none; or something else.
    Places32 pairs;

    void clear() noexcept {
        runs.clear();
        marks.clear();
        pairs.clear();
    }
    [[nodiscard]] Hints within(std::size_t begin, std::size_t end) const noexcept {
        const auto part = [&](const Places32& places) {
            const std::span<const std::uint32_t> all = places.all();
            const auto first = std::lower_bound(all.begin(), all.end(), begin);
            return std::span<const std::uint32_t>(first, std::lower_bound(first, all.end(), end));
        };
        return {part(runs), part(marks), part(pairs), begin};
    }
};

}  // namespace stratascan::views
