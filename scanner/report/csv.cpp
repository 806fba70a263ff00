// RFC 4180: CR LF, quotes round what needs them. A cell that a spreadsheet would take
// for a formula gets an apostrophe in front: paths come from whoever made the image.
#include <fmt/format.h>

#include <initializer_list>

#include "scanner/report/formats.hpp"
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

void row(std::string& out, std::initializer_list<std::string> cells) {
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

}  // namespace

std::string write_csv(const Report& report) {
    std::string out;
    row(out, {"type", "image", "platform", "image_digest", "name", "title", "class", "version",
              "severity", "confidence", "evidence", "source", "layer_index", "layer", "path",
              "inner_path", "line", "offset", "visibility", "hidden_by", "created_by", "package",
              "redacted", "secret_id", "public_fingerprint", "suppressed"});
    for (const TargetReport& target : report.targets) {
        const auto joined = [](const std::vector<std::string>& steps) { return listed(steps, "!"); };
        for (const Finding& f : target.findings) {
            row(out, {"secret", image_name(target), target.image.platform, target.image.digest,
                      f.rule, f.title, "", "", std::string(to_string(f.severity)),
                      std::string(to_string(f.confidence)), std::string(to_string(f.evidence)),
                      std::string(to_string(f.source)), number(f.layer_index, -1), f.layer, f.path,
                      joined(f.inner_path), number(static_cast<std::int64_t>(f.line), 0),
                      std::to_string(f.offset), std::string(to_string(f.visibility)),
                      number(f.hidden_by, -1), f.created_by, f.package ? f.package->name : "",
                      f.redacted, f.secret_id, f.public_fingerprint,
                      f.suppressed ? f.suppressed->reason : ""});
        }
        for (const Program& p : target.programs) {
            row(out, {"program", image_name(target), target.image.platform, target.image.digest,
                      p.program, p.title, p.program_class, p.version, "", "",
                      std::string(to_string(p.role)), "file", number(p.layer_index, -1), p.layer,
                      p.path, joined(p.inner_path), "", "", std::string(to_string(p.visibility)),
                      number(p.hidden_by, -1), p.created_by, p.package ? p.package->name : "", "",
                      "", "", p.suppressed ? p.suppressed->reason : ""});
        }
    }
    return out;
}

}  // namespace stratascan::report
