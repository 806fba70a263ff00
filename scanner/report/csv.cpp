// RFC 4180: CR LF, quotes round what needs them. A cell that a spreadsheet would take
// for a formula gets an apostrophe in front: paths come from whoever made the image. A gate
// adds columns at the end, a row for each check and one for each thing that it rests on.
#include <fmt/format.h>

#include <array>
#include <vector>

#include "scanner/report/formats.hpp"
#include "scanner/report/gate_phrases.hpp"
#include "scanner/report/phrases.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::report {

namespace {

std::string cell(std::string_view text) {
    std::string shown = printable(text);
    if (!shown.empty() && std::string_view("=+-@\t\r").find(shown[0]) != std::string_view::npos) {
        shown.insert(0, "'");
    }
    if (shown.find_first_of(",\"\n\r") == std::string::npos) return shown;
    std::string quoted = "\"";
    for (const char c : shown) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + "\"";
}

void row(std::string& out, const std::vector<std::string>& cells) {
    bool first = true;
    for (const std::string& one : cells) {
        if (!first) out += ',';
        first = false;
        out += cell(one);
    }
    out += "\r\n";
}

std::string number(std::int64_t value, std::int64_t none) {
    return value == none ? std::string() : std::to_string(value);
}

std::string joined(const std::vector<std::string>& steps) { return listed(steps, "!"); }

constexpr std::array<const char*, 6> gate_columns = {"policy",  "outcome", "level",
                                                     "weight",  "reason",  "references"};

void write_checks(std::string& out, const policy::TargetVerdict& target,
                  const policy::GateReport& gate) {
    const ImageInfo& image = target.report->image;
    for (const policy::PolicyVerdict& verdict : target.policies) {
        for (const policy::CheckResult& result : verdict.results) {
            const policy::CheckInfo& info = result.check.info;
            const std::string severity(to_string(info.severity));
            const std::vector<std::string> judged = {
                verdict.policy, std::string(to_string(result.answer.outcome)),
                std::string(to_string(result.check.level)), std::string(weight_of(result)),
                result.answer.reason, references_of(result)};
            std::vector<std::string> cells = {"check", image_name(*target.report), image.platform,
                                              image.digest, info.id, info.title, "", "", severity};
            cells.resize(26);
            cells.insert(cells.end(), judged.begin(), judged.end());
            row(out, cells);
            for (const policy::Item& i : result.answer.items) {
                cells = {"evidence", image_name(*target.report), image.platform, image.digest,
                         info.id, i.text, "", "", severity, "", "", "", number(i.layer_index, -1),
                         i.layer, i.path, joined(i.inner_path),
                         number(static_cast<std::int64_t>(i.line), 0), "", "", "", i.created_by,
                         "", "", i.secret_id, "", set_aside(i, gate)};
                cells.insert(cells.end(), judged.begin(), judged.end());
                row(out, cells);
            }
        }
    }
}

}  // namespace

std::string write_csv(const Report& report, const policy::GateReport* gate) {
    std::string out;
    std::vector<std::string> header = {"type", "image", "platform", "image_digest", "name", "title", "class", "version",
              "severity", "confidence", "evidence", "source", "layer_index", "layer", "path",
              "inner_path", "line", "offset", "visibility", "hidden_by", "created_by", "package",
              "redacted", "secret_id", "public_fingerprint", "suppressed"};
    if (gate != nullptr) header.insert(header.end(), gate_columns.begin(), gate_columns.end());
    row(out, header);
    const auto wide = [gate](std::vector<std::string> cells) {
        if (gate != nullptr) cells.resize(cells.size() + gate_columns.size());
        return cells;
    };
    for (const TargetReport& target : report.targets) {
        for (const Finding& f : target.findings) {
            row(out, wide({"secret", image_name(target), target.image.platform, target.image.digest,
                      f.rule, f.title, "", "", std::string(to_string(f.severity)),
                      std::string(to_string(f.confidence)), std::string(to_string(f.evidence)),
                      std::string(to_string(f.source)), number(f.layer_index, -1), f.layer, f.path,
                      joined(f.inner_path), number(static_cast<std::int64_t>(f.line), 0),
                      std::to_string(f.offset), std::string(to_string(f.visibility)),
                      number(f.hidden_by, -1), f.created_by, f.package ? f.package->name : "",
                      f.redacted, f.secret_id, f.public_fingerprint,
                      f.suppressed ? f.suppressed->reason : ""}));
        }
        for (const Program& p : target.programs) {
            row(out, wide({"program", image_name(target), target.image.platform, target.image.digest,
                      p.program, p.title, p.program_class, p.version, "", "",
                      std::string(to_string(p.role)), "file", number(p.layer_index, -1), p.layer,
                      p.path, joined(p.inner_path), "", "", std::string(to_string(p.visibility)),
                      number(p.hidden_by, -1), p.created_by, p.package ? p.package->name : "", "",
                      "", "", p.suppressed ? p.suppressed->reason : ""}));
        }
        if (const auto* verdict = verdict_of(gate, target)) write_checks(out, *verdict, *gate);
    }
    return out;
}

}  // namespace stratascan::report
