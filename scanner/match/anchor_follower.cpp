#include "scanner/match/anchor_follower.hpp"

#include <unordered_set>

namespace stratascan::match {

namespace {

constexpr std::size_t most_steps = 40'000'000;

unsigned char lower(unsigned char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<unsigned char>(c + 32) : c;
}

}  // namespace

AnchorFollower::AnchorFollower(const std::vector<std::string>& anchors, bool nocase)
    : nocase_(nocase), anchors_(anchors.size()) {
    add();
    for (std::uint32_t i = 0; i < anchors.size(); ++i) insert(anchors[i], i);
    link();
}

std::uint32_t AnchorFollower::next(std::uint32_t state, unsigned char byte) const {
    return next_[state][nocase_ ? lower(byte) : byte];
}

void AnchorFollower::insert(const std::string& anchor, std::uint32_t number) {
    std::uint32_t at = 0;
    for (const char c : anchor) {
        const auto raw = static_cast<unsigned char>(c);
        const unsigned char byte = nocase_ ? lower(raw) : raw;
        if (next_[at][byte] == 0) {
            const std::uint32_t fresh = add();
            next_[at][byte] = fresh;
        }
        at = next_[at][byte];
    }
    ended_[at].push_back(number);
}

void AnchorFollower::link() {
    std::vector<std::uint32_t> fallback(next_.size(), 0), order;
    for (const std::uint32_t child : next_[0]) {
        if (child != 0) order.push_back(child);
    }
    for (std::size_t i = 0; i < order.size(); ++i) {
        const std::uint32_t at = order[i];
        const auto& shorter = ended_[fallback[at]];
        ended_[at].insert(ended_[at].end(), shorter.begin(), shorter.end());
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

std::uint32_t AnchorFollower::add() {
    next_.emplace_back();
    ended_.emplace_back();
    return static_cast<std::uint32_t>(next_.size() - 1);
}

// All pairs of a state of the pattern and one of the follower that a text without
// an anchor can reach; when they grow too many to tell, there may be such a text.
std::optional<std::vector<Automaton::States>> first_anchors(const Automaton& automaton,
                                                            std::uint32_t start, std::uint32_t end,
                                                            const AnchorFollower& anchors) {
    std::vector<Automaton::States> first(anchors.anchors());
    std::unordered_set<std::uint64_t> seen;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> open;
    const auto visit = [&](std::uint32_t state, std::uint32_t anchor) {
        if (!seen.insert((std::uint64_t{state} << 32) | anchor).second) return;
        for (const std::uint32_t ended : anchors.ended(anchor)) first[ended].push_back(state);
        if (anchors.ended(anchor).empty()) open.emplace_back(state, anchor);
    };
    visit(start, 0);
    std::size_t steps = 0;
    while (!open.empty()) {
        const auto [state, anchor] = open.back();
        open.pop_back();
        if (state == end) return std::nullopt;
        for (const std::uint32_t to : automaton.silent(state)) visit(to, anchor);
        for (const Automaton::Edge& edge : automaton.edges(state)) {
            std::uint32_t last = ~std::uint32_t{0};
            for (unsigned byte = 0; byte < 256; ++byte) {
                if (!edge.bytes[byte]) continue;
                if (++steps > most_steps) return std::nullopt;
                const std::uint32_t next = anchors.next(anchor, static_cast<unsigned char>(byte));
                if (next != last) visit(edge.to, next);
                last = next;
            }
        }
    }
    for (Automaton::States& states : first) states = automaton.closed(std::move(states));
    return first;
}

}  // namespace stratascan::match
