#include "scanner/sieve/token_run.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "scanner/match/automaton.hpp"
#include "scanner/match/rule.hpp"

namespace stratascan::sieve {

namespace {

using match::RegexNode;
using Kind = RegexNode::Kind;


const std::bitset<256>& token_bytes() {
    static const std::bitset<256> bytes = [] {
        std::bitset<256> all;
        for (unsigned byte = 0; byte < 256; ++byte) {
            all[byte] = is_token_byte(static_cast<unsigned char>(byte));
        }
        return all;
    }();
    return bytes;
}

bool is_token(const RegexNode& node) {
    if (node.kind == Kind::bytes) return (node.bytes & ~token_bytes()).none();
    return std::all_of(node.children.begin(), node.children.end(), is_token);
}

// Whether every text has a long run in it.
bool has_long_run(const RegexNode& node) {
    match::Automaton automaton({long_run_bytes + 8, 2});
    const std::uint32_t start = automaton.state();
    const std::uint32_t end = automaton.add(node, start);
    if (!automaton.complete()) return false;
    std::unordered_set<std::uint64_t> seen;
    std::vector<std::pair<std::uint32_t, unsigned>> open;
    const auto visit = [&](std::uint32_t state, unsigned run) {
        if (run < long_run_bytes && seen.insert(std::uint64_t{state} * 64 + run).second) {
            open.emplace_back(state, run);
        }
    };
    visit(start, 0);
    while (!open.empty()) {
        const auto [state, run] = open.back();
        open.pop_back();
        if (state == end) return false;
        for (const std::uint32_t to : automaton.silent(state)) visit(to, run);
        for (const auto& edge : automaton.edges(state)) {
            if ((edge.bytes & token_bytes()).any()) visit(edge.to, run + 1);
            if ((edge.bytes & ~token_bytes()).any()) visit(edge.to, 0);
        }
    }
    return true;
}

// Where in a pattern the secret's group stands, and what may be before it.
struct Place {
    const RegexNode* secret = nullptr;
    std::uint64_t before = 0;
};

// False when a secret's place has no bound.
bool find_secrets(const RegexNode& node, std::uint64_t before, std::vector<Place>& places) {
    if (node.secret) {
        places.push_back({&node, before});
        return true;
    }
    for (const RegexNode& child : node.children) {
        const std::size_t found = places.size();
        if (!find_secrets(child, before, places)) return false;
        if (node.kind == Kind::repeat && places.size() > found) return false;
        if (node.kind != Kind::sequence) continue;
        const auto width = match::widest(child);
        // What stands behind the last secret may be of any length.
        before = width ? before + *width : std::numeric_limits<std::uint32_t>::max();
    }
    return true;
}

bool has_secret(const RegexNode& node) {
    return node.secret || std::any_of(node.children.begin(), node.children.end(), has_secret);
}

// False behind the secret.
bool add_before(const RegexNode& node, RegexNode& before) {
    if (!has_secret(node)) {
        before.children.push_back(node);
        return true;
    }
    if (node.kind == Kind::sequence && !node.secret) {
        for (const RegexNode& child : node.children) {
            if (!add_before(child, before)) return false;
        }
    }
    return false;
}

}  // namespace

RegexNode before_secret(const RegexNode& pattern) {
    RegexNode before;
    before.kind = Kind::sequence;
    if (has_secret(pattern)) add_before(pattern, before);
    return before;
}

Telling telling_places(const RegexNode& pattern, bool digit) {
    Telling telling;
    if (has_long_run(pattern)) telling.run_anywhere = match::widest(pattern);
    std::vector<Place> places;
    if (!find_secrets(pattern, 0, places)) return telling;
    if (places.empty()) places.push_back({&pattern, 0});
    telling.digit = telling.run = 0;
    const auto join = [](std::optional<std::uint64_t>& within, std::optional<std::uint64_t> one) {
        within = within && one ? std::optional(std::max(*within, *one)) : std::nullopt;
    };
    for (const Place& place : places) {
        const std::uint64_t least = narrowest(*place.secret);
        const bool token = is_token(*place.secret);
        join(telling.digit, digit && token && least >= run_bytes
                                ? std::optional(place.before + match::digitless)
                                : std::nullopt);
        std::optional<std::uint64_t> run;
        if (token && least >= long_run_bytes) {
            run = long_run_bytes;
        } else if (has_long_run(*place.secret)) {
            run = match::widest(*place.secret);
        }
        join(telling.run, run ? std::optional(place.before + *run) : std::nullopt);
    }
    return telling;
}

}  // namespace stratascan::sieve
