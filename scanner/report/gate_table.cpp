// The verdict for people. It begins with the answer, in the form that `forge
// eligibility` has: one line, then a reason a line. Who must mend something reads on:
// each reason with what it rests on, where that stands, and what to do.
#include <fmt/format.h>

#include <algorithm>

#include "scanner/report/gate_phrases.hpp"
#include "scanner/report/gate_report.hpp"
#include "scanner/report/table_summary.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::report {

namespace {

using policy::CheckResult;
using policy::Item;
using policy::Outcome;
using policy::PolicyVerdict;
using policy::TargetVerdict;
using policy::Verdict;

constexpr std::size_t items_shown = 8;
constexpr std::size_t unbroken = 1 << 20;

std::string subject_of(const TargetReport& report) {
    const ImageInfo& image = report.image;
    std::string name = !image.names.empty()    ? image.names.front()
                       : !image.digest.empty() ? short_digest(image.digest)
                                               : image.kind;
    if (!image.platform.empty()) name += " " + image.platform;
    return printable(name);
}

// "Image", "Folder", …
std::string_view kind_word(const std::string& kind) {
    if (kind == "image") return "Image";
    if (kind == "layer") return "Layer";
    if (kind == "directory") return "Folder";
    if (kind == "stray") return "What lies beside the images";
    return "Artifact";
}

class GateTable {
public:
    GateTable(const policy::GateReport& gate, const TableStyle& style)
        : gate_(gate), answers_(unbroken, style.colour),
          canvas_(std::max(style.width, 40U), style.colour) {}

    std::string write() {
        if (gate_.manifest) write_manifest(*gate_.manifest);
        for (const TargetVerdict& target : gate_.targets) {
            if (!worth_telling(target)) continue;
            for (const PolicyVerdict& verdict : target.policies) write_answer(target, verdict);
        }
        for (const TargetVerdict& target : gate_.targets) {
            if (!worth_telling(target)) continue;
            for (const PolicyVerdict& verdict : target.policies) write_details(target, verdict);
        }
        for (const std::string& warning : gate_.warnings) {
            canvas_.labelled(0, {"warning", Tone::warning}, 9,
                             {{printable(warning), Tone::plain, true}});
        }
        return answers_.take() + canvas_.take();
    }

private:
    // What lies beside images is told when something is wrong with it.
    bool worth_telling(const TargetVerdict& target) const {
        return target.report->image.kind == "image" || target.report->image.kind == "layer" ||
               target.report->image.kind == "directory" || target.verdict != Verdict::pass;
    }

    // As `forge eligibility` prints it, line by line.
    void write_manifest(const policy::ManifestVerdict& manifest) {
        answers_.flow(0, {{fmt::format("App [{}] in [{}] {} for Runs on Atlassian.",
                                      printable(app_name(manifest)), printable(manifest.file),
                                      eligibility(manifest)),
                          manifest.eligible() ? Tone::good : Tone::critical, true}});
        for (const std::string& reason : manifest.reasons) answers_.line(0, {{"- " + reason}});
        for (const std::string& doubt : manifest.doubts) {
            answers_.flow(0, {{"- Not known: " + printable(doubt), Tone::plain, true}});
        }
        for (const std::string& detail : manifest.details) answers_.line(2, {{printable(detail)}});
        answers_.blank();
    }

    void write_answer(const TargetVerdict& target, const PolicyVerdict& verdict) {
        const Tone tone = verdict.verdict == Verdict::pass   ? Tone::good
                          : verdict.verdict == Verdict::fail ? Tone::critical
                                                             : Tone::warning;
        answers_.flow(0, {{verdict_line(target, verdict), tone, true}});
        for (const std::string& reason : reasons_of(verdict, *target.report)) {
            answers_.flow(0, {{"- " + reason, Tone::plain, true}});
        }
        answers_.blank();
    }

