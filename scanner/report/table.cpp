// The report for people. It is read from the top for "where is it?" and from
// the bottom for "how bad is it?": first each image's layers in order, with the
// build step that made each and what stands in it; then a summary that ends in
// one line on what the exit code means. Layers that hold nothing take one line
// together. Everything that comes from an image goes through printable().
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "scanner/report/report_writer.hpp"
#include "scanner/report/table_summary.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::report {

namespace {

// Beyond these a table is no longer read; the JSON report has them all.
constexpr std::size_t findings_shown = 3;  ///< of one rule in one file
constexpr std::size_t programs_shown = 12; ///< of one class in one layer
constexpr std::size_t names_shown = 6;

constexpr std::size_t severity_column = 8;
constexpr std::size_t evidence_limit = 60;

std::string_view evidence_words(Evidence evidence) {
    switch (evidence) {
        case Evidence::pattern: return "matches the pattern";
        case Evidence::well_formed: return "well formed";
        case Evidence::bad_checksum: return "checksum does not hold";
        case Evidence::verified: return "verified";
        case Evidence::known_example: return "a published example";
    }
    return "";
}

/// Where in a layer, when it is not simply a file's contents.
std::string_view source_words(Source source) {
    switch (source) {
        case Source::whiteout: return "inside a whiteout marker";
        case Source::xattr: return "in an extended attribute";
        case Source::header: return "in the tar header";
        case Source::trailer: return "outside of every member";
        default: return "";
    }
}

bool in_layer(Source source) {
    return source == Source::file || source == Source::attestation || !source_words(source).empty();
}

std::string location(const Finding& finding) {
    std::string text = place_in(finding.path, finding.inner_path);
    if (text.empty() && finding.source == Source::trailer) text = "the layer's own bytes";
    const bool one_line = !in_layer(finding.source) && finding.line <= 1;
    if (finding.line > 0 && !one_line) {
        text += fmt::format(":{}", finding.line);
    } else if (finding.line == 0 && in_layer(finding.source)) {
        text += fmt::format(" at byte {}", finding.offset);
    }
    return text;
}

/// "deleted by layer 3", or nothing for what is still there.
std::string hidden_words(Visibility visibility, int hidden_by, int own_layer) {
    if (visibility == Visibility::visible) return {};
    if (hidden_by < 0 || hidden_by == own_layer) {
        return visibility == Visibility::deleted ? "not part of the file tree"
                                                 : "overwritten in the same layer";
    }
    return fmt::format("{} by layer {}", to_string(visibility), hidden_by);
}

std::string suppressed_words(const Rare<Suppressed>& suppressed) {
    if (!suppressed) return {};
    return fmt::format("suppressed until {} by {}", suppressed->until,
                       printable(suppressed->owner));
}

std::string package_words(const Rare<Package>& package) {
    return package ? "packaged: " + printable(package->name) : std::string();
}

Piece evidence_piece(const Finding& finding) {
    std::string text(evidence_words(finding.evidence));
    if (!finding.evidence_detail.empty()) {
        text += ": " + cut_end(printable(finding.evidence_detail), evidence_limit);
    }
    return {text, finding.evidence == Evidence::verified ? Tone::strong : Tone::plain};
}

/// "for example.org, www.example.org · until 2030-01-02", of a key's certificate.
std::string certificate_words(const Rare<KeyCertificate>& certificate) {
    if (!certificate) return {};
    std::string text = "certificate of " + cut_end(printable(certificate->subject), evidence_limit);
    if (!certificate->names.empty()) {
        const std::size_t shown = std::min<std::size_t>(certificate->names.size(), 2);
        text += " for " + printable(listed({certificate->names.begin(),
                                            certificate->names.begin() +
                                                static_cast<std::ptrdiff_t>(shown)}, ", "));
        if (shown < certificate->names.size()) text += ", …";
    }
    if (!certificate->not_after.empty()) text += " until " + certificate->not_after.substr(0, 10);
    return text;
}

std::string identifier_words(const Rare<Identifier>& identifier) {
    if (!identifier) return {};
    const bool user = identifier->kind == "user";
    return (user ? "user " : printable(identifier->kind) + " ") + printable(identifier->value);
}

/// `id` is the other half of the credential, or null.
void write_finding(Canvas& canvas, const Finding& finding, const Finding* id) {
    const Piece severity{std::string(to_string(finding.severity)), tone_of(finding.severity)};
    const std::string& shown = finding.clear_text.empty() ? finding.redacted : finding.clear_text;
    canvas.labelled(4, severity, severity_column,
                    {{printable(finding.title.empty() ? finding.rule : finding.title),
                      Tone::strong},
                     {printable(shown)}});
    if (id != nullptr) {
        const std::string& half = id->clear_text.empty() ? id->redacted : id->clear_text;
        canvas.flow(4 + severity_column + 2,
                    {{"with " + printable(id->title.empty() ? id->rule : id->title)},
                     {printable(half)},
                     {location(*id)},
                     evidence_piece(*id)});
    }
    canvas.flow(4 + severity_column + 2,
                {{location(finding)},
                 evidence_piece(finding),
                 {identifier_words(finding.identifier)},
                 {certificate_words(finding.certificate)},
                 {std::string(source_words(finding.source))},
                 {finding.in_head.value_or(true) ? "" : "not in git's HEAD", Tone::faint},
                 {hidden_words(finding.visibility, finding.hidden_by, finding.layer_index),
                  Tone::faint},
                 {package_words(finding.package), Tone::faint},
                 {suppressed_words(finding.suppressed), Tone::good},
                 {finding.blob_mismatch ? "in a blob that is not what it claims" : "",
                  Tone::warning}});
}

/// A finding by what its partner says of it.
using PlacedRule = std::tuple<std::string_view, std::string_view, std::uint64_t, std::string_view>;

PlacedRule placed(const Finding& finding) {
    return {finding.path, finding.rule, finding.offset, finding.secret_id};
}

/// Takes those out that are shown with their other half, the secret.
std::map<const Finding*, const Finding*> take_ids(std::vector<const Finding*>& findings) {
    std::map<const Finding*, const Finding*> ids;
    std::map<PlacedRule, const Finding*> halves;
    for (const Finding* finding : findings) {
        if (finding->pair && finding->pair->role == "secret") halves[placed(*finding)] = finding;
    }
    if (halves.empty()) return ids;
    std::set<const Finding*> taken;
    for (const Finding* finding : findings) {
        if (!finding->pair || finding->pair->role != "id") continue;
        const Pair& pair = *finding->pair;
        const auto id = halves.find({pair.path, pair.rule, pair.offset, pair.secret_id});
        if (id == halves.end() || !taken.insert(id->second).second) continue;
        ids[finding] = id->second;
    }
    std::erase_if(findings, [&](const Finding* finding) { return taken.contains(finding); });
    return ids;
}

/// Worst first, then in the order of places.
void write_findings(Canvas& canvas, std::vector<const Finding*> findings) {
    const auto ids = take_ids(findings);
    const auto id_of = [&ids](const Finding* finding) {
        const auto found = ids.find(finding);
        return found == ids.end() ? nullptr : found->second;
    };
    std::stable_sort(findings.begin(), findings.end(), [](const Finding* a, const Finding* b) {
        return a->severity > b->severity;
    });
    using Place = std::tuple<std::string_view, std::string_view>;
    std::map<Place, std::size_t> counts;
    for (const Finding* finding : findings) ++counts[{finding->path, finding->rule}];
    std::map<Place, std::size_t> shown;
    for (const Finding* finding : findings) {
        const Place place{finding->path, finding->rule};
        const std::size_t nth = ++shown[place];
        // Saying that one is left out takes as much room as the one.
        const bool all = counts[place] <= findings_shown + 1;
        if (all || nth <= findings_shown) write_finding(canvas, *finding, id_of(finding));
        if (all || nth != findings_shown) continue;
        canvas.flow(4 + severity_column + 2,
                    {{fmt::format("and {} more of these in the same file",
                                  grouped(counts[place] - findings_shown)),
                      Tone::faint}});
    }
}

std::string program_name(const Program& program) {
    std::string name = printable(program.program);
    if (!program.version.empty()) name += " " + printable(program.version);
    return name;
}

/// "was bin/sh until layer 3", of the first.
std::string removed_words(const std::vector<RemovedAlias>& removed) {
    if (removed.empty()) return {};
    const RemovedAlias& first = removed.front();
    std::string text = fmt::format("was {} until layer {}", printable(first.path), first.hidden_by);
    if (removed.size() > 1) text += fmt::format(" and {} more", removed.size() - 1);
    return text;
}

std::string owner_words(const Program& program) {
    const std::string name = program.owner ? printable(program.owner->name) : std::string();
    switch (program.ownership) {
        case Ownership::unknown: return {};
        case Ownership::unpackaged: return "unpackaged";
        case Ownership::unchecked: return "of package " + name;
        case Ownership::modified: return "modified, of package " + name;
        case Ownership::unmodified: return package_words(program.package);
    }
    return {};
}

std::vector<Piece> program_facts(const Program& program) {
    std::vector<Piece> facts;
    facts.push_back({place_in(program.path, program.inner_path)});
    const auto fact = [&facts](bool holds, std::string text, Tone tone = Tone::faint) {
        if (holds) facts.push_back({std::move(text), tone});
    };
    fact(program.role == Role::embeds, "embedded in it");
    fact(program.role == Role::mentions, "mentioned only");
    fact(program.renamed, "renamed", Tone::medium);
    fact(program.setuid, "setuid", Tone::medium);
    fact(program.packed, "packed", Tone::medium);
    fact(program.is_static, "static");
    fact(program.setgid, "setgid", Tone::medium);
    fact(!program.applets.empty(), counted(program.applets.size(), "applet"));
    fact(!program.reachable.empty(), fmt::format("{} reachable", program.reachable.size()));
    fact(!program.aliases.empty(), counted(program.aliases.size(), "link"));
    fact(true, removed_words(program.removed_aliases));
    fact(true, owner_words(program),
         program.ownership == Ownership::modified ? Tone::medium : Tone::faint);
    fact(true, suppressed_words(program.suppressed));
    fact(true, hidden_words(program.visibility, program.hidden_by, program.layer_index));
    return facts;
}

/// Programs of one layer, a block a class.
void write_programs(Canvas& canvas, const std::vector<const Program*>& programs,
                    std::size_t class_column, std::size_t name_column) {
    std::map<std::string_view, std::vector<const Program*>> classes;
    for (const Program* program : programs) classes[program->program_class].push_back(program);
    for (const auto& [name, members] : classes) {
        const bool all = members.size() <= programs_shown + 1;
        const std::size_t shown = all ? members.size() : programs_shown;
        for (std::size_t i = 0; i < shown; ++i) {
            const std::string label = i == 0 ? cut_end(printable(name), class_column) : "";
            const std::string program = cut_end(program_name(*members[i]), name_column);
            canvas.labelled(4, {padded(label, class_column) + "  " + program},
                            class_column + 2 + name_column, program_facts(*members[i]));
        }
        if (all) continue;
        canvas.flow(4 + class_column + 2,
                    {{fmt::format("and {} more", grouped(members.size() - shown)), Tone::faint}});
    }
}

/// One target's block.
class TargetTable {
public:
    TargetTable(Canvas& canvas, const TargetReport& target) : canvas_(canvas), target_(target) {
        for (const Finding& finding : target.findings) {
            findings_[in_layer(finding.source) ? finding.layer_index : -1].push_back(&finding);
        }
        const std::size_t most = canvas.width() / 4;
        for (const Program& program : target.programs) {
            programs_[program.layer_index].push_back(&program);
            class_column_ = std::max(class_column_, program.program_class.size());
            name_column_ = std::max(name_column_, program_name(program).size());
        }
        class_column_ = std::min(class_column_, most);
        name_column_ = std::min(name_column_, most);
    }

