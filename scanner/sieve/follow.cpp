#include "scanner/sieve/follow.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <map>
#include <set>

#include "scanner/match/anchor_follower.hpp"
#include "scanner/sieve/token_run.hpp"

namespace stratascan::sieve {

namespace {

using Bytes = std::bitset<256>;
using match::Automaton;
using States = Automaton::States;

// What a repeat must have is counted this far, what it may have is not counted:
// counting both at once makes automata large, and the first tells most.
constexpr Automaton::Limits limits = {long_run_bytes + 2, 2};
// Further states count as "yes". The ones kept are those nearest to the text.
constexpr std::size_t most_states = 1000;

// Bytes that no edge tells apart are of one kind.
std::vector<Bytes> kinds_of(const Automaton& automaton) {
    std::vector<Bytes> kinds = {~Bytes{}};
    for (std::uint32_t state = 0; state < automaton.size(); ++state) {
        for (const Automaton::Edge& edge : automaton.edges(state)) {
            std::vector<Bytes> finer;
            for (const Bytes& kind : kinds) {
                for (const Bytes& part : {kind & edge.bytes, kind & ~edge.bytes}) {
                    if (part.any()) finer.push_back(part);
                }
            }
            kinds = std::move(finer);
        }
    }
    return kinds;
}

}  // namespace

Patterns::Patterns() : automaton_(limits) {}

std::optional<std::vector<States>> Patterns::add(const match::RegexNode& open,
                                                 const std::vector<std::string>& strings,
                                                 bool nocase) {
    const std::uint32_t start = automaton_.state();
    ends_.push_back(automaton_.add(open, start));
    if (!automaton_.complete()) return std::nullopt;
    return match::first_anchors(automaton_, start, ends_.back(),
                                match::AnchorFollower(strings, nocase));
}

bool Patterns::ended(const States& states) const {
    return std::any_of(ends_.begin(), ends_.end(),
                       [&](std::uint32_t end) { return match::holds(states, end); });
}

unsigned Patterns::run_of(States states, const std::bitset<256>& kind) const {
    for (unsigned run = 0; run < 255; ++run) {
        if (states.empty() || ended(states)) return run;
        States next;
        for (const std::uint32_t state : states) {
            for (const Automaton::Edge& edge : automaton_.edges(state)) {
                if ((edge.bytes & ~kind).any()) return run;
                next.push_back(edge.to);
            }
        }
        states = automaton_.closed(std::move(next));
    }
    return 255;
}

std::optional<Follow> Follow::from(const Patterns& patterns, const States& now) {
    if (patterns.ended(now)) return std::nullopt;
    const Automaton& automaton = patterns.automaton();
    const std::vector<Bytes> kinds = kinds_of(automaton);
    if (kinds.size() > 255) return std::nullopt;
    const auto width = static_cast<std::uint16_t>(kinds.size());
    const std::size_t most = std::min<std::size_t>(most_states, 0xffffU / width - 3);
    const std::uint16_t accept = width;
    std::map<States, std::uint16_t> rows = {{now, static_cast<std::uint16_t>(2 * width)}};
    std::deque<States> open = {now};
    std::vector<std::uint16_t> next(2 * kinds.size(), 0);
    while (!open.empty()) {
        const States states = std::move(open.front());
        open.pop_front();
        for (const Bytes& kind : kinds) {
            const States reached = automaton.step(states, kind);
            std::uint16_t row = 0;
            if (patterns.ended(reached)) {
                row = accept;
            } else if (!reached.empty()) {
                const auto known = rows.find(reached);
                if (known != rows.end()) {
                    row = known->second;
                } else if (rows.size() < most) {
                    row = static_cast<std::uint16_t>((rows.size() + 2) * width);
                    rows.emplace(reached, row);
                    open.push_back(reached);
                } else {
                    row = accept;
                }
            }
            next.push_back(row);
        }
    }
    std::array<std::uint8_t, 256> kind_of{};
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            if (kinds[kind][byte]) kind_of[byte] = static_cast<std::uint8_t>(kind);
        }
    }
    Follow follow;
    follow.form_.resize(header);
    std::memcpy(follow.form_.data(), kind_of.data(), kind_of.size());
    follow.form_[header - 1] = width;
    follow.form_.insert(follow.form_.end(), next.begin(), next.end());
    return follow;
}

std::bitset<256> Follow::bytes_at(const std::uint16_t* form, std::size_t distance) {
    const std::uint16_t width = form[header - 1], accept = width;
    std::set<std::uint16_t> states = {static_cast<std::uint16_t>(2 * width)};
    Bytes bytes;
    for (std::size_t place = 0; place <= distance; ++place) {
        std::set<std::uint16_t> reached;
        bytes.reset();
        for (const std::uint16_t state : states) {
            for (std::size_t byte = 0; byte < 256; ++byte) {
                const std::uint16_t next = behind(form, state, byte);
                if (next == 0) continue;
                bytes.set(byte);
                reached.insert(next);
            }
        }
        // A match may end here, and anything stand behind it.
        if (place < distance && reached.contains(accept)) return bytes.set();
        states = std::move(reached);
    }
    return bytes;
}

}  // namespace stratascan::sieve
