// Static Analysis Results Interchange Format 2.1.0 (OASIS standard, 27 March 2020), as
// GitHub's code scanning reads it: a path in the image as an artifact's URI, what names
// the secret as a fingerprint that moved lines and rebuilt layers do not change, and the
// image, layer and build step as properties. Gaps are notifications of the tool.
#include <fmt/format.h>

#include <map>

#include "scanner/report/formats.hpp"
#include "scanner/report/gate_phrases.hpp"
#include "scanner/report/json_members.hpp"
#include "scanner/report/json_writer.hpp"
#include "scanner/report/phrases.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/report/sarif_gate.hpp"

namespace stratascan::report {

namespace {

using RuleNumbers = std::map<std::string_view, std::pair<std::size_t, const Finding*>>;

const char* level_of(const Finding& finding) {
    if (finding.confidence == Confidence::low) return "note";
    if (finding.severity >= Severity::high) return "error";
    return finding.severity == Severity::medium ? "warning" : "note";
}

RuleNumbers rules_of(const TargetReport& target) {
    RuleNumbers rules;
    for (const Finding& finding : target.findings) rules.try_emplace(finding.rule, 0, &finding);
    std::size_t number = 0;
    for (auto& [id, rule] : rules) rule.first = number++;
    return rules;
}

void write_driver(JsonWriter& json, const EngineInfo& engine, const RuleNumbers& rules,
                  const std::vector<SarifCheck>& checks) {
    json.key("tool").begin_object();
    json.key("driver").begin_object();
    json.member("name", "Stratascan");
    json.member("version", engine.version);
    json.key("rules").begin_array();
    for (const auto& [id, rule] : rules) {
        const Finding& example = *rule.second;
        json.begin_object();
        json.member("id", id);
        text_object(json, "shortDescription", example.title);
        text_object(json, "fullDescription", example.title + " in a container image");
        json.key("help").begin_object();
        json.member("text", remedy);
        json.member("markdown", fmt::format("**{}**\n\n{}", example.title, remedy));
        json.end_object();
        json.key("properties").begin_object();
        json.member("tags", std::vector<std::string>{"security", "secret", "container"});
        json.member("security-severity", security_severity(example.severity));
        json.end_object();
        json.end_object();
    }
    for (const SarifCheck& check : checks) write_check_rule(json, check);
    json.end_array();
    json.key("properties").begin_object();
    json.member("ruleset", engine.ruleset);
    json.end_object();
    json.end_object();
    json.end_object();
}

void write_location(JsonWriter& json, const TargetReport& target, const Finding& finding) {
    json.key("locations").begin_array();
    json.begin_object();
    json.key("physicalLocation").begin_object();
    json.key("artifactLocation").begin_object();
    json.member("uri", uri_of(finding));
    json.end_object();
    json.key("region").begin_object();
    if (finding.line > 0) {
        json.member("startLine", finding.line);
    } else {
        json.member("byteOffset", finding.offset);
        json.member("byteLength", finding.length);
    }
    json.end_object();
    json.end_object();
    json.key("logicalLocations").begin_array();
    json.begin_object();
    json.member("name", image_name(target));
    json.member("kind", "image");
    if (!finding.layer.empty()) {
        json.member("fullyQualifiedName", image_name(target) + "@" + finding.layer);
    }
    json.end_object();
    json.end_array();
    json.end_object();
    json.end_array();
}

void write_result(JsonWriter& json, const TargetReport& target, const Finding& finding,
                  std::size_t rule_index) {
    json.begin_object();
    json.member("ruleId", finding.rule);
    json.member("ruleIndex", static_cast<std::uint64_t>(rule_index));
    json.member("level", level_of(finding));
    text_object(json, "message", sentence(finding));
    write_location(json, target, finding);
    json.key("partialFingerprints").begin_object();
    json.member("stratascanSecret/v1",
                fmt::format("{}:{}:{}", finding.rule, finding.secret_id, uri_of(finding)));
    json.end_object();
    if (finding.suppressed) {
        json.key("suppressions").begin_array();
        json.begin_object();
        json.member("kind", "external");
        json.member("justification", finding.suppressed->reason);
        json.end_object();
        json.end_array();
    }
    json.key("properties").begin_object();
    write_members(json, finding);
    json.end_object();
    json.end_object();
}

void write_notification(JsonWriter& json, const Gap& gap, std::string_view layer) {
    json.begin_object();
    json.member("level", "error");
    text_object(json, "message",
                fmt::format("not scanned: {}{}{}", gap.reason, layer.empty() ? "" : " in ", layer));
    if (!gap.path.empty()) {
        json.key("locations").begin_array();
        json.begin_object();
        json.key("physicalLocation").begin_object();
        json.key("artifactLocation").begin_object();
        json.member("uri", uri_path(gap.path));
        json.end_object();
        json.end_object();
        json.end_object();
        json.end_array();
    }
    json.end_object();
}

/// What is said of the gate as a whole, in its first run.
void write_warnings(JsonWriter& json, const policy::GateReport& gate) {
    std::vector<std::string> lines = gate.warnings;
    if (gate.manifest && !gate.manifest->eligible()) {
        for (const auto* list : {&gate.manifest->reasons, &gate.manifest->doubts}) {
            for (const std::string& line : *list) {
                lines.push_back(gate.manifest->file + " is not eligible: " + line);
            }
        }
    }
    for (const std::string& line : lines) {
        json.begin_object();
        json.member("level", "warning");
        text_object(json, "message", printable(line));
        json.end_object();
    }
}

void write_invocation(JsonWriter& json, const Report& report, const TargetReport& target,
                      const policy::GateReport* gate) {
    json.key("invocations").begin_array();
    json.begin_object();
    json.member("executionSuccessful", target.coverage.complete && !report.cancelled);
    json.key("toolExecutionNotifications").begin_array();
    if (gate != nullptr && &target == report.targets.data()) write_warnings(json, *gate);
    for (const Gap& gap : target.gaps) write_notification(json, gap, "");
    for (const LayerReport& layer : target.layers) {
        for (const Gap& gap : layer.gaps) write_notification(json, gap, layer.digest);
        if (layer.state != LayerState::complete && layer.gaps.empty()) {
            write_notification(json, {{}, layer.state_reason, 0}, layer.digest);
        }
    }
    json.end_array();
    json.end_object();
    json.end_array();
}

void write_run(JsonWriter& json, const Report& report, const TargetReport& target,
               const policy::GateReport* gate) {
    const RuleNumbers rules = rules_of(target);
    const policy::TargetVerdict* const verdict = verdict_of(gate, target);
    const std::vector<SarifCheck> checks = sarif_checks(verdict);
    json.begin_object();
    write_driver(json, report.engine, rules, checks);
    write_invocation(json, report, target, gate);
    json.key("automationDetails").begin_object();
    json.member("id", fmt::format("stratascan/{}/{}/", image_name(target), target.image.platform));
    json.end_object();
    json.member("columnKind", "utf16CodeUnits");
    json.key("results").begin_array();
    for (const Finding& finding : target.findings) {
        write_result(json, target, finding, rules.find(finding.rule)->second.first);
    }
    for (std::size_t i = 0; i < checks.size(); ++i) {
        write_check_results(json, checks[i], rules.size() + i, target, *gate);
    }
    json.end_array();
    json.key("properties").begin_object();
    if (verdict != nullptr) write_gate_property(json, *verdict);
    json.member("target", target.target);
    json.key("image").begin_object();
    write_members(json, target.image);
    json.end_object();
    json.key("coverage").begin_object();
    write_members(json, target.coverage);
    json.end_object();
    json.end_object();
    json.end_object();
}

}  // namespace

std::string write_sarif(const Report& report, const policy::GateReport* gate) {
    std::string text;
    JsonWriter json(text, JsonWriter::Style::pretty);
    json.begin_object();
    json.member("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    json.member("version", "2.1.0");
    json.key("runs").begin_array();
    for (const TargetReport& target : report.targets) write_run(json, report, target, gate);
    json.end_array();
    json.end_object();
    text += '\n';
    return text;
}

}  // namespace stratascan::report
