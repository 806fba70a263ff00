#include "scanner/match/regex_tree.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "scanner/match/anchor_follower.hpp"
#include "scanner/match/automaton.hpp"

namespace stratascan::match {

namespace {

using Kind = RegexNode::Kind;
using Bytes = std::bitset<256>;
using States = Automaton::States;

constexpr std::size_t most_prefixes = 8'192;
constexpr std::size_t place_form = 32;  // bytes of a set of bytes

// Makes every prefix one byte longer in all ways; false when there are too many.
bool extend(const Automaton& automaton, std::map<std::string, States>& prefixes) {
    std::map<std::string, States> longer;
    std::size_t steps = 0;
    for (const auto& [prefix, states] : prefixes) {
        std::map<unsigned, States> by_byte;
        for (const std::uint32_t state : states) {
            for (const Automaton::Edge& edge : automaton.edges(state)) {
                for (unsigned byte = 0; byte < 256; ++byte) {
                    if (!edge.bytes[byte]) continue;
                    if (++steps > most_prefixes) return false;
                    by_byte[byte | 0x20U].push_back(edge.to);  // as slot() folds it
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
            if (*one > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
            return *one * node.most;
        }
    }
    return std::nullopt;
}

const RegexNode* secret_of(const RegexNode& node) {
    if (node.secret) return &node;
    for (const RegexNode& child : node.children) {
        if (const RegexNode* found = secret_of(child)) return found;
    }
    return nullptr;
}

std::uint64_t narrowest(const RegexNode& node) {
    switch (node.kind) {
        case Kind::empty: return 0;
        case Kind::bytes: return 1;
        case Kind::sequence: {
            std::uint64_t width = 0;
            for (const RegexNode& child : node.children) width += narrowest(child);
            return width;
        }
        case Kind::choice: {
            std::uint64_t width = narrowest(node.children.front());
            for (const RegexNode& child : node.children) width = std::min(width, narrowest(child));
            return width;
        }
        case Kind::repeat: return node.least * narrowest(node.children.front());
    }
    return 0;
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
    while (places_.size() < prefix_bytes && !holds(now, end)) {
        Bytes bytes;
        States next;
        for (const std::uint32_t state : now) {
            for (const Automaton::Edge& edge : automaton.edges(state)) {
                bytes |= edge.bytes;
                next.push_back(edge.to);
            }
        }
        places_.push_back(bytes);
        now = automaton.closed(std::move(next));
        few = few && extend(automaton, prefixes);
    }
    if (!few || places_.size() < prefix_bytes) return;
    slots_.resize(slot_words);
    for (const auto& [prefix, states] : prefixes) take(slot_of(prefix.data()));
}

std::string Beginnings::bytes() const {
    std::string out(1, static_cast<char>(places_.size()));
    for (const Bytes& place : places_) {
        for (std::size_t byte = 0; byte < place_form; ++byte) {
            unsigned bits = 0;
            for (std::size_t bit = 0; bit < 8; ++bit) {
                bits |= static_cast<unsigned>(place[8 * byte + bit]) << bit;
            }
            out += static_cast<char>(bits);
        }
    }
    for (std::size_t slot = 0; slot < 64 * slots_.size(); ++slot) {
        if ((slots_[slot / 64] >> (slot % 64) & 1U) == 0) continue;
        out += static_cast<char>(slot & 0xffU);
        out += static_cast<char>(slot >> 8U);
    }
    return out;
}

Beginnings Beginnings::read(std::string_view bytes) {
    Beginnings read;
    const std::size_t places = bytes.empty() ? 0 : static_cast<unsigned char>(bytes[0]);
    if (places > prefix_bytes || bytes.size() < 1 + place_form * places) return read;
    bytes.remove_prefix(1);
    for (; read.places_.size() < places; bytes.remove_prefix(place_form)) {
        Bytes& place = read.places_.emplace_back();
        for (std::size_t i = 0; i < place.size(); ++i) {
            place[i] = (static_cast<unsigned char>(bytes[i / 8]) >> (i % 8) & 1U) != 0;
        }
    }
    if (places < prefix_bytes || bytes.size() < 2) return read;
    read.slots_.resize(slot_words);
    for (; bytes.size() >= 2; bytes.remove_prefix(2)) {
        read.take(static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) |
                  static_cast<std::size_t>(static_cast<unsigned char>(bytes[1])) << 8U);
    }
    return read;
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
        if (first_anchors(automaton, 0, end, follower)) return reached;
    }
    return std::nullopt;
}

}  // namespace stratascan::match
