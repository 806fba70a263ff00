// A pattern as a nondeterministic automaton after Thompson (1968): edges on bytes
// and edges on nothing. What is proved of patterns is proved on it.
//
// Long repeats are not written out in full: behind a limit a repeat counts as
// endless. The automaton then accepts more texts than the pattern, never fewer.
#pragma once

#include <bitset>
#include <cstdint>
#include <vector>

#include "scanner/match/regex_tree.hpp"

namespace stratascan::match {

class Automaton {
public:
    /// A set of states. In order and each once, where closed() gave it.
    using States = std::vector<std::uint32_t>;
    struct Edge {
        std::bitset<256> bytes;
        std::uint32_t to;
    };
    /// How often a repeat is written out: what it must have, and what it may have more.
    struct Limits {
        std::uint32_t required = 8;
        std::uint32_t optional = 8;
    };

    Automaton() = default;
    explicit Automaton(Limits limits) : limits_(limits) {}

    std::uint32_t state();
    /// An edge on nothing.
    void join(std::uint32_t from, std::uint32_t to) { silent_[from].push_back(to); }
    /// Adds `node` behind `from`; gives the state behind it.
    std::uint32_t add(const RegexNode& node, std::uint32_t from);

    /// False: the pattern is too large, and the automaton is not all of it.
    [[nodiscard]] bool complete() const;
    [[nodiscard]] std::uint32_t size() const noexcept {
        return static_cast<std::uint32_t>(edges_.size());
    }
    [[nodiscard]] const std::vector<Edge>& edges(std::uint32_t from) const { return edges_[from]; }
    [[nodiscard]] const std::vector<std::uint32_t>& silent(std::uint32_t from) const {
        return silent_[from];
    }
    /// `states` and what is reached from them without a byte.
    [[nodiscard]] States closed(States states) const;
    /// What is reached from `states`, which are closed, by one of `bytes`; closed.
    [[nodiscard]] States step(const States& states, const std::bitset<256>& bytes) const;

private:
    std::uint32_t add_repeat(const RegexNode& node, std::uint32_t from);

    Limits limits_;
    std::vector<std::vector<Edge>> edges_;
    std::vector<std::vector<std::uint32_t>> silent_;
};

[[nodiscard]] bool holds(const Automaton::States& states, std::uint32_t state);

}  // namespace stratascan::match
