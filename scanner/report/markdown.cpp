// Markdown as GitHub and GitLab show it in a comment (GitHub takes 65,536 characters).
// Texts from an image stand in code spans that they can't leave, so they are no links,
// no mentions and no markup.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "scanner/report/formats.hpp"
#include "scanner/report/gate_phrases.hpp"
#include "scanner/report/gate_report.hpp"
#include "scanner/report/markdown_text.hpp"
#include "scanner/report/phrases.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::report {

namespace {

constexpr std::size_t most_rows = 50;
constexpr std::size_t longest_cell = 120;
constexpr std::size_t longest_comment = 60'000;

std::string code(std::string_view text) { return markdown_code(text); }
std::string plain(std::string_view text) { return markdown_plain(text); }

void write_findings(std::string& out, const TargetReport& target) {
    if (target.findings.empty()) return;
    std::vector<const Finding*> sorted;
    sorted.reserve(target.findings.size());
    for (const Finding& finding : target.findings) sorted.push_back(&finding);
    std::stable_sort(sorted.begin(), sorted.end(), [](const Finding* a, const Finding* b) {
        return std::pair(a->severity, a->confidence) > std::pair(b->severity, b->confidence);
    });
    out += "| severity | secret | where | layer |\n| --- | --- | --- | --- |\n";
    for (std::size_t i = 0; i < std::min(sorted.size(), most_rows); ++i) {
        const Finding& finding = *sorted[i];
        std::string place = place_in(finding.path, finding.inner_path);
        if (finding.line > 0) place += ":" + std::to_string(finding.line);
        std::string layer =
            finding.layer_index < 0 ? "" : fmt::format("{} ", finding.layer_index);
        layer += code(build_step(finding.created_by));
        if (finding.visibility != Visibility::visible) {
            layer += fmt::format(" ({} by layer {})", to_string(finding.visibility),
                                 finding.hidden_by);
        }
        if (finding.suppressed) {
            layer += " (suppressed: " + plain(finding.suppressed->reason) + ")";
        }
        out += fmt::format("| {} | {} {} | {} | {} |\n", to_string(finding.severity),
                           plain(finding.title), code(finding.redacted), code(place), layer);
    }
    if (sorted.size() > most_rows) {
        out += fmt::format("\n{} more are in the full report.\n", sorted.size() - most_rows);
    }
    out += '\n';
}

void write_programs(std::string& out, const TargetReport& target) {
    std::vector<const Program*> shown;
    for (const Program& program : target.programs) {
        if (program.role == Role::is) shown.push_back(&program);
    }
    if (shown.empty()) return;
    out += fmt::format("<details><summary>{}</summary>\n\n", counted(shown.size(), "program"));
    out += "| class | program | path | layer |\n| --- | --- | --- | --- |\n";
    for (std::size_t i = 0; i < std::min(shown.size(), most_rows); ++i) {
        const Program& program = *shown[i];
        out += fmt::format("| {} | {} {} | {} | {} |\n", plain(program.program_class),
                           plain(program.program), plain(program.version),
                           code(place_in(program.path, program.inner_path)), program.layer_index);
    }
    if (shown.size() > most_rows) {
        out += fmt::format("\n{} more are in the full report.\n", shown.size() - most_rows);
    }
    out += "\n</details>\n\n";
}

void write_target(std::string& out, const TargetReport& target, const policy::GateReport* gate) {
    out += fmt::format("### {}{}\n\n", code(image_name(target)),
                       target.image.platform.empty() ? "" : " " + plain(target.image.platform));
    if (const auto* verdict = verdict_of(gate, target)) out += write_gate_markdown(*verdict, *gate);
    if (target.image.kind == "unread") {
        out += fmt::format("**It was not read:** {}\n\n", plain(target.gaps.front().reason));
        return;
    }
    out += fmt::format("{} in {}, {} scanned. ", counted(target.findings.size(), "secret"),
                       counted(target.layers.size(), "layer"), sized(target.coverage.bytes));
    if (target.coverage.complete) {
        out += "Everything was read.\n\n";
    } else {
        out += fmt::format("**Not everything was read: {}.**\n\n",
                           counted(target.coverage.gaps, "gap"));
    }
    for (const auto write : {write_findings, write_programs}) {
        std::string part;
        write(part, target);
        if (out.size() + part.size() > longest_comment) {
            out += "More is in the full report.\n\n";
        } else {
            out += part;
        }
    }
}

}  // namespace

std::string markdown_code(std::string_view text) {
    const std::string shown = cut_middle(printable(text), longest_cell);
    if (shown.empty()) return {};
    std::size_t longest = 0, run = 0;
    std::string inner;
    for (const char c : shown) {
        run = c == '`' ? run + 1 : 0;
        longest = std::max(longest, run);
        if (c == '|') inner += '\\';
        inner += c;
    }
    const std::string ticks(longest + 1, '`');
    return longest > 0 ? ticks + " " + inner + " " + ticks : ticks + inner + ticks;
}

std::string markdown_plain(std::string_view text) {
    std::string escaped;
    for (const char c : printable(text)) {
        // GitHub and GitLab make a link of what begins as "http://" does, whatever comes behind it.
        const bool of_a_scheme = c == '/' && escaped.ends_with(':');
        if (of_a_scheme ||
            std::string_view("\\`*_{}[]()<>#+-.!|~@&").find(c) != std::string_view::npos) {
            escaped += '\\';
        }
        escaped += c;
    }
    return escaped;
}

std::string write_markdown(const Report& report, const policy::GateReport* gate) {
    std::string out = gate != nullptr ? write_gate_heading_markdown(*gate) : "## Stratascan\n\n";
    std::size_t written = 0;
    for (const TargetReport& target : report.targets) {
        std::string section;
        write_target(section, target, gate);
        if (out.size() + section.size() > longest_comment && written > 0) break;
        out += section;
        ++written;
    }
    if (written < report.targets.size()) {
        out += fmt::format("{} more are in the full report.\n",
                           counted(report.targets.size() - written, "image"));
    }
    const bool any = std::any_of(report.targets.begin(), report.targets.end(),
                                 [](const auto& target) { return !target.findings.empty(); });
    if (any) out += fmt::format("{}\n", remedy);
    return out;
}

}  // namespace stratascan::report
