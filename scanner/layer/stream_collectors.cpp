#include "scanner/layer/stream_collectors.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "scanner/layer/dropped_told.hpp"
#include "scanner/layer/encoded_step.hpp"
#include "scanner/match/drop_reason.hpp"
#include "scanner/nested/sqlite.hpp"

namespace stratascan::layer {

namespace {

using NamedSecrets =
    std::multimap<std::pair<std::uint32_t, std::size_t>, LayerCollector::NamedSecret>;

// A name may itself hold a secret; no report repeats it.
void cut_out(std::string& name, const LayerCollector::NamedSecret& named) {
    const std::string& secret = named.secret;
    for (std::size_t at = name.find(secret); at != name.npos;
         at = name.find(secret, at + named.redacted.size())) {
        name.replace(at, secret.size(), named.redacted);
    }
}

void cut_name(const NamedSecrets& secrets, std::uint32_t ordinal, std::string& name) {
    const auto [first, last] =
        secrets.equal_range({ordinal, std::hash<std::string>()(name)});
    for (auto at = first; at != last; ++at) cut_out(name, at->second);
}

using Steps = std::span<const std::string>;

// Without the place of what is written in base64: that is another one in the file outside.
std::string_view name_of(const std::string& step) {
    const std::string_view encoding = encoding_of_step(step);
    return encoding.empty() ? std::string_view(step) : encoding;
}

// A secret in a file of the layer, by steps into containers and by the encodings that it
// is written in, and by the rule that found it or by any. The container may be written in
// an encoding itself, which then is the outermost.
PathHash seen_at(const LayerFinding& found, Steps containers, Steps encodings,
                 bool any_rule = false, std::string_view written_in = {}) {
    std::string text = std::to_string(found.ordinal) + '\0' +
                       (any_rule ? std::string() : found.finding.rule) + '\0' +
                       found.finding.secret_id;
    for (const std::string& step : containers) (text += '\0') += name_of(step);
    if (!written_in.empty()) (text += '\1') += written_in;
    for (const std::string& step : encodings) (text += '\1') += name_of(step);
    return hash_path(text);
}

bool is_encoding(const std::string& step) { return !encoding_of_step(step).empty(); }

// Where else a secret may be seen that stands in a container which is written in base64 or
// hex: as a view of that shows it, and from each container that holds the text as it is.
void add_encoded(std::set<PathHash>& further_in, const LayerFinding& found, Steps containers) {
    const auto first = std::find_if(containers.begin(), containers.end(), is_encoding);
    if (first == containers.end()) return;
    const auto behind = std::find_if_not(first, containers.end(), is_encoding);
    for (auto outer = containers.begin(); outer <= first; ++outer) {
        std::vector<std::string> way(containers.begin(), outer);
        further_in.insert(seen_at(found, way, {first, behind}));
        if (outer == first) break;
        way.insert(way.end(), first, containers.end());
        further_in.insert(seen_at(found, way, {}));
    }
}

// Parts of files, each in order and none in another.
class Parts {
public:
    /// The layer's member, and the place in it.
    using File = std::pair<std::uint32_t, const InnerPlace*>;

