#include "scanner/lint/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "scanner/evidence/evidence.hpp"
#include "scanner/layer/hit_finder.hpp"
#include "scanner/layer/window_scan.hpp"
#include "scanner/match/drop_reason.hpp"
#include "scanner/match/second_look.hpp"

namespace stratascan::lint {

namespace {

namespace dropped = match::dropped;

std::string quoted(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) all += fmt::format("{}'{}'", all.empty() ? "" : ", ", text);
    return all;
}

// Which of the rule's conditions it was, and how far from it.
std::string detail_of(const match::CompiledRule& compiled, const match::Dropped& one,
                      std::string_view text, std::string_view path) {
    const match::Rule& rule = compiled.rule();
    const std::string_view secret = text.substr(one.begin, one.end - one.begin);
    if (one.reason == dropped::low_entropy) {
        return fmt::format("{:.2f} of {:.4g} bits a byte", evidence::entropy(secret),
                           rule.entropy);
    }
    if (one.reason == dropped::no_context) {
        return fmt::format("none of {} within {} bytes", quoted(rule.context),
                           rule.context_within);
    }
    if (one.reason == dropped::allowed) {
        const re2::RE2* allow = compiled.allowed_by(secret);
        return allow == nullptr ? std::string() : fmt::format("matches '{}'", allow->pattern());
    }
    if (one.reason == dropped::allow_list) {
        const match::AllowList* list =
            compiled.allowed_by({text, one.match_begin, one.match_end, secret, path});
        if (list == nullptr) return {};
        if (!list->description.empty()) return list->description;
        std::vector<std::string> parts = list->paths;
        parts.insert(parts.end(), list->regexes.begin(), list->regexes.end());
        parts.insert(parts.end(), list->stopwords.begin(), list->stopwords.end());
        return (list->all ? "all of " : "one of ") + quoted(parts);
    }
    if (one.reason == dropped::other_path) return fmt::format("only '{}'", rule.path);
    if (one.reason != "placeholder" && evidence::placeholder_reason(secret) == one.reason) {
        return "a placeholder";
    }
    return {};
}

// Line numbers for places that come in any order.
class Lines {
public:
    explicit Lines(std::string_view text) {
        if (text.find('\0') != std::string_view::npos) return;
        starts_.push_back(0);
        for (std::size_t at = text.find('\n'); at != std::string_view::npos;
             at = text.find('\n', at + 1)) {
            starts_.push_back(at + 1);
        }
    }
    [[nodiscard]] std::uint64_t of(std::uint64_t place) const {
        return static_cast<std::uint64_t>(
            std::upper_bound(starts_.begin(), starts_.end(), place) - starts_.begin());
    }

private:
    std::vector<std::uint64_t> starts_;
};

struct Looked {
    std::vector<layer::WindowFinding> findings;
    std::vector<match::Dropped> dropped;
    std::uint64_t hits = 0;
};

Result<Looked> look(const Engine& engine, const match::SecondLook& second_look,
                    std::string_view text, std::string_view path) {
    Looked looked;
    layer::HitFinder finder(*engine.rules, *engine.database, nullptr);
    std::vector<match::Hit> hits;
    if (auto found = finder.find(text, hits); !found) return std::unexpected(found.error());
    std::vector<match::Match> matches;
    for (const match::Hit& hit : hits) {
        const auto& rules = engine.rules->expressions()[hit.expression].rules;
        if (!rules.empty()) ++looked.hits;
        matches.clear();
        for (const std::uint32_t rule : rules) {
            second_look.look(rule, text, hit.end, matches, {path, &looked.dropped, true});
        }
        for (match::Match& match : matches) {
            if (match.certificate) continue;
            layer::WindowFinding found;
            // Carried through settling, to know the rule again.
            found.member = match.rule;
            found.generic = engine.rules->rules()[match.rule]->is_generic();
            found.finding = std::move(match.finding);
            found.finding.offset = match.begin;
            looked.findings.push_back(std::move(found));
        }
    }
    return looked;
}

Explained explained(layer::WindowFinding found) {
    Explained one;
    one.rule = found.member;
    one.offset = found.finding.offset;
    one.length = found.finding.length;
    one.shown =
        found.finding.clear_text.empty() ? found.finding.redacted : found.finding.clear_text;
    one.finding = std::move(found.finding);
    return one;
}

}  // namespace

Result<Explanation> explain(const Engine& engine, std::string_view text, std::string_view path,
                            bool show_secrets) {
    const auto key = identity::SecretKey::passing();
    if (!key) return std::unexpected(key.error());
    const match::SecondLook second_look(*engine.rules, *key, show_secrets);
    auto looked = look(engine, second_look, text, path);
    if (!looked) return std::unexpected(looked.error());
    Explanation explanation;
    explanation.hits = looked->hits;
    std::vector<Explained>& all = explanation.candidates;
    layer::DropCounts counts;
    std::vector<layer::GaveWay> gave_way;
    layer::settle(looked->findings, counts, &gave_way);
    for (layer::WindowFinding& found : looked->findings) all.push_back(explained(std::move(found)));
    for (layer::GaveWay& one : gave_way) {
        all.push_back(explained(std::move(one.finding)));
        all.back().reason = one.reason;
        all.back().detail = one.to;
    }
    for (const match::Dropped& one : looked->dropped) {
        Explained next;
        next.rule = one.rule;
        next.offset = one.begin;
        next.length = one.end - one.begin;
        const std::string_view secret = text.substr(one.begin, next.length);
        next.shown = show_secrets ? std::string(secret) : identity::redact(secret, 0);
        next.reason = one.reason;
        next.detail = detail_of(*engine.rules->rules()[one.rule], one, text, path);
        all.push_back(std::move(next));
    }
    const auto order = [](const Explained& one) {
        return std::tuple(one.offset, one.length, !one.reason.empty(), one.rule, one.reason);
    };
    std::sort(all.begin(), all.end(),
              [&](const Explained& a, const Explained& b) { return order(a) < order(b); });
    // A candidate with several anchors was looked at once for each.
    const auto end = std::unique(all.begin(), all.end(), [&](const auto& a, const auto& b) {
        return order(a) == order(b);
    });
    all.erase(end, all.end());
    const Lines lines(text);
    for (Explained& one : all) one.line = lines.of(one.offset);
    return explanation;
}

}  // namespace stratascan::lint
