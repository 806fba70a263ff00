#include "scanner/match/regex_tree.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>
#include <utility>

namespace stratascan::match {

namespace {

using Kind = RegexNode::Kind;
using Bytes = std::bitset<256>;

// Repeats are unrolled this far; behind it a repeat counts as endless. The
// automaton then accepts more texts than the pattern, never fewer.
constexpr std::uint32_t unrolled = 8;
constexpr std::size_t most_states = 20'000;
constexpr std::size_t most_steps = 4'000'000;
constexpr std::size_t most_prefixes = 8'192;

using States = std::set<std::uint32_t>;

unsigned char lower(unsigned char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<unsigned char>(c + 32) : c;
}

// A nondeterministic automaton after Thompson: edges on bytes, edges on nothing.
struct Automaton {
    struct Edge {
        Bytes bytes;
        std::uint32_t to;
    };
    std::vector<std::vector<Edge>> edges;
    std::vector<std::vector<std::uint32_t>> silent;

    std::uint32_t state() {
        edges.emplace_back();
        silent.emplace_back();
        return static_cast<std::uint32_t>(edges.size() - 1);
    }

    // Adds `node` behind `from`; gives the state behind it.
    std::uint32_t add(const RegexNode& node, std::uint32_t from) {
        if (edges.size() > most_states) return from;
        switch (node.kind) {
            case Kind::empty: return from;
            case Kind::bytes: {
                const std::uint32_t to = state();
                edges[from].push_back({node.bytes, to});
                return to;
            }
            case Kind::sequence:
                for (const RegexNode& child : node.children) from = add(child, from);
                return from;
            case Kind::choice: {
                const std::uint32_t end = state();
                for (const RegexNode& child : node.children) {
                    const std::uint32_t branch = state();
                    silent[from].push_back(branch);
                    silent[add(child, branch)].push_back(end);
                }
                return end;
            }
            case Kind::repeat: return add_repeat(node, from);
        }
        return from;
    }

    std::uint32_t add_repeat(const RegexNode& node, std::uint32_t from) {
        const RegexNode& child = node.children.front();
        const std::uint32_t least = std::min(node.least, unrolled);
        for (std::uint32_t i = 0; i < least; ++i) from = add(child, from);
        if (node.most == node.least && node.least <= unrolled) return from;
        const std::uint32_t end = state();
        silent[from].push_back(end);
        if (node.most > unrolled) {
            const std::uint32_t loop = state();
            silent[from].push_back(loop);
            const std::uint32_t back = add(child, loop);
            silent[back].push_back(loop);
            silent[back].push_back(end);
            return end;
        }
        for (std::uint32_t i = least; i < node.most; ++i) {
            from = add(child, from);
            silent[from].push_back(end);
        }
        return end;
    }

    [[nodiscard]] bool complete() const { return edges.size() <= most_states; }

    // `states` and what is reached from them without a byte.
    [[nodiscard]] States closed(States states) const {
        std::vector<std::uint32_t> open(states.begin(), states.end());
        while (!open.empty()) {
            const std::uint32_t state = open.back();
            open.pop_back();
            for (const std::uint32_t to : silent[state]) {
                if (states.insert(to).second) open.push_back(to);
            }
        }
        return states;
    }
};

// Makes every prefix one byte longer in all ways; false when there are too many.
bool extend(const Automaton& automaton, std::map<std::string, States>& prefixes) {
    std::map<std::string, States> longer;
    std::size_t steps = 0;
    for (const auto& [prefix, states] : prefixes) {
        std::map<unsigned, States> by_byte;
        for (const std::uint32_t state : states) {
            for (const Automaton::Edge& edge : automaton.edges[state]) {
                for (unsigned byte = 0; byte < 256; ++byte) {
                    if (!edge.bytes[byte]) continue;
                    if (++steps > most_prefixes) return false;
                    by_byte[byte | 0x20U].insert(edge.to);  // as slot() folds it
                }
            }
        }
        for (auto& [byte, next] : by_byte) {
            longer[prefix + static_cast<char>(byte)] = automaton.closed(std::move(next));
        }
    }
    prefixes = std::move(longer);
    return true;
}

// Follows which anchors a text may be in the middle of (Aho and Corasick 1975).
class AnchorFollower {
public:
    AnchorFollower(const std::vector<std::string>& anchors, bool nocase) : nocase_(nocase) {
        for (const std::string& anchor : anchors) insert(anchor);
        link();
    }

    [[nodiscard]] std::uint32_t next(std::uint32_t state, unsigned char byte) const {
        return next_[state][nocase_ ? lower(byte) : byte];
    }
    [[nodiscard]] bool ended(std::uint32_t state) const { return ended_[state]; }

private:
    void insert(const std::string& anchor) {
        std::uint32_t at = root();
        for (const char c : anchor) {
            const auto raw = static_cast<unsigned char>(c);
            const unsigned char byte = nocase_ ? lower(raw) : raw;
            if (next_[at][byte] == 0) {
                const std::uint32_t fresh = add();
                next_[at][byte] = fresh;
            }
            at = next_[at][byte];
        }
        ended_[at] = true;
    }

