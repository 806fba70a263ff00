// Which anchors a text is in the middle of, and where in a pattern the first of
// them can end: how it is proved that no match is without one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scanner/match/automaton.hpp"

namespace stratascan::match {

/// The automaton of Aho and Corasick (1975). State 0 is its beginning.
class AnchorFollower {
public:
    AnchorFollower(const std::vector<std::string>& anchors, bool nocase);

    [[nodiscard]] std::uint32_t next(std::uint32_t state, unsigned char byte) const;
    /// Indices of the anchors that end in this state.
    [[nodiscard]] const std::vector<std::uint32_t>& ended(std::uint32_t state) const {
        return ended_[state];
    }
    [[nodiscard]] std::size_t anchors() const noexcept { return anchors_; }

private:
    void insert(const std::string& anchor, std::uint32_t number);
    void link();
    std::uint32_t add();

    bool nocase_;
    std::size_t anchors_;
    std::vector<std::array<std::uint32_t, 256>> next_;
    std::vector<std::vector<std::uint32_t>> ended_;
};

/// For each anchor the pattern's states in which a text from `start` can be when
/// that anchor is the first to end in it. Nothing when there is, or may be, a
/// text from `start` to `end` in which none ends.
[[nodiscard]] std::optional<std::vector<Automaton::States>> first_anchors(
    const Automaton& automaton, std::uint32_t start, std::uint32_t end,
    const AnchorFollower& anchors);

}  // namespace stratascan::match
