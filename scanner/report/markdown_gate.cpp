// A verdict in Markdown: what decides, a line each, then a table of the checks that fail
// or could not be decided, then what the others answered.
#include <fmt/format.h>

#include <algorithm>

#include "scanner/report/gate_phrases.hpp"
#include "scanner/report/gate_report.hpp"
#include "scanner/report/markdown_text.hpp"
#include "scanner/report/phrases.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::report {

namespace {

using policy::CheckResult;
using policy::Outcome;
using policy::PolicyVerdict;
using policy::Verdict;

constexpr std::size_t most_evidence = 3;
constexpr std::size_t longest_table = 24'000;
constexpr std::size_t longest_reasons = 12'000;

std::string_view mark(Verdict verdict) {
    switch (verdict) {
        case Verdict::pass: return "✅";
        case Verdict::fail: return "❌";
        case Verdict::incomplete: break;
    }
    return "⚠️";
}

std::string answer(const PolicyVerdict& verdict) {
    const std::string policy = markdown_code(verdict.policy);
    switch (verdict.verdict) {
        case Verdict::pass: return "is eligible under " + policy;
        case Verdict::fail: return "is not eligible under " + policy;
        case Verdict::incomplete: break;
    }
    return "can't be judged under " + policy;
}

// Each part has a code span of its own, so that a long text does not hide the place.
std::string line_of(const policy::Item& item, const policy::GateReport& gate) {
    std::string line = markdown_code(item.text);
    const auto add = [&line](const std::string& part) {
        if (!part.empty()) line += (line.empty() ? "" : " · ") + part;
    };
    add(markdown_code(place_of(item)));
    if (item.layer_index >= 0) {
        add(fmt::format("layer {}", item.layer_index));
        add(markdown_code(build_step(item.created_by)));
    }
    const std::string aside = set_aside(item, gate);
    if (!aside.empty()) line += " (" + markdown_plain(cut_end(printable(aside), 200)) + ")";
    return line;
}

// A cell: what the answer rests on, one below the other.
std::string evidence_of(const CheckResult& result, const policy::GateReport& gate) {
    std::string cell = markdown_plain(result.answer.reason);
    std::size_t shown = 0, more = result.answer.left_out;
    for (const policy::Item& item : result.answer.items) {
        if (shown == most_evidence) {
            ++more;
            continue;
        }
        ++shown;
        cell += "<br>" + line_of(item, gate);
    }
    if (more > 0) cell += fmt::format("<br>and {} more", grouped(more));
    return cell;
}

std::string row_of(const CheckResult& result, const policy::GateReport& gate) {
    const policy::CheckInfo& info = result.check.info;
    return fmt::format("| {} | {} | {} {} | {} | {} |\n", weight_of(result),
                       to_string(info.severity), markdown_code(info.id),
                       to_string(result.check.level), evidence_of(result, gate),
                       markdown_plain(references_of(result)));
}

void write_table(std::string& out, const PolicyVerdict& verdict, const policy::GateReport& gate,
                 std::size_t& room) {
    std::string rows;
    std::size_t left_out = 0;
    const auto add = [&](auto concerns) {
        for (const CheckResult& result : verdict.results) {
            if (!concerns(result)) continue;
            const std::string row = row_of(result, gate);
            if (row.size() > room) {
                ++left_out;
                continue;
            }
            room -= row.size();
            rows += row;
        }
    };
    add([](const CheckResult& r) { return r.fails; });
    add([](const CheckResult& r) { return r.blocks; });
    add([](const CheckResult& r) { return !r.fails && r.answer.outcome == Outcome::fail; });
    if (rows.empty() && left_out == 0) return;
    out += "| | severity | check | what it rests on | references |\n| --- | --- | --- | --- | --- |\n";
    out += rows;
    if (left_out > 0) {
        out += fmt::format("\n{} more {} in the full report.\n", left_out,
                           left_out == 1 ? "is" : "are");
    }
    out += '\n';
}

// A list of texts, as far as there is room.
void write_list(std::string& out, const std::vector<std::string>& lines, std::string_view sign,
                std::size_t& room) {
    std::size_t left_out = 0;
    for (const std::string& line : lines) {
        const std::string item =
            fmt::format("- {}{}\n", sign, markdown_plain(cut_end(printable(line), 300)));
        if (item.size() > room) {
            ++left_out;
            continue;
        }
        room -= item.size();
        out += item;
    }
    if (left_out > 0) out += fmt::format("- and {} more\n", left_out);
    if (!lines.empty()) out += '\n';
}

void write_rest(std::string& out, const PolicyVerdict& verdict) {
    std::string lines;
    for (const Outcome outcome : {Outcome::pass, Outcome::unknown, Outcome::not_applicable,
                                  Outcome::undecidable}) {
        for (const AnswerGroup& group : answered(verdict, outcome)) {
            lines += fmt::format("- {}: {}", to_string(outcome), listed(group.checks, ", "));
            if (!group.reason.empty()) {
                lines += " (" + markdown_plain(cut_end(group.reason, 300)) + ")";
            }
            lines += '\n';
        }
    }
    if (lines.empty()) return;
    out += "<details><summary>What passed, and what no answer was given to</summary>\n\n" + lines +
           "\n</details>\n\n";
}

}  // namespace

std::string write_gate_markdown(const policy::TargetVerdict& target,
                                const policy::GateReport& gate) {
    std::string out;
    std::size_t room = longest_table, room_of_reasons = longest_reasons;
    for (const PolicyVerdict& verdict : target.policies) {
        out += fmt::format("**{} {} {}.**\n\n", mark(verdict.verdict),
                           markdown_code(image_name(*target.report)), answer(verdict));
        write_list(out, reasons_of(verdict, *target.report), "", room_of_reasons);
        if (!verdict.accepted_incomplete.empty()) {
            out += "Not everything was read; the policy lets that pass: " +
                   markdown_plain(verdict.accepted_incomplete) + "\n\n";
        }
        write_table(out, verdict, gate, room);
        write_rest(out, verdict);
    }
    return out;
}

std::string write_gate_heading_markdown(const policy::GateReport& gate) {
    std::string out = fmt::format("## {} Stratascan: {}\n\n", mark(gate.verdict),
                                  to_string(gate.verdict));
    std::size_t room = longest_reasons / 2;
    if (gate.manifest) {
        const auto& manifest = *gate.manifest;
        out += fmt::format("App {} in {} {} for Runs on Atlassian.\n\n",
                           markdown_code(app_name(manifest)), markdown_code(manifest.file),
                           eligibility(manifest));
        write_list(out, manifest.reasons, "", room);
        write_list(out, manifest.doubts, "", room);
    }
    write_list(out, gate.warnings, "⚠️ ", room);
    return out;
}

}  // namespace stratascan::report