    void write() {
        write_heading();
        write_metadata();
        for (const LayerReport& layer : target_.layers) write_layer(layer);
        write_empty_layers();
    }

private:
    void write_heading() {
        const ImageInfo& image = target_.image;
        canvas_.line(0, {{printable(target_.target), Tone::strong},
                         {image.platform == "unknown/unknown" ? "" : printable(image.platform)},
                         {image.kind == "image" ? "" : printable(image.kind), Tone::warning}});
        std::vector<Piece> facts;
        for (std::size_t i = 0; i < std::min(image.names.size(), names_shown); ++i) {
            facts.push_back({printable(image.names[i])});
        }
        if (image.names.size() > names_shown) {
            facts.push_back({fmt::format("and {} more names", image.names.size() - names_shown)});
        }
        facts.push_back({image.distribution_version.empty()
                             ? image.distribution
                             : image.distribution + ' ' + image.distribution_version});
        facts.push_back({short_digest(image.digest), Tone::faint});
        const std::string created = printable(image.created.substr(0, 10));
        facts.push_back({created.empty() ? "" : "made " + created, Tone::faint});
        const bool any = std::any_of(facts.begin(), facts.end(),
                                     [](const Piece& piece) { return !piece.text.empty(); });
        if (any) canvas_.flow(2, facts);
    }

