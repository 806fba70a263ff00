// Findings of one file, settled with each other: several rules may see the same
// bytes, and a reader wants each secret once.
#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>

#include "scanner/layer/window_scan.hpp"
#include "scanner/match/drop_reason.hpp"

namespace stratascan::layer {

namespace {

// Who gives way to whom, told or only counted.
class Leavers {
public:
    Leavers(DropCounts& counts, std::vector<DroppedFinding>* told) : counts_(counts), told_(told) {}

    void leave(const WindowFinding& finding, const std::string& to, std::string_view reason) {
        // The same rule may have seen the same bytes from two of its anchors.
        if (finding.finding.rule == to) return;
        ++counts_[reason];
        if (told_ != nullptr) told_->push_back({finding, reason, to});
    }

private:
    DropCounts& counts_;
    std::vector<DroppedFinding>* told_;
};

// Rules for many services at once are called after what they have in common. And
// that a value stands in a Kubernetes Secret does not say what it is.
bool names_one_service(const Finding& finding) {
    return !finding.rule.starts_with("service-") && finding.rule != "kubernetes-secret-value";
}

// Of several rules that see the same value, the most telling one stays: one that
// knows whose it is before one that knows some hundred names. The findings are
// sorted, so that equals are decided by the rule's name, and those of one rule by
// how deep they lie.
auto rank(const WindowFinding& found) {
    const bool proved = found.finding.evidence == Evidence::verified;
    return std::tuple(!found.generic, names_one_service(found.finding), proved,
                      found.finding.confidence, found.finding.severity);
}

bool encloses(const Finding& one, const Finding& two) {
    return one.offset <= two.offset && one.offset + one.length >= two.offset + two.length;
}

// What is encoded as a whole is known by what it stands for, whichever rule tells
// the most of it: a name in front of a value does not say that it is encoded.
bool knows_within(const WindowFinding& other, const WindowFinding& kept) {
    const auto &deep = other.finding.inner_path, &shallow = kept.finding.inner_path;
    return !other.generic && kept.finding.evidence == Evidence::pattern &&
           other.finding.secret_id != kept.finding.secret_id &&
           other.finding.offset == kept.finding.offset &&
           other.finding.length >= kept.finding.length && deep.size() == shallow.size() + 1 &&
           std::equal(shallow.begin(), shallow.end(), deep.begin());
}

void take_secret(const WindowFinding& from, WindowFinding& to) {
    to.finding.length = from.finding.length;
    to.finding.inner_path = from.finding.inner_path;
    to.finding.secret_id = from.finding.secret_id;
    to.finding.redacted = from.finding.redacted;
    to.finding.clear_text = from.finding.clear_text;
}

// Whether what a rule took for a secret as it stands is encoded, as `deep` says: a
// padding or a line of it is written with marks. Of what generic rules find nobody
// knows what it is, so it is taken as it stands.
bool is_decoded_form(const WindowFinding& deep, const WindowFinding& shallow) {
    const Finding &one = deep.finding, &two = shallow.finding;
    return !deep.generic && one.rule == two.rule && one.secret_id != two.secret_id &&
           one.inner_path.size() > two.inner_path.size() && encloses(one, two);
}

void keep_best(std::vector<WindowFinding>& findings, Leavers& leavers) {
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::size_t> best;
    for (std::size_t i = 0; i < findings.size(); ++i) {
        const Finding& finding = findings[i].finding;
        const auto [kept, fresh] = best.try_emplace({finding.offset, finding.length}, i);
        if (fresh) continue;
        const WindowFinding& best_yet = findings[kept->second];
        if (rank(best_yet) < rank(findings[i]) || is_decoded_form(findings[i], best_yet)) {
            kept->second = i;
        }
    }
    for (std::size_t i = 0; i < findings.size(); ++i) {
        const Finding& finding = findings[i].finding;
        const std::size_t kept = best.find({finding.offset, finding.length})->second;
        if (kept == i) continue;
        if (knows_within(findings[i], findings[kept])) take_secret(findings[i], findings[kept]);
        leavers.leave(findings[i], findings[kept].finding.rule, match::dropped::same_bytes);
    }
    std::vector<WindowFinding> rest;
    rest.reserve(best.size());
    for (const auto& [span, index] : best) rest.push_back(std::move(findings[index]));
    findings = std::move(rest);
}

// Whether two findings, of which one at least is of decoded bytes, are of one
// secret: of one rule or both of generic ones, or of much the same bytes.
bool are_twins(const WindowFinding& a, const WindowFinding& b) {
    const Finding &one = a.finding, &two = b.finding;
    if (one.inner_path.empty() && two.inner_path.empty()) return false;
    const std::uint64_t begin = std::max(one.offset, two.offset);
    const std::uint64_t end = std::min(one.offset + one.length, two.offset + two.length);
    if (begin >= end) return false;
    if (one.rule == two.rule || (a.generic && b.generic)) return true;
    // A key's PEM block or armour, and the bytes that are seen through its base64.
    if (!one.public_key_sha256.empty() && one.public_key_sha256 == two.public_key_sha256) {
        return true;
    }
    const bool parsed =
        one.evidence == Evidence::well_formed && two.evidence == Evidence::well_formed;
    if (parsed && !one.evidence_detail.empty() && one.evidence_detail == two.evidence_detail) {
        return true;
    }
    return (end - begin) * 2 >= std::max(one.length, two.length);
}

// Whether the second is the one to keep.
bool tells_more(const WindowFinding& first, const WindowFinding& second) {
    const bool same = first.finding.rule == second.finding.rule;
    if (!same && rank(first) != rank(second)) return rank(first) < rank(second);
    if (is_decoded_form(second, first)) return true;
    if (is_decoded_form(first, second)) return false;
    return second.finding.inner_path.size() < first.finding.inner_path.size();
}

// Few findings overlap, and no more of them are compared with each.
void drop_twins(std::vector<WindowFinding>& findings, Leavers& leavers) {
    constexpr std::size_t most_overlaps = 16;
    std::vector<WindowFinding> kept;
    kept.reserve(findings.size());
    for (WindowFinding& found : findings) {
        bool stays = true;
        const std::size_t first = kept.size() - std::min(kept.size(), most_overlaps);
        for (std::size_t i = kept.size(); i > first && stays; --i) {
            const auto other = kept.begin() + static_cast<std::ptrdiff_t>(i - 1);
            if (!are_twins(*other, found)) continue;
            if (tells_more(*other, found)) {
                if (knows_within(*other, found)) take_secret(*other, found);
                leavers.leave(*other, found.finding.rule, match::dropped::same_bytes);
                kept.erase(other);
            } else {
                if (knows_within(found, *other)) take_secret(found, *other);
                leavers.leave(found, other->finding.rule, match::dropped::same_bytes);
                stays = false;
            }
        }
        if (stays) kept.push_back(std::move(found));
    }
    findings = std::move(kept);
}

// Sorted by begin: a generic finding overlaps a specific one when one of the
// specific ones that begin before its end reaches beyond its begin.
void drop_overlapped(std::vector<WindowFinding>& findings, Leavers& leavers) {
    struct Reach {
        std::uint64_t begin = 0, furthest = 0;  // end of any so far
        std::string rule;                       // whose end that is
    };
    std::vector<Reach> specific;
    for (const WindowFinding& found : findings) {
        if (found.generic) continue;
        Reach next{found.finding.offset, found.finding.offset + found.finding.length,
                   found.finding.rule};
        if (!specific.empty() && specific.back().furthest > next.furthest) {
            next.furthest = specific.back().furthest;
            next.rule = specific.back().rule;
        }
        specific.push_back(std::move(next));
    }
    std::erase_if(findings, [&](const WindowFinding& found) {
        if (!found.generic) return false;
        const std::uint64_t end = found.finding.offset + found.finding.length;
        const auto behind =
            std::lower_bound(specific.begin(), specific.end(), end,
                             [](const Reach& reach, std::uint64_t at) { return reach.begin < at; });
        if (behind == specific.begin()) return false;
        const Reach& last = *std::prev(behind);
        if (last.furthest <= found.finding.offset) return false;
        leavers.leave(found, last.rule, match::dropped::overlapped);
        return true;
    });
}

}  // namespace

void settle(std::vector<WindowFinding>& findings, DropCounts& counts,
            std::vector<DroppedFinding>* dropped) {
    // A rule's own finding is before one that it has by a section's name, which only adds to
    // the detail.
    const auto key = [](const WindowFinding& found) {
        const Finding& finding = found.finding;
        const std::size_t depth = finding.inner_path.size();
        return std::tuple<std::uint64_t, std::string_view, std::uint64_t, std::size_t,
                          const std::vector<std::string>&, std::string_view, std::string_view>(
            finding.offset, finding.rule, finding.length, depth, finding.inner_path,
            finding.secret_id, finding.evidence_detail);
    };
    std::sort(findings.begin(), findings.end(),
              [&](const auto& a, const auto& b) { return key(a) < key(b); });
    Leavers leavers(counts, dropped);
    keep_best(findings, leavers);
    drop_twins(findings, leavers);
    drop_overlapped(findings, leavers);
}

}  // namespace stratascan::layer
