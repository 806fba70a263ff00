#include "scanner/match/automaton.hpp"

#include <algorithm>

namespace stratascan::match {

namespace {

using Kind = RegexNode::Kind;

constexpr std::size_t most_states = 20'000;

}  // namespace

std::uint32_t Automaton::state() {
    edges_.emplace_back();
    silent_.emplace_back();
    return size() - 1;
}

std::uint32_t Automaton::add(const RegexNode& node, std::uint32_t from) {
    if (edges_.size() > most_states) return from;
    switch (node.kind) {
        case Kind::empty: return from;
        case Kind::bytes: {
            const std::uint32_t to = state();
            edges_[from].push_back({node.bytes, to});
            return to;
        }
        case Kind::sequence:
            for (const RegexNode& child : node.children) from = add(child, from);
            return from;
        case Kind::choice: {
            const std::uint32_t end = state();
            for (const RegexNode& child : node.children) {
                const std::uint32_t branch = state();
                join(from, branch);
                join(add(child, branch), end);
            }
            return end;
        }
        case Kind::repeat: return add_repeat(node, from);
    }
    return from;
}

std::uint32_t Automaton::add_repeat(const RegexNode& node, std::uint32_t from) {
    const RegexNode& child = node.children.front();
    const std::uint32_t least = std::min(node.least, limits_.required);
    for (std::uint32_t i = 0; i < least; ++i) from = add(child, from);
    if (node.most == least) return from;
    const std::uint32_t end = state();
    join(from, end);
    if (node.most - least > limits_.optional) {
        const std::uint32_t loop = state();
        join(from, loop);
        const std::uint32_t back = add(child, loop);
        join(back, loop);
        join(back, end);
        return end;
    }
    for (std::uint32_t i = least; i < node.most; ++i) {
        from = add(child, from);
        join(from, end);
    }
    return end;
}

bool Automaton::complete() const { return edges_.size() <= most_states; }

Automaton::States Automaton::closed(States states) const {
    std::vector<bool> known(size());
    const auto take = [&](std::uint32_t state) {
        const bool fresh = !known[state];
        known[state] = true;
        return fresh;
    };
    std::erase_if(states, [&](std::uint32_t state) { return !take(state); });
    for (std::size_t i = 0; i < states.size(); ++i) {
        for (const std::uint32_t to : silent_[states[i]]) {
            if (take(to)) states.push_back(to);
        }
    }
    std::sort(states.begin(), states.end());
    return states;
}

Automaton::States Automaton::step(const States& states, const std::bitset<256>& bytes) const {
    States next;
    for (const std::uint32_t state : states) {
        for (const Edge& edge : edges_[state]) {
            if ((edge.bytes & bytes).any()) next.push_back(edge.to);
        }
    }
    return closed(std::move(next));
}

bool holds(const Automaton::States& states, std::uint32_t state) {
    return std::binary_search(states.begin(), states.end(), state);
}

}  // namespace stratascan::match
