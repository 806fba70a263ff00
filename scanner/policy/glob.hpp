// Patterns of names and paths: `*` stands for any bytes but '/', `**` for any bytes,
// `?` for one byte but '/'. Everything else is itself.
//
// All places of a text at which what was matched so far may end are the bits of a few words, so
// that a step of the pattern is one operation for 64 of them, stars included: a pattern takes
// about its own length for the texts that there are. A pattern with more bytes to match than the
// text has is not tried. Whoever gives thousands of patterns and texts can still make them meet as
// often as they multiply, so work is counted, and has an end.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::policy {

/// No system opens a longer path. What a pattern allows or suppresses is never longer.
inline constexpr std::size_t longest_globbed = 4096;

/// What patterns may cost in all, in steps of about a nanosecond: seconds.
class GlobWork {
public:
    explicit GlobWork(std::uint64_t steps = 2'000'000'000) noexcept : left_(steps) {}

    void spend(std::uint64_t steps) noexcept { left_ -= std::min(steps, left_); }
    /// Then some pattern may not have been tried, and counts as one that does not match.
    [[nodiscard]] bool is_used_up() const noexcept { return left_ == 0; }

private:
    std::uint64_t left_;
};

/// A text that many patterns are held against. The text must outlive it.
class GlobText {
public:
    explicit GlobText(std::string_view text);

private:
    friend class Glob;
    // A bit for each place before, between and behind its bytes.
    using Places = std::vector<std::uint64_t>;

    std::string_view text_;
    std::size_t words_ = 0;
    std::array<Places, 256> behind_;  ///< by byte, the places behind one; empty: there is none
    Places inside_;                   ///< behind any byte but '/'
};

class Glob {
public:
    explicit Glob(std::string_view pattern);

    /// False where the work is used up.
    [[nodiscard]] bool matches(const GlobText& text, GlobWork& work) const;
    [[nodiscard]] const std::string& pattern() const noexcept { return pattern_; }

private:
    [[nodiscard]] bool may_match(std::string_view text) const noexcept;
    template <std::size_t Count>
    [[nodiscard]] bool follow(std::span<std::uint64_t, Count> places, const GlobText& text,
                              std::uint64_t& done) const;

    enum class Kind : std::uint8_t { byte, one, star, all };
    struct Step {
        Kind kind;
        char byte;
    };

    std::vector<Step> steps_;
    std::string pattern_;
    std::size_t first_ = 0, last_ = 0;  ///< of its stars and question marks
    std::size_t least_ = 0;             ///< bytes that a match has
};

/// One against one.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text);

/// Whether the pattern says nothing of what it matches: it has no letter and no digit.
[[nodiscard]] bool glob_is_blanket(std::string_view pattern) noexcept;

}  // namespace stratascan::policy
