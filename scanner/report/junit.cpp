// JUnit XML: the names that Jenkins' and GitLab's readers share. Each layer is a test case,
// and so are the settings of the image; a layer with secrets has failed, one that was not
// read whole is an error. Where a gate has judged, its checks are what fails: a suite a
// policy with a case a check, and the layers only tell.
#include <fmt/format.h>

#include <vector>

#include "scanner/report/formats.hpp"
#include "scanner/report/gate_phrases.hpp"
#include "scanner/report/phrases.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::report {

namespace {

struct Case {
    std::string name;
    std::string failure;  ///< findings, a line each
    std::size_t findings = 0;
    std::string suppressed;  ///< those that are let pass, a line each
    std::string error;
    std::string failure_type = "secret", failure_message{};
    std::string skipped;  ///< why it was not decided
};

std::vector<Case> cases_of(const TargetReport& target) {
    std::vector<Case> cases(1 + target.layers.size());
    const bool read = target.image.kind != "unread";
    cases[0].name = read ? "configuration and manifest" : "target";
    for (const Gap& gap : target.gaps) {
        cases[0].error += (gap.path.empty() ? "" : gap.path + ": ") + gap.reason + "\n";
    }
    for (std::size_t i = 0; i < target.layers.size(); ++i) {
        const LayerReport& layer = target.layers[i];
        Case& one = cases[i + 1];
        one.name = fmt::format("layer {} {} {}", layer.index, short_digest(layer.digest),
                               build_step(layer.created_by));
        if (layer.state == LayerState::complete) continue;
        one.error = fmt::format("{}: {}\n", to_string(layer.state), layer.state_reason);
        for (const Gap& gap : layer.gaps) one.error += gap.path + ": " + gap.reason + "\n";
    }
    for (const Finding& finding : target.findings) {
        const auto index = static_cast<std::size_t>(finding.layer_index) + 1;  // of -1 it is 0
        Case& one = cases[index < cases.size() ? index : 0];
        if (!finding.suppressed) ++one.findings;
        (finding.suppressed ? one.suppressed : one.failure) +=
            fmt::format("{} {}{}: {}\n", to_string(finding.severity),
                        place_in(finding.path, finding.inner_path),
                        finding.line > 0 ? fmt::format(":{}", finding.line) : "",
                        sentence(finding));
    }
    return cases;
}

void write_case(std::string& out, const std::string& suite, const Case& one) {
    out += fmt::format("    <testcase classname=\"{}\" name=\"{}\">\n", xml_text(suite),
                       xml_text(one.name));
    const auto lines = [](const std::string& text) {
        std::string escaped;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text.find('\n', at);
            escaped += xml_text(text.substr(at, end - at)) + "\n";
            at = end + 1;
        }
        return escaped;
    };
    if (one.findings > 0) {
        out += fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n",
                           one.failure_type,
                           one.failure_message.empty() ? counted(one.findings, "secret")
                                                       : xml_text(one.failure_message),
                           lines(one.failure));
    }
    if (!one.error.empty()) {
        out += fmt::format("      <error type=\"incomplete\" message=\"not everything was "
                           "read\">{}</error>\n", lines(one.error));
    }
    if (!one.skipped.empty()) {
        out += fmt::format("      <skipped message=\"{}\"/>\n", xml_text(one.skipped));
    }
    if (!one.suppressed.empty()) {
        out += fmt::format("      <system-out>{}</system-out>\n", lines(one.suppressed));
    }
    out += "    </testcase>\n";
}

