#include "scanner/layer/pairs.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <tuple>

namespace stratascan::layer {

namespace {

struct Candidate {
    std::uint64_t distance = 0;
    std::size_t secret = 0, id = 0;
    auto operator<=>(const Candidate&) const = default;
};

std::uint64_t distance_of(const Finding& one, const Finding& other) {
    const bool in_order = one.offset <= other.offset;
    const Finding& first = in_order ? one : other;
    const Finding& second = in_order ? other : one;
    const std::uint64_t end = first.offset + first.length;
    return second.offset > end ? second.offset - end : 0;
}

Pair partner(const char* role, const Finding& of) {
    return {role, of.rule, of.path, of.line, of.offset, of.secret_id};
}

}  // namespace

void join_pair(Finding& secret, Finding& id) {
    secret.pair = partner("id", id);
    id.pair = partner("secret", secret);
}

void pair_up(std::vector<WindowFinding>& findings, const match::PairRules* pairs) {
    if (pairs == nullptr || findings.size() < 2) return;
    // In order of their places, so that only neighbours within reach are looked at.
    std::vector<std::size_t> order(findings.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const Finding& one = findings[a].finding;
        const Finding& other = findings[b].finding;
        return std::tie(one.source, one.offset) < std::tie(other.source, other.offset);
    });
    // A file of nothing but ids and secrets costs each no more than so many looks.
    constexpr std::size_t most_neighbours = 16;
    std::vector<Candidate> candidates;
    const auto look = [&](std::size_t secret, std::size_t id, const match::PairRule& rule) {
        const bool fits = std::binary_search(rule.ids.begin(), rule.ids.end(), findings[id].rule) &&
                          findings[id].finding.source == findings[secret].finding.source;
        if (!fits) return;
        const std::uint64_t distance =
            distance_of(findings[secret].finding, findings[id].finding);
        if (distance <= rule.within) candidates.push_back({distance, secret, id});
    };
    for (std::size_t at = 0; at < order.size(); ++at) {
        const auto rule = pairs->find(findings[order[at]].rule);
        if (rule == pairs->end()) continue;
        const std::size_t from = at > most_neighbours ? at - most_neighbours : 0;
        const std::size_t to = std::min(order.size(), at + most_neighbours + 1);
        for (std::size_t other = from; other < to; ++other) {
            if (other != at) look(order[at], order[other], rule->second);
        }
    }
    std::sort(candidates.begin(), candidates.end());
    for (const Candidate& one : candidates) {
        Finding& secret = findings[one.secret].finding;
        Finding& id = findings[one.id].finding;
        if (!secret.pair && !id.pair) join_pair(secret, id);
    }
}

void pair_variables(std::vector<Finding>& findings, const match::RuleSet& rules) {
    std::map<std::string_view, std::vector<Finding*>> by_rule;
    for (Finding& finding : findings) {
        if (finding.source == Source::env && !finding.pair) by_rule[finding.rule].push_back(&finding);
    }
    for (const auto& [number, pair] : *rules.shared_pairs()) {
        const auto secrets = by_rule.find(rules.rules()[number]->rule().id);
        if (secrets == by_rule.end() || secrets->second.size() != 1) continue;
        std::vector<Finding*> ids;
        for (const std::uint32_t id : pair.ids) {
            const auto found = by_rule.find(rules.rules()[id]->rule().id);
            if (found != by_rule.end()) {
                ids.insert(ids.end(), found->second.begin(), found->second.end());
            }
        }
        Finding& secret = *secrets->second.front();
        if (ids.size() == 1 && !secret.pair && !ids.front()->pair) join_pair(secret, *ids.front());
    }
}

void drop_told_secrets(std::vector<WindowFinding>& findings) {
    struct Span {
        std::uint64_t begin = 0, end = 0;
    };
    // Findings may overlap: what counts is how far any that begins before reaches.
    std::vector<Span> spans;
    bool any = false;
    for (const WindowFinding& one : findings) {
        spans.push_back({one.finding.offset, one.finding.offset + one.finding.length});
        any = any || one.finding.identifier.has_value();
    }
    if (!any) return;
    std::sort(spans.begin(), spans.end(),
              [](const Span& a, const Span& b) { return a.begin < b.begin; });
    std::uint64_t furthest = 0;
    for (Span& span : spans) furthest = span.end = std::max(span.end, furthest);
    for (WindowFinding& one : findings) {
        auto& identifier = one.finding.identifier;
        // One that the evidence told has the secret's end for its place.
        if (!identifier || one.identifier_offset == one.finding.offset + one.finding.length) continue;
        const std::uint64_t end = one.identifier_offset + identifier->value.size();
        const auto behind = std::lower_bound(
            spans.begin(), spans.end(), end,
            [](const Span& span, std::uint64_t at) { return span.begin < at; });
        if (behind != spans.begin() && std::prev(behind)->end > one.identifier_offset) {
            identifier.reset();
        }
    }
}

}  // namespace stratascan::layer
