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

    /// Adds a pattern. The states that its matches can be in where the first of
    /// `strings` ends, one set a string; nothing when a match may be without any.
    [[nodiscard]] std::optional<std::vector<match::Automaton::States>> add(
        const match::RegexNode& pattern, const std::vector<std::string>& strings, bool nocase);

    [[nodiscard]] const match::Automaton& automaton() const noexcept { return automaton_; }
    [[nodiscard]] bool ended(const match::Automaton::States& states) const;

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

    /// False only when no match goes on like this. Bytes that are out of sight
    /// may be anything.
    [[nodiscard]] static bool walk(const std::uint8_t* form, const char* at,
                                   const char* end) noexcept {
        const std::uint8_t* const kinds = form;
        const std::size_t width = form[256];
        const std::uint8_t* const next = form + header;
        std::size_t state = 2;
        while (at != end) {
            state = next[state * width + kinds[static_cast<unsigned char>(*at++)]];
            if (state < 2) return state == accept;
        }
        return true;
    }

    /// What may stand `distance` bytes behind the text; anything, where that is far.
    [[nodiscard]] static std::bitset<256> bytes_at(const std::uint8_t* form, std::size_t distance);

    /// How many bytes of `kind` at least stand behind the text before anything
    /// else may; at most 255.
    [[nodiscard]] unsigned run_of(const std::bitset<256>& kind) const;

    /// What walk() reads: kinds of bytes (256), their number, then for each
    /// state the next one by kind. States 0 and 1 are "no" and "yes".
    [[nodiscard]] const std::vector<std::uint8_t>& form() const noexcept { return form_; }

private:
    static constexpr std::size_t header = 257;
    static constexpr std::uint8_t accept = 1;
    std::vector<std::uint8_t> form_;
};

}  // namespace stratascan::sieve