    void link() {
        std::vector<std::uint32_t> fallback(next_.size(), 0), order;
        for (const std::uint32_t child : next_[0]) {
            if (child != 0) order.push_back(child);
        }
        for (std::size_t i = 0; i < order.size(); ++i) {
            const std::uint32_t at = order[i];
            ended_[at] = ended_[at] || ended_[fallback[at]];
            for (unsigned byte = 0; byte < 256; ++byte) {
                const std::uint32_t child = next_[at][byte];
                const std::uint32_t instead = next_[fallback[at]][byte];
                if (child == 0) {
                    next_[at][byte] = instead;
                } else {
                    fallback[child] = instead;
                    order.push_back(child);
                }
            }
        }
    }

    std::uint32_t root() {
        if (next_.empty()) add();
        return 0;
    }
    std::uint32_t add() {
        next_.emplace_back();
        ended_.push_back(false);
        return static_cast<std::uint32_t>(next_.size() - 1);
    }

    bool nocase_;
    std::vector<std::array<std::uint32_t, 256>> next_;
    std::vector<bool> ended_;
};

// Whether the automaton has a way from state 0 to `end` on which no anchor ends.
// Gives true, "there may be", when it grows too large to tell.
bool avoids(const Automaton& automaton, std::uint32_t end, const AnchorFollower& anchors) {
    std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> open;
    const auto visit = [&](std::uint32_t state, std::uint32_t anchor) {
        if (!anchors.ended(anchor) && seen.emplace(state, anchor).second) {
            open.emplace_back(state, anchor);
        }
    };
    visit(0, 0);
    std::size_t steps = 0;
    while (!open.empty()) {
        const auto [state, anchor] = open.back();
        open.pop_back();
        if (state == end) return true;
        for (const std::uint32_t to : automaton.silent[state]) visit(to, anchor);
        for (const Automaton::Edge& edge : automaton.edges[state]) {
            std::uint32_t last = ~std::uint32_t{0};
            for (unsigned byte = 0; byte < 256; ++byte) {
                if (!edge.bytes[byte]) continue;
                if (++steps > most_steps) return true;
                const std::uint32_t next = anchors.next(anchor, static_cast<unsigned char>(byte));
                if (next != last) visit(edge.to, next);
                last = next;
            }
        }
    }
    return false;
}

// A sequence without sequences inside it, so that a prefix can end anywhere.
void flatten(const RegexNode& node, std::vector<const RegexNode*>& parts) {
    if (node.kind == Kind::sequence) {
        for (const RegexNode& child : node.children) flatten(child, parts);
    } else if (node.kind != Kind::empty) {
        parts.push_back(&node);
    }
}

std::uint64_t capped(std::optional<std::uint64_t> width, std::uint64_t most) {
    return width ? std::min(*width, most) : most;
}

}  // namespace

std::optional<std::uint64_t> widest(const RegexNode& node) {
    switch (node.kind) {
        case Kind::empty: return 0;
        case Kind::bytes: return 1;
        case Kind::sequence:
        case Kind::choice: {
            std::uint64_t width = 0;
            for (const RegexNode& child : node.children) {
                const auto one = widest(child);
                if (!one) return std::nullopt;
                width = node.kind == Kind::sequence ? width + *one : std::max(width, *one);
            }
            return width;
        }
        case Kind::repeat: {
            const auto one = widest(node.children.front());
            if (!one || (node.most == RegexNode::unbounded && *one > 0)) return std::nullopt;
            if (*one > 0 && *one > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
            return *one * node.most;
        }
    }
    return std::nullopt;
}

Beginnings::Beginnings(const RegexNode& node) {
    Automaton automaton;
    const std::uint32_t start = automaton.state();
    const std::uint32_t end = automaton.add(node, start);
    if (!automaton.complete()) return;
    // All prefixes of a length, each with the states that it leads to.
    std::map<std::string, States> prefixes = {{"", automaton.closed({start})}};
    bool few = true;
    States now = automaton.closed({start});
    while (places_.size() < prefix_bytes && !now.contains(end)) {
        Bytes bytes;
        States next;
        for (const std::uint32_t state : now) {
            for (const Automaton::Edge& edge : automaton.edges[state]) {
                bytes |= edge.bytes;
                next.insert(edge.to);
            }
        }
        places_.push_back(bytes);
        now = automaton.closed(std::move(next));
        few = few && extend(automaton, prefixes);
    }
    if (!few || places_.size() < prefix_bytes) return;
    prefixes_.resize(std::size_t{1} << 16);
    for (const auto& [prefix, states] : prefixes) prefixes_[slot(prefix.data())] = 1;
}

std::optional<std::uint64_t> anchor_within(const RegexNode& node,
                                           const std::vector<std::string>& anchors, bool nocase,
                                           std::uint64_t width) {
    if (anchors.empty()) return std::nullopt;
    if (node.kind == Kind::choice) {
        std::uint64_t furthest = 0;
        for (const RegexNode& child : node.children) {
            const auto within = anchor_within(child, anchors, nocase, width);
            if (!within) return std::nullopt;
            furthest = std::max(furthest, *within);
        }
        return furthest;
    }
    std::vector<const RegexNode*> parts;
    flatten(node, parts);
    const AnchorFollower follower(anchors, nocase);
    Automaton automaton;
    std::uint32_t end = automaton.state();
    std::uint64_t reached = 0;
    for (const RegexNode* part : parts) {
        end = automaton.add(*part, end);
        reached = std::min(width, reached + capped(widest(*part), width));
        if (!automaton.complete()) return std::nullopt;
        if (part->kind == Kind::bytes && part->bytes.count() > 2 && part != parts.back()) continue;
        if (!avoids(automaton, end, follower)) return reached;
    }
    return std::nullopt;
}

}  // namespace stratascan::match
