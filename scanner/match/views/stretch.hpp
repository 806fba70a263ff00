// Encoded stretches of a text: where they are, and how they may be read.
//
// What is found at a place, and how, depends on the text within
// `stretch_sight` bytes of it and on where its stretch begins, and on nothing
// else: two looks at overlapping parts of one file agree where both see enough.
//
// Base64 and hex have a phase: where a group of characters begins. Of a stretch
// whose beginning is in sight, groups begin there. But a path or a name may stand
// directly in front of what is encoded, and a long line above a block may be
// none of it: so each line of a block, and each word at the beginning of a line,
// may be where groups begin, too. That is at most four readings, for there are no
// more phases.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "scanner/match/views/hints.hpp"
#include "scanner/match/views/marks.hpp"
#include "scanner/match/views/utf16.hpp"

namespace stratascan::views {

/// How far round a place the text is looked at to tell its stretches.
inline constexpr std::size_t stretch_sight = 1024;

inline constexpr std::size_t nowhere = ~std::size_t{0};

/// Characters of base64 or hex that stand side by side in the text.
struct Segment {
    std::size_t begin = 0;   ///< of the characters, in the text
    std::size_t before = 0;  ///< characters of the stretch in front of it
};

struct Stretch {
    Encoding encoding = Encoding::base64;
    std::size_t begin = 0, end = 0;  ///< in the text
    // Of base64 and hex:
    std::size_t first_segment = 0, segments = 0;  ///< in Stretches::segments
    std::size_t characters = 0;
    /// Where, counted in characters, the first group of each phase begins; or nowhere.
    std::array<std::size_t, 4> starts = {nowhere, nowhere, nowhere, nowhere};
    /// It looks like what it is taken for, not like words. Of a stretch whose
    /// beginning is far away nothing is asked.
    bool telling = true;
    /// Of UTF-16, whose characters stand at every second place from `begin` on: what the bytes
    /// round it say, if all of it and `order_sight` bytes on either side are in sight.
    ByteOrder order = ByteOrder::unknown;
};

/// Characters that a phase goes by: four of base64, two of hex.
[[nodiscard]] constexpr std::size_t group_of(Encoding encoding) noexcept {
    return encoding == Encoding::hex ? 2 : 4;
}

struct Stretches {
    std::vector<Stretch> found;
    std::vector<Segment> segments;
    void clear() noexcept {
        found.clear();
        segments.clear();
    }
};

/// Not thread-safe; one a thread.
class StretchFinder {
public:
    /// Appends the stretches of `text`, in no order. `hints` are those of the text; it may
    /// stand behind others, whose last byte a run of UTF-16 may seem to begin with.
    void find(std::string_view text, const Hints& hints, Stretches& out);

private:
    // Units of one mark that stand near one another.
    struct Cluster {
        std::size_t first = nowhere, end = 0, units = 0;
    };

    void see_run(std::size_t at);
    void see_hex_of(std::size_t begin, std::size_t end);
    [[nodiscard]] std::size_t grow(Encoding encoding, std::size_t begin);
    void see_mark(std::size_t at);
    void close(Encoding encoding, Cluster& cluster);
    void see_pairs(std::size_t at);

    std::string_view text_;
    Stretches* out_ = nullptr;
    std::size_t runs_done_ = 0, grown_ = 0, hex_done_ = 0, pairs_done_ = 0;
    Cluster percents_, escapes_, entities_;
};

}  // namespace stratascan::views