    void write_details(const TargetVerdict& target, const PolicyVerdict& verdict) {
        const auto all = [&](auto concerns, std::string_view heading) {
            bool first = true;
            for (const CheckResult& result : verdict.results) {
                if (!concerns(result)) continue;
                if (first) {
                    canvas_.line(0, {{fmt::format("{} · {} · {}", subject_of(*target.report),
                                                  verdict.policy, heading),
                                      Tone::strong}});
                }
                first = false;
                write_result(result);
            }
            if (!first) canvas_.blank();
        };
        all([](const CheckResult& r) { return r.fails || r.blocks; }, "what decides");
        all([](const CheckResult& r) {
                return !r.fails && r.answer.outcome == Outcome::fail;
            }, "what fails and lets pass");
        write_summary(verdict);
    }

    void write_result(const CheckResult& result) {
        const policy::CheckInfo& info = result.check.info;
        canvas_.labelled(2, {std::string(to_string(info.severity)), tone_of(info.severity)}, 10,
                         {{info.id, Tone::strong},
                          {std::string(to_string(result.check.level)), Tone::plain},
                          {references_of(result), Tone::faint, true}});
        canvas_.flow(12, {{printable(result.answer.reason), Tone::plain, true}});
        std::size_t shown = 0;
        for (const Item& item : result.answer.items) {
            if (++shown > items_shown) continue;
            write_item(item);
        }
        const std::size_t more =
            shown > items_shown ? shown - items_shown + result.answer.left_out
                                : result.answer.left_out;
        if (more > 0) canvas_.line(12, {{fmt::format("and {} more", grouped(more)), Tone::faint}});
        if (!result.answer.items.empty() && !info.mend.empty()) {
            canvas_.labelled(12, {"mend", Tone::faint}, 5, {{info.mend, Tone::plain, true}});
        }
    }

    void write_item(const Item& item) {
        std::vector<Piece> pieces = {{printable(item.text), Tone::plain},
                                     {place_of(item), Tone::plain}};
        if (item.layer_index >= 0) {
            pieces.push_back({fmt::format("layer {}", item.layer_index), Tone::plain});
            pieces.push_back({build_step(item.created_by), Tone::faint});
        }
        const std::string aside = set_aside(item, gate_);
        if (!aside.empty()) pieces.push_back({printable(aside), Tone::good, true});
        canvas_.labelled(12, {item.open() ? "-" : "·", Tone::plain}, 1, pieces);
    }

    // What a pass rests on, and what it does not speak of.
    void write_summary(const PolicyVerdict& verdict) {
        const auto told = [&](Outcome outcome, std::string_view label) {
            for (const AnswerGroup& group : answered(verdict, outcome)) {
                std::string text = listed(group.checks, ", ");
                if (group.reason.empty()) text = fmt::format("{}: {}", group.checks.size(), text);
                else text += ": " + group.reason;
                canvas_.labelled(0, {std::string(label), Tone::faint}, 14,
                                 {{std::move(text), Tone::plain, true}});
                label = {};
            }
        };
        told(Outcome::pass, "passed");
        told(Outcome::unknown, "not known");
        told(Outcome::not_applicable, "not asked");
        told(Outcome::undecidable, "not decidable");
        if (!verdict.accepted_incomplete.empty()) {
            canvas_.labelled(0, {"incomplete", Tone::warning}, 14,
                             {{"let pass by the policy: " +
                                   printable(verdict.accepted_incomplete),
                               Tone::plain, true}});
        }
        canvas_.blank();
    }

    const policy::GateReport& gate_;
    Canvas answers_;  // a line each, whatever the terminal: scripts read them
    Canvas canvas_;
};

}  // namespace

std::string verdict_line(const TargetVerdict& target, const PolicyVerdict& verdict) {
    const std::string_view answer = verdict.verdict == Verdict::pass   ? "is eligible"
                                    : verdict.verdict == Verdict::fail ? "is not eligible"
                                                                       : "can't be judged";
    if (target.report->image.kind == "unread") {
        return fmt::format("Target [{}] {} under {}.", printable(target.report->target), answer,
                           printable(verdict.policy));
    }
    return fmt::format("{} [{}] in [{}] {} under {}.", kind_word(target.report->image.kind),
                       subject_of(*target.report), printable(target.report->target), answer,
                       printable(verdict.policy));
}

std::string write_gate_table(const policy::GateReport& gate, const TableStyle& style) {
    return GateTable(gate, style).write();
}

}  // namespace stratascan::report