    void write_metadata() {
        const auto found = findings_.find(-1);
        if (found == findings_.end()) return;
        canvas_.blank();
        canvas_.line(2, {{"config", Tone::strong},
                         {short_digest(target_.image.config_digest), Tone::faint}});
        write_findings(canvas_, found->second);
    }

    void write_layer(const LayerReport& layer) {
        const auto findings = findings_.find(layer.index);
        const auto programs = programs_.find(layer.index);
        const bool holds = findings != findings_.end() || programs != programs_.end();
        if (!holds && layer.state == LayerState::complete) {
            empty_.push_back(layer.index);
            empty_bytes_ += layer.bytes;
            empty_files_ += layer.files;
            return;
        }
        canvas_.blank();
        const bool complete = layer.state == LayerState::complete;
        canvas_.line(2, {{fmt::format("layer {}", layer.index), Tone::strong},
                         {short_digest(layer.digest), Tone::faint},
                         {layer.bytes > 0 ? sized(layer.bytes) : "", Tone::faint},
                         {complete ? "" : std::string(to_string(layer.state)), Tone::warning},
                         {layer.path.empty() ? build_step(layer.created_by)
                                             : printable(layer.path)}});
        if (!complete && !layer.state_reason.empty()) {
            canvas_.flow(4, {{printable(layer.state_reason), Tone::warning, true}});
        }
        if (findings != findings_.end()) write_findings(canvas_, findings->second);
        if (findings != findings_.end() && programs != programs_.end()) canvas_.blank();
        if (programs != programs_.end()) {
            write_programs(canvas_, programs->second, class_column_, name_column_);
        }
    }