    void add(const File& file, std::uint64_t begin, std::uint64_t end) {
        parts_[file].emplace_back(begin, end);
    }
    /// Before the first question.
    void merge() {
        for (auto& [file, parts] : parts_) {
            std::ranges::sort(parts);
            std::size_t kept = 0;
            for (const auto& [begin, end] : parts) {
                if (kept > 0 && begin < parts[kept - 1].second) {
                    parts[kept - 1].second = std::max(parts[kept - 1].second, end);
                } else {
                    parts[kept++] = {begin, end};
                }
            }
            parts.resize(kept);
        }
    }
    /// Whether [begin, end) is in them but for a few bytes.
    [[nodiscard]] bool hold(const File& file, std::uint64_t begin, std::uint64_t end) const {
        constexpr std::uint64_t few = 16;
        const auto found = parts_.find(file);
        if (found == parts_.end()) return false;
        auto part = std::ranges::upper_bound(found->second, begin, {}, &Part::second);
        std::uint64_t held = 0;
        for (; part != found->second.end() && part->first < end; ++part) {
            held += std::min(part->second, end) - std::max(part->first, begin);
        }
        return held > 0 && end - begin - held <= few;
    }

private:
    using Part = std::pair<std::uint64_t, std::uint64_t>;
    std::map<File, std::vector<Part>> parts_;
};

Parts::File file_of(const LayerFinding& found) { return {found.ordinal, found.place.get()}; }

bool is_generic(const LayerFinding& found) { return found.finding.rule.starts_with("generic-"); }

// Constants of compiled code are told in their text, where a secret has its name and both its
// ends. What any rule sees of the same bytes in the code itself, which may be a few bytes too
// many, is not told again; but a generic rule takes nothing from one that knows the secret.
void drop_constants_outside(LayerResult& result, DroppedTold* told) {
    Parts every, known;
    bool any = false;
    for (const LayerFinding& found : result.findings) {
        if (found.origins.empty()) continue;
        any = true;
        for (const auto& [begin, end] : found.origins) {
            every.add(file_of(found), begin, end);
            if (!is_generic(found)) known.add(file_of(found), begin, end);
        }
    }
    if (!any) return;
    every.merge();
    known.merge();
    std::erase_if(result.findings, [&](const LayerFinding& found) {
        const Finding& one = found.finding;
        if (one.source != Source::file || !found.origins.empty()) return false;
        const Parts& parts = is_generic(found) ? every : known;
        const bool outside = parts.hold(file_of(found), one.offset, one.offset + one.length);
        if (outside) drop(result, told, found, match::dropped::seen_inside);
        return outside;
    });
}

// An archive may store a member as it is, and a compression leaves a short secret in
// one piece: it is then seen in the container's bytes as well. The finding that
// knows the whole way in stays. That in a row of a database, which has the column's
// name in front of it, stays instead of what any rule saw in the pages. What a member's packed
// bytes show beside its contents is nobody's in the container, and told with the member.
void drop_seen_twice(LayerResult& result, DroppedTold* told) {
    std::set<PathHash> further_in, in_contents;
    for (const LayerFinding& found : result.findings) {
        const Steps way(found.finding.inner_path);
        const Steps containers = way.first(found.containers);
        const Steps encodings = way.subspan(found.containers);
        for (std::size_t i = 0; i < containers.size(); ++i) {
            further_in.insert(seen_at(found, containers.first(i), encodings));
            if (!containers[i].starts_with(nested::sqlite_row_step)) continue;
            further_in.insert(seen_at(found, containers.first(i), encodings, true));
            // Rows are told in UTF-8; pages have them as the database is written.
            // The order of what is UTF-16 in a row, too, is told by where it stands.
            const bool is_utf16 = !encodings.empty() && encodings.front().starts_with("utf-16");
            const Steps others = encodings.subspan(is_utf16 ? 1 : 0);
            for (const std::string_view order : {"utf-16le", "utf-16be"}) {
                further_in.insert(seen_at(found, containers.first(i), others, true, order));
            }
        }
        if (encodings.empty()) add_encoded(further_in, found, containers);
        if (!containers.empty() && found.finding.source == Source::file) {
            in_contents.insert(seen_at(found, containers, encodings));
        }
    }
    if (further_in.empty()) return;
    std::erase_if(result.findings, [&](const LayerFinding& found) {
        const Steps way(found.finding.inner_path);
        const Steps containers = way.first(found.containers);
        const Steps encodings = way.subspan(found.containers);
        const bool inside =
            (found.finding.source == Source::file || found.finding.source == Source::trailer) &&
            (further_in.contains(seen_at(found, containers, encodings)) ||
             further_in.contains(seen_at(found, containers, encodings, true)) ||
             (found.finding.source == Source::trailer &&
              in_contents.contains(seen_at(found, containers, encodings))));
        if (inside) drop(result, told, found, match::dropped::seen_inside);
        return inside;
    });
}

// Of the containers' digests most are of no use.
void keep_asked_digests(LayerResult& result) {
    std::set<std::uint32_t> asked;
    for (const LayerFinding& found : result.findings) asked.insert(found.ordinal);
    for (const LayerProgram& found : result.programs) asked.insert(found.ordinal);
    std::erase_if(result.digests,
                  [&](const MemberDigest& one) { return !asked.contains(one.ordinal); });
    std::sort(result.digests.begin(), result.digests.end(),
              [](const auto& a, const auto& b) { return a.ordinal < b.ordinal; });
}

constexpr const char* withheld = "[withheld: names of this layer hold too many secrets]";

// Of a layer that has more secrets in names than are kept, any name may hold one.
void withhold_names(LayerResult& result, std::vector<OrdinalGap>& gaps) {
    const auto withhold = [](auto& placed) {
        if (!placed.path.empty()) placed.path = withheld;
        for (std::string& step : placed.inner_path) step = withheld;
    };
    for (LayerFinding& found : result.findings) {
        withhold(found.finding);
        if (found.finding.pair) found.finding.pair->path = withheld;
    }
    for (LayerProgram& found : result.programs) withhold(found.program);
    for (LayerCertificate& found : result.certificates) withhold(found);
    for (OrdinalGap& gap : gaps) withhold(gap.gap);
    for (FileFact& fact : result.file_facts.facts) {
        fact.path = withheld;
        fact.detail.clear();
    }
    for (auto* links : {&result.paths.hardlinks, &result.paths.symlinks}) {
        for (Link& link : *links) link.shown = withheld;
    }
}

template <typename Placed>
void cut_path(const NamedSecrets& secrets, std::uint32_t ordinal, Placed& placed) {
    cut_name(secrets, ordinal, placed.path);
    for (std::string& step : placed.inner_path) cut_name(secrets, ordinal, step);
}

}  // namespace

StreamCollectors::StreamCollectors(const match::RuleSet& rules, const FileLimits& limits)
    : programs_(rules.shared_programs()), pairs_(rules.shared_pairs()), limits_(limits),
      findings_left_(findings_of_layer(limits.findings)) {
    add_stream();
}

void StreamCollectors::add_stream() {
    streams_.emplace_back(programs_, pairs_, limits_, exhausted_, findings_left_, certificates_,
                          streams_.empty() ? nullptr : &windows_left_);
}

LayerCollector& StreamCollectors::collector_of(std::uint32_t stream) {
    if (stream >= first_passing_stream) {
        return passing_
            .try_emplace(stream, programs_, pairs_, limits_, exhausted_, findings_left_,
                         certificates_, &windows_left_)
            .first->second;
    }
    while (streams_.size() <= stream) add_stream();
    return streams_[stream];
}

// What such a stream says of packages is of no root file system.
void StreamCollectors::end_streams(std::uint32_t from, std::uint32_t to) {
    for (auto at = passing_.lower_bound(from); at != passing_.end() && at->first < to;
         at = passing_.erase(at)) {
        at->second.finish(passed_, passed_gaps_);
        passed_.packages = {};
        has_more_named_ = has_more_named_ || at->second.has_more_named();
        auto& names = at->second.named_secrets();
        std::move(names.begin(), names.end(), std::back_inserter(passed_names_));
    }
}

void StreamCollectors::add(Window& window, WindowScan& scan, SpottedFacts& facts) {
    facts_.add(window, facts);
    for (const WindowFinding& found : scan.findings) {
        if (found.member >= window.members.size()) continue;
        const Member& member = window.members[found.member];
        if (member.inner) streams_.front().want_digest(member.inner->host->ordinal);
    }
    LayerCollector& collector = collector_of(window.stream);
    collector.add(window, scan);
    if (error_ || !collector.error()) return;
    error_ = collector.error();
    failed_.store(true, std::memory_order_release);
}

void StreamCollectors::finish(LayerResult& result, std::vector<OrdinalGap> inner_gaps) {
    std::vector<OrdinalGap> gaps;
    for (LayerCollector& collector : streams_) collector.finish(result, gaps);
    end_streams(first_passing_stream, ~std::uint32_t{0});
    std::move(passed_.findings.begin(), passed_.findings.end(),
              std::back_inserter(result.findings));
    std::move(passed_.programs.begin(), passed_.programs.end(),
              std::back_inserter(result.programs));
    std::move(passed_.notes.begin(), passed_.notes.end(), std::back_inserter(result.notes));
    for (const auto& [reason, count] : passed_.dropped) result.dropped[reason] += count;
    std::move(passed_gaps_.begin(), passed_gaps_.end(), std::back_inserter(gaps));
    std::move(inner_gaps.begin(), inner_gaps.end(), std::back_inserter(gaps));
    drop_seen_twice(result, limits_.told);
    drop_constants_outside(result, limits_.told);
    result.certificates = std::move(certificates_.kept());
    if (certificates_.untold() > 0) {
        result.notes.push_back(fmt::format("more than {} certificates; {} were not held against keys",
                                           certificates_a_layer, certificates_.untold()));
    }
    result.file_facts = facts_.take();
    cut_names(result, gaps);
    for (OrdinalGap& gap : gaps) result.gaps.push_back(std::move(gap.gap));
    // Each stream's are in order of their places already.
    const auto by_ordinal = [](const auto& a, const auto& b) { return a.ordinal < b.ordinal; };
    std::stable_sort(result.findings.begin(), result.findings.end(), by_ordinal);
    std::stable_sort(result.programs.begin(), result.programs.end(), by_ordinal);
    std::stable_sort(result.certificates.begin(), result.certificates.end(), by_ordinal);
    keep_asked_digests(result);
}

void StreamCollectors::cut_names(LayerResult& result, std::vector<OrdinalGap>& gaps) {
    NamedSecrets secrets;
    const auto take = [&](std::vector<LayerCollector::NamedSecret>& names) {
        for (auto& named : names) {
            const std::pair key(named.ordinal, named.name);
            secrets.emplace(key, std::move(named));
        }
    };
    for (LayerCollector& collector : streams_) {
        take(collector.named_secrets());
        has_more_named_ = has_more_named_ || collector.has_more_named();
    }
    take(passed_names_);
    if (has_more_named_) withhold_names(result, gaps);
    if (secrets.empty()) return;
    for (LayerFinding& found : result.findings) {
        cut_path(secrets, found.ordinal, found.finding);
        if (found.finding.pair) cut_name(secrets, found.ordinal, found.finding.pair->path);
    }
    if (limits_.told != nullptr) {
        for (DroppedCandidate& one : limits_.told->candidates) {
            cut_path(secrets, one.candidate.ordinal, one.candidate.finding);
        }
    }
    for (LayerProgram& found : result.programs) cut_path(secrets, found.ordinal, found.program);
    for (LayerCertificate& found : result.certificates) cut_path(secrets, found.ordinal, found);
    for (OrdinalGap& gap : gaps) cut_path(secrets, gap.ordinal, gap.gap);
    for (FileFact& fact : result.file_facts.facts) {
        const std::string before = fact.path;
        cut_name(secrets, fact.ordinal, fact.path);
        // What of the path is repeated there may hold it too.
        if (fact.path != before && before.starts_with(fact.detail)) fact.detail.clear();
    }
    for (auto* links : {&result.paths.hardlinks, &result.paths.symlinks}) {
        for (Link& link : *links) {
            std::string shown = link.path;
            cut_name(secrets, link.ordinal, shown);
            if (shown != link.path) link.shown = std::move(shown);
        }
    }
    for (auto& [key, named] : secrets) OPENSSL_cleanse(named.secret.data(), named.secret.size());
}

}  // namespace stratascan::layer
