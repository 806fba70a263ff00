// The summary as a table for people and as JSON (stratascan/sweep/1) for programs.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "scanner/report/json_writer.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/report/text.hpp"
#include "scanner/sweep/summary.hpp"

namespace stratascan::sweep {

namespace {

using report::JsonWriter;

constexpr std::array severities = {Severity::critical, Severity::high, Severity::medium,
                                   Severity::low, Severity::info};

std::int64_t count_of(const RepositorySummary& of, Severity severity) {
    return of.findings.at(static_cast<std::size_t>(severity));
}

std::string findings_text(const RepositorySummary& of) {
    std::string text;
    for (const Severity severity : severities) {
        const std::int64_t count = count_of(of, severity);
        if (count == 0) continue;
        if (!text.empty()) text += ", ";
        text += fmt::format("{} {}", count, to_string(severity));
    }
    return text.empty() ? "none" : text;
}

report::Tone tone_of(const RepositorySummary& of) {
    if (!of.covered()) return report::Tone::warning;
    return of.all_findings() > 0 ? report::Tone::strong : report::Tone::good;
}

void write(JsonWriter& json, const RepositorySummary& of) {
    json.begin_object();
    json.member("registry", of.registry);
    json.member("repository", of.repository);
    json.member("state", of.state());
    json.member("tags", of.tags);
    json.member("tags_left_out", of.tags_left_out);
    json.member("images", of.images);
    json.member("accessories", of.accessories);
    json.member("layers", of.layers);
    json.member("programs", of.programs);
    json.key("findings").begin_object();
    for (const Severity severity : severities) {
        json.member(to_string(severity), count_of(of, severity));
    }
    json.end_object();
    json.key("not_covered").begin_array();
    for (const auto& [problem, trouble] : of.problems) {
        json.begin_object();
        json.member("reason", to_string(problem));
        json.member("count", trouble.count);
        json.member("examples", trouble.examples);
        json.end_object();
    }
    json.end_array();
    json.end_object();
}

void write_plan(JsonWriter& json, const Plan& plan) {
    json.begin_object();
    json.member("repositories", plan.repositories);
    json.member("tags", plan.tags);
    json.member("manifests", plan.manifests);
    json.member("manifests_known", plan.manifests_known);
    json.member("layers_to_fetch", plan.layers);
    json.member("bytes_to_fetch", plan.bytes);
    json.member("layers_known", plan.layers_known);
    json.member("requests_made", plan.requests);
    json.member("requests_ahead", plan.requests_ahead);
    json.end_object();
}

void write_whole(JsonWriter& json, const SweepSummary& of) {
    json.member("complete", of.covered());
    json.member("planned_only", of.planned_only);
    json.member("stopped", of.stopped);
    json.key("plan");
    write_plan(json, of.plan);
    json.member("layers_fetched", of.layers_fetched);
    json.member("bytes_fetched", of.bytes_fetched);
    json.member("requests", of.requests);
    json.member("milliseconds", static_cast<std::uint64_t>(of.seconds * 1000));
    json.key("not_listed").begin_array();
    for (const TargetTrouble& trouble : of.troubles) {
        json.begin_object();
        json.member("target", trouble.target);
        json.member("reason", to_string(trouble.problem));
        json.member("detail", trouble.reason);
        json.end_object();
    }
    json.end_array();
}

std::string counts_text(const RepositorySummary& of) {
    std::string text = report::counted(of.images, "image");
    if (of.accessories > 0) {
        text += fmt::format(" and {} about them", of.accessories);
    }
    return text + ", " + report::counted(of.layers, "layer");
}

}  // namespace

std::string plan_text(const Plan& plan) {
    return fmt::format(
        "{}, {}, {} ({} known), {} of {} to fetch, {} made and {} ahead",
        plan.repositories == 1 ? "1 repository" : fmt::format("{} repositories",
                                                              report::grouped(plan.repositories)),
        report::counted(plan.tags, "tag"), report::counted(plan.manifests, "manifest"),
        report::grouped(plan.manifests_known), report::counted(plan.layers, "layer"),
        report::sized(plan.bytes), report::counted(plan.requests, "request"),
        report::grouped(plan.requests_ahead));
}

std::string write_table(const SweepSummary& of, const SummaryStyle& style) {
    report::Canvas canvas(style.width, style.colour);
    std::size_t column = 10;
    for (const RepositorySummary& repository : of.repositories) {
        column = std::max(column, repository.registry.size() + repository.repository.size() + 3);
    }
    column = std::min(column, style.width / 2);
    for (const RepositorySummary& repository : of.repositories) {
        const std::string name =
            report::printable(repository.registry + '/' + repository.repository);
        const std::string state(repository.state());
        if (of.planned_only) {
            canvas.line(0, {{report::padded(report::cut_middle(name, column - 2), column)},
                            {report::counted(repository.tags, "tag")}});
        } else {
            canvas.labelled(
                0, {report::padded(report::cut_middle(name, column - 2), column)}, column,
                {{state, tone_of(repository)},
                 {counts_text(repository)},
                 {findings_text(repository), repository.all_findings() > 0
                                                 ? report::Tone::critical
                                                 : report::Tone::faint}});
        }
        for (const auto& [problem, trouble] : repository.problems) {
            canvas.flow(4, {{fmt::format("{} {}", trouble.count, to_string(problem)),
                             report::Tone::warning}});
            for (const std::string& example : trouble.examples) {
                canvas.flow(6, {{report::printable(example), report::Tone::faint, true}});
            }
        }
    }
    for (const TargetTrouble& trouble : of.troubles) {
        canvas.flow(0, {{report::printable(trouble.target)},
                        {"not listed", report::Tone::warning},
                        {std::string(to_string(trouble.problem))},
                        {report::printable(trouble.reason), report::Tone::plain, true}});
    }
    if (!of.repositories.empty() || !of.troubles.empty()) canvas.blank();
    canvas.flow(0, {{plan_text(of.plan), report::Tone::plain, true}});
    if (!of.planned_only) {
        canvas.flow(0, {{fmt::format("{} and {} fetched in {:.1f} s with {}",
                                     report::counted(of.layers_fetched, "layer"),
                                     report::sized(of.bytes_fetched), of.seconds,
                                     report::counted(of.requests, "request")),
                         report::Tone::plain, true}});
        const bool covered = of.covered();
        const std::string whole = covered      ? "complete: all that was listed was read"
                                  : of.stopped ? "incomplete: stopped before its end"
                                               : "incomplete: not all that was listed was read";
        canvas.flow(0, {{whole, covered ? report::Tone::good : report::Tone::warning, true}});
    }
    return canvas.take();
}

std::string write_json(const SweepSummary& of) {
    std::string text;
    JsonWriter json(text, JsonWriter::Style::pretty);
    json.begin_object();
    json.member("format", "stratascan/sweep/1");
    write_whole(json, of);
    json.key("repositories").begin_array();
    for (const RepositorySummary& repository : of.repositories) write(json, repository);
    json.end_array();
    json.end_object();
    return text + '\n';
}

std::string write_jsonl(const SweepSummary& of) {
    std::string text;
    for (const RepositorySummary& repository : of.repositories) {
        JsonWriter json(text, JsonWriter::Style::line);
        write(json, repository);
        text += '\n';
    }
    JsonWriter json(text, JsonWriter::Style::line);
    json.begin_object();
    json.member("format", "stratascan/sweep/1");
    write_whole(json, of);
    json.end_object();
    return text + '\n';
}

}  // namespace stratascan::sweep
