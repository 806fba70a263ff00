// What must stand behind a string for a match to be possible: a small
// deterministic automaton, walked from the string's end.
//
// Every match has a first of the pattern's strings in it, and Follow begins in the
// states that a match can be in behind that one. So of each match at least one
// string is not refused.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/match/automaton.hpp"

namespace stratascan::sieve {

/// Patterns side by side, each with the strings of which all its matches have one.
class Patterns {
public:
    Patterns();

    /// Adds a pattern, of which every match must have one of `strings`. The states
    /// that its matches can be in where the first of them ends, one set a string.
    /// `open` is the pattern without the matches that want the text to end behind
    /// them: whoever walks on from these states must say yes where the text ends.
    [[nodiscard]] std::optional<std::vector<match::Automaton::States>> add(
        const match::RegexNode& open, const std::vector<std::string>& strings, bool nocase);

    [[nodiscard]] const match::Automaton& automaton() const noexcept { return automaton_; }
    [[nodiscard]] bool ended(const match::Automaton::States& states) const;
    /// How many bytes of `kind` at least follow the states before anything else, or
    /// a match's end, may; at most 255.
    [[nodiscard]] unsigned run_of(match::Automaton::States states,
                                  const std::bitset<256>& kind) const;

private:
    match::Automaton automaton_;
    std::vector<std::uint32_t> ends_;
};

class Follow {
public:
    /// Behind a string in a match of one of `patterns`. Nothing when anything may
    /// follow, so there is nothing to ask.
    [[nodiscard]] static std::optional<Follow> from(const Patterns& patterns,
                                                    const match::Automaton::States& states);

    /// False only when no match goes on like this. `end` is where the text ends
    /// that the match must lie in, or where no more of it is in sight.
    [[nodiscard]] static bool walk(const std::uint16_t* form, const char* at,
                                   const char* end) noexcept {
        const auto* const kinds = reinterpret_cast<const std::uint8_t*>(form);
        const std::size_t width = form[header - 1];
        const std::uint16_t* const next = form + header;
        std::size_t row = 2 * width;
        while (at != end) {
            row = next[row + kinds[static_cast<unsigned char>(*at++)]];
            if (row <= width) return row == width;
        }
        return true;
    }

    /// What may stand `distance` bytes behind the text; anything, where that is far.
    [[nodiscard]] static std::bitset<256> bytes_at(const std::uint16_t* form, std::size_t distance);

    /// What walk() reads: kinds of bytes (256, a byte each), their number, then a row
    /// a state: where the next state's row begins, by kind. Rows 0 and 1 are "no"
    /// and "yes".
    [[nodiscard]] const std::vector<std::uint16_t>& form() const noexcept { return form_; }

    static constexpr std::size_t header = 256 / sizeof(std::uint16_t) + 1;

private:
    // The row of the state behind `row`, by a byte.
    [[nodiscard]] static std::uint16_t behind(const std::uint16_t* form, std::uint16_t row,
                                              std::size_t byte) {
        const auto* const kinds = reinterpret_cast<const std::uint8_t*>(form);
        return form[header + row + kinds[byte]];
    }

    std::vector<std::uint16_t> form_;
};

}  // namespace stratascan::sieve
