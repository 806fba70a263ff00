#include "scanner/report/table_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "scanner/report/report_writer.hpp"

namespace stratascan::report {

namespace {

constexpr std::size_t gaps_shown = 20;
constexpr std::size_t notes_shown = 20;
constexpr std::size_t reason_limit = 300;
constexpr std::size_t note_limit = 600;

using Targets = std::vector<const TargetReport*>;

struct Totals {
    std::array<std::uint64_t, 5> severities{};
    std::uint64_t secrets = 0, hidden = 0, programs = 0;
    std::uint64_t packaged_secrets = 0, packaged_programs = 0;
    std::uint64_t unread = 0;  ///< targets
    std::uint64_t layers = 0, incomplete_layers = 0, files = 0, bytes = 0, gaps = 0;
    std::map<std::string_view, std::uint64_t> classes;
    bool complete = true;
    bool secrets_sought = true;

    /// Columns of what stands left in a summary.
    [[nodiscard]] std::size_t labels() const {
        return std::max({std::string_view("not covered").size(), counted(secrets, "secret").size(),
                         counted(programs, "program").size()});
    }
};

Totals totals_of(const Targets& targets) {
    Totals totals;
    for (const TargetReport* target : targets) {
        for (const Finding& finding : target->findings) {
            ++totals.secrets;
            ++totals.severities.at(static_cast<std::size_t>(finding.severity));
            if (finding.package) ++totals.packaged_secrets;
            if (finding.visibility != Visibility::visible) ++totals.hidden;
        }
        for (const Program& program : target->programs) {
            ++totals.programs;
            if (program.package) ++totals.packaged_programs;
            ++totals.classes[program.program_class];
        }
        for (const LayerReport& layer : target->layers) {
            ++totals.layers;
            if (layer.state != LayerState::complete || !layer.gaps.empty()) {
                ++totals.incomplete_layers;
            }
        }
        if (target->image.kind == "unread") ++totals.unread;
        totals.files += target->coverage.files;
        totals.bytes += target->coverage.bytes;
        totals.gaps += target->coverage.gaps;
        totals.complete = totals.complete && target->coverage.complete;
        totals.secrets_sought = totals.secrets_sought && target->secrets_sought;
    }
    return totals;
}

void add_packaged(std::vector<Piece>& pieces, std::uint64_t count) {
    if (count == 0) return;
    pieces.push_back({fmt::format("{} packaged", grouped(count)), Tone::faint});
}

std::vector<Piece> severity_pieces(const Totals& totals) {
    std::vector<Piece> pieces;
    for (std::size_t i = totals.severities.size(); i-- > 0;) {
        if (totals.severities[i] == 0) continue;
        const auto severity = static_cast<Severity>(i);
        pieces.push_back({fmt::format("{} {}", grouped(totals.severities[i]), to_string(severity)),
                          tone_of(severity)});
    }
    if (totals.hidden > 0) {
        pieces.push_back({fmt::format("{} no longer visible, still in {}", grouped(totals.hidden),
                                      totals.hidden == 1 ? "its layer" : "their layers"),
                          Tone::plain});
    }
    add_packaged(pieces, totals.packaged_secrets);
    return pieces;
}

void write_counts(Canvas& canvas, const Totals& totals) {
    const std::string looked_through =
        totals.files > 0
            ? fmt::format("{}, {}", counted(totals.files, "file"), sized(totals.bytes))
            : sized(totals.bytes);
    if (!totals.secrets_sought) {
        canvas.flow(2, {{"secrets were not looked for in " + looked_through}});
    } else if (totals.secrets == 0) {
        canvas.flow(2, {{"no secrets found in " + looked_through,
                         totals.complete ? Tone::good : Tone::plain}});
    } else {
        canvas.labelled(2, {counted(totals.secrets, "secret"), Tone::strong}, totals.labels(),
                        severity_pieces(totals));
    }
    if (totals.programs > 0) {
        std::vector<std::pair<std::uint64_t, std::string_view>> classes;
        classes.reserve(totals.classes.size());
        for (const auto& [name, count] : totals.classes) classes.emplace_back(count, name);
        std::stable_sort(classes.begin(), classes.end(),
                         [](const auto& a, const auto& b) { return a.first > b.first; });
        std::vector<Piece> pieces;
        pieces.reserve(classes.size() + 1);
        for (const auto& [count, name] : classes) {
            pieces.push_back({fmt::format("{} {}", grouped(count), printable(name))});
        }
        add_packaged(pieces, totals.packaged_programs);
        canvas.labelled(2, {counted(totals.programs, "program"), Tone::strong}, totals.labels(),
                        pieces);
    }
    if (totals.secrets > 0) {
        canvas.labelled(2, {"scanned", Tone::strong}, totals.labels(),
                        {{looked_through}, {counted(totals.layers, "layer")}});
    }
}

/// Gaps as one list: the image's own, then each layer's.
struct PlacedGap {
    int layer;
    const Gap* gap;
};

std::vector<PlacedGap> all_gaps(const TargetReport& target) {
    std::vector<PlacedGap> gaps;
    gaps.reserve(target.gaps.size());
    for (const Gap& gap : target.gaps) gaps.push_back({-1, &gap});
    for (const LayerReport& layer : target.layers) {
        for (const Gap& gap : layer.gaps) gaps.push_back({layer.index, &gap});
    }
    return gaps;
}

void write_gaps(Canvas& canvas, const TargetReport& target, std::size_t column) {
    const std::vector<PlacedGap> gaps = all_gaps(target);
    if (gaps.empty()) return;
    canvas.line(2, {{"not covered", Tone::strong}});
    const std::size_t shown = gaps.size() <= gaps_shown + 1 ? gaps.size() : gaps_shown;
    for (std::size_t i = 0; i < shown; ++i) {
        const Gap& gap = *gaps[i].gap;
        const int layer = gaps[i].layer;
        const std::string place = layer < 0 ? (target.image.kind == "unread" ? "target" : "image") : fmt::format("layer {}", layer);
        const std::string reason = gap.reason.substr(0, reason_limit);
        canvas.labelled(4, {place, Tone::warning}, column - 2,
                        {{place_in(gap.path, gap.inner_path)},
                         {printable(reason), Tone::plain, true},
                         {gap.bytes > 0 ? sized(gap.bytes) : "", Tone::faint}});
    }
    if (shown < gaps.size()) {
        canvas.flow(4 + column, {{fmt::format("and {} more", grouped(gaps.size() - shown)),
                                        Tone::faint}});
    }
}

void write_notes(Canvas& canvas, const TargetReport& target, std::size_t column) {
    const std::size_t count = target.notes.size();
    const std::size_t shown = count <= notes_shown + 1 ? count : notes_shown;
    for (std::size_t i = 0; i < shown; ++i) {
        canvas.labelled(2, {i == 0 ? "note" : "", Tone::strong}, column,
                        {{printable(std::string_view(target.notes[i]).substr(0, note_limit)),
                           Tone::plain, true}});
    }
    if (shown < count) {
        canvas.flow(4 + column,
                    {{fmt::format("and {} more", grouped(count - shown)), Tone::faint}});
    }
}

std::string incomplete_words(const Totals& totals) {
    if (totals.unread > 0) {
        return counted(totals.unread, "target") +
               (totals.unread == 1 ? " was not read" : " were not read");
    }
    if (totals.incomplete_layers > 0) {
        return fmt::format("{} of {} not read in full", grouped(totals.incomplete_layers),
                           counted(totals.layers, "layer") +
                               (totals.incomplete_layers == 1 ? " was" : " were"));
    }
    return totals.gaps == 1 ? "one part was not covered"
                            : fmt::format("{} parts were not covered", grouped(totals.gaps));
}

}  // namespace

Tone tone_of(Severity severity) noexcept {
    switch (severity) {
        case Severity::critical: return Tone::critical;
        case Severity::high: return Tone::high;
        case Severity::medium: return Tone::medium;
        case Severity::low: return Tone::low;
        case Severity::info: return Tone::faint;
    }
    return Tone::plain;
}

void write_target_summary(Canvas& canvas, const TargetReport& target) {
    const Totals totals = totals_of({&target});
    if (totals.unread == 0) write_counts(canvas, totals);
    write_notes(canvas, target, totals.labels());
    write_gaps(canvas, target, totals.labels());
}

void write_report_summary(Canvas& canvas, const Report& report) {
    Targets targets;
    targets.reserve(report.targets.size());
    for (const TargetReport& target : report.targets) targets.push_back(&target);
    const Totals totals = totals_of(targets);
    if (targets.size() > 1) {
        canvas.line(0, {{fmt::format("all {} {}", grouped(targets.size()),
                                     totals.unread > 0 ? "targets" : "images"),
                         Tone::strong}});
        write_counts(canvas, totals);
        canvas.blank();
    }
    const bool complete = totals.complete && !report.cancelled && !targets.empty();
    std::string why = targets.empty() ? "nothing was scanned" : incomplete_words(totals);
    if (report.cancelled) why = "stopped before the end";
    if (totals.secrets > 0 && complete) {
        canvas.flow(0, {{"secrets found; every byte was read", Tone::critical}});
    } else if (totals.secrets > 0) {
        canvas.flow(0, {{"secrets found", Tone::critical}, {"incomplete: " + why, Tone::warning}});
    } else if (complete) {
        canvas.flow(0, {{"complete and clean: every byte was read", Tone::good}});
    } else {
        canvas.flow(0, {{"incomplete: " + why, Tone::warning}});
    }
}

}  // namespace stratascan::report