// The case of a check. Evidence is a line each.
Case case_of(const policy::CheckResult& result, const policy::GateReport& gate) {
    const policy::CheckInfo& info = result.check.info;
    Case one;
    one.name = info.id + ": " + info.title;
    std::string lines;
    for (const policy::Item& item : result.answer.items) lines += item_line(item, gate) + "\n";
    if (result.answer.left_out > 0) lines += fmt::format("and {} more\n", result.answer.left_out);
    const std::string references = references_of(result);
    if (!references.empty()) lines += "references: " + references + "\n";
    if (result.fails) {
        one.findings = 1;
        one.failure_type = to_string(info.severity);
        one.failure_message = info.reason + ": " + result.answer.reason;
        one.failure = lines + "mend: " + info.mend + "\n";
    } else if (result.blocks) {
        one.error = result.answer.reason + "\n" + lines;
    } else if (result.answer.outcome == policy::Outcome::fail) {
        one.suppressed = "fails and lets pass: " + result.answer.reason + "\n" + lines;
    } else if (result.answer.outcome != policy::Outcome::pass) {
        one.skipped = fmt::format("{}: {}", to_string(result.answer.outcome), result.answer.reason);
    } else {
        one.suppressed = result.answer.reason + "\n";
    }
    return one;
}

// A layer's secrets fail their checks, so here they are only told.
void only_tell(Case& one) {
    one.suppressed += one.failure + one.error;
    one.findings = 0;
    one.error.clear();
}

std::vector<Case> cases_of(const policy::PolicyVerdict& verdict, const TargetReport& target,
                           const policy::GateReport& gate) {
    std::vector<Case> cases;
    cases.reserve(verdict.results.size() + 1);
    for (const policy::CheckResult& result : verdict.results) {
        cases.push_back(case_of(result, gate));
    }
    Case read;
    read.name = "everything was read";
    if (!verdict.incomplete.empty()) {
        read.error = counted(target.coverage.gaps, "gap") + "\n";
    } else if (!verdict.accepted_incomplete.empty()) {
        read.skipped = "let pass by the policy: " + verdict.accepted_incomplete;
    }
    cases.push_back(std::move(read));
    return cases;
}

Case manifest_case(const policy::ManifestVerdict& manifest) {
    Case one;
    one.name = "eligible for Runs on Atlassian: " + manifest.file;
    for (const std::string& doubt : manifest.doubts) one.error += doubt + "\n";
    if (manifest.reasons.empty()) return one;
    one.findings = manifest.reasons.size();
    one.failure_type = "manifest";
    one.failure_message = "not eligible";
    for (const auto* list : {&manifest.reasons, &manifest.details}) {
        for (const std::string& line : *list) one.failure += line + "\n";
    }
    return one;
}

class Suites {
public:
    void add(const std::string& name, const std::vector<Case>& cases) {
        std::size_t failed = 0, broken = 0, skipped = 0;
        std::string body;
        for (const Case& one : cases) {
            failed += one.findings > 0 ? 1 : 0;
            broken += one.error.empty() ? 0 : 1;
            skipped += one.skipped.empty() ? 0 : 1;
            write_case(body, name, one);
        }
        const std::string some = skipped > 0 ? fmt::format(" skipped=\"{}\"", skipped) : "";
        suites_ += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" "
                               "errors=\"{}\"{}>\n{}  </testsuite>\n",
                               xml_text(name), cases.size(), failed, broken, some, body);
        tests_ += cases.size();
        failures_ += failed;
        errors_ += broken;
    }
    [[nodiscard]] std::string write() const {
        return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "
                           "name=\"stratascan\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n"
                           "{}</testsuites>\n",
                           tests_, failures_, errors_, suites_);
    }

private:
    std::string suites_;
    std::size_t tests_ = 0, failures_ = 0, errors_ = 0;
};

}  // namespace

std::string write_junit(const Report& report, const policy::GateReport* gate) {
    Suites suites;
    if (gate != nullptr && gate->manifest) suites.add("manifest", {manifest_case(*gate->manifest)});
    for (const TargetReport& target : report.targets) {
        std::vector<Case> cases = cases_of(target);
        std::string name = image_name(target);
        if (!target.image.platform.empty()) name += " (" + target.image.platform + ")";
        if (const auto* verdict = verdict_of(gate, target)) {
            for (const policy::PolicyVerdict& one : verdict->policies) {
                suites.add(name + " under " + one.policy, cases_of(one, target, *gate));
            }
            for (Case& one : cases) only_tell(one);
        }
        suites.add(name, cases);
    }
    return suites.write();
}

}  // namespace stratascan::report