    void write_empty_layers() {
        const bool all = empty_.size() == target_.layers.size() && findings_.empty();
        if (empty_.empty() || all) return;  // the summary says the same
        canvas_.blank();
        canvas_.line(2, {{fmt::format("{} {}", empty_.size() == 1 ? "layer" : "layers",
                                      index_list(empty_)),
                          Tone::faint},
                         {fmt::format("nothing found in {}, {}", counted(empty_files_, "file"),
                                      sized(empty_bytes_)),
                          Tone::faint}});
    }

    Canvas& canvas_;
    const TargetReport& target_;
    std::map<int, std::vector<const Finding*>> findings_;  ///< by layer; -1: metadata
    std::map<int, std::vector<const Program*>> programs_;
    std::size_t class_column_ = 0;
    std::size_t name_column_ = 0;
    std::vector<int> empty_;
    std::uint64_t empty_bytes_ = 0;
    std::uint64_t empty_files_ = 0;
};

}  // namespace

std::string write_table(const Report& report, const TableStyle& style) {
    Canvas canvas(std::max(style.width, 40U), style.colour);
    for (const TargetReport& target : report.targets) {
        TargetTable(canvas, target).write();
        canvas.blank();
        write_target_summary(canvas, target);
        canvas.blank();
    }
    write_report_summary(canvas, report);
    return canvas.take();
}

}  // namespace stratascan::report
