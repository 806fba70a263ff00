// The verdict as JSON: the report's own members, with a "gate" beside them.
#include "scanner/policy/date.hpp"
#include "scanner/report/gate_report.hpp"
#include "scanner/report/json_members.hpp"
#include "scanner/report/json_writer.hpp"

namespace stratascan::report {

namespace {

using policy::Item;

void write_item(JsonWriter& json, const std::string& check, const Item& item,
                const policy::GateReport& gate) {
    json.begin_object();
    json.member("text", item.text);
    json.member("path", item.path);
    if (!item.inner_path.empty()) json.member("inner_path", item.inner_path);
    if (item.line > 0) json.member("line", item.line);
    json.key("layer_index");
    if (item.layer_index < 0) {
        json.null();
    } else {
        json.value(item.layer_index);
    }
    write_optional(json, "layer", item.layer);
    write_optional(json, "created_by", item.created_by);
    if (!item.program.empty()) json.member("program", item.program);
    if (!item.rule.empty()) json.member("rule", item.rule);
    if (!item.secret_id.empty()) json.member("secret_id", item.secret_id);
    json.member("identity", policy::identity_of(check, item));
    json.member("counts", item.open());
    if (item.of_base) json.member("of_base", true);
    if (item.in_baseline) json.member("in_baseline", true);
    if (!item.allowed.empty()) json.member("allowed", item.allowed);
    if (item.suppressed_by >= 0) {
        const auto& by = gate.suppressions[static_cast<std::size_t>(item.suppressed_by)];
        json.key("suppressed").begin_object();
        json.member("where", by.where);
        json.member("reason", by.reason);
        json.member("owner", by.owner);
        json.member("until", policy::written_date(by.until));
        json.end_object();
    }
    json.end_object();
}

void write_policies(JsonWriter& json, const policy::GateReport& gate) {
    json.key("policies").begin_array();
    for (const policy::Policy& policy : gate.policies) {
        json.begin_object();
        json.member("policy", policy.id);
        json.member("title", policy.title);
        write_optional(json, "source", policy.source);
        json.end_object();
    }
    json.end_array();
}

void write_target(JsonWriter& json, const policy::TargetVerdict& target,
                  const policy::GateReport& gate) {
    json.begin_object();
    write_members(json, *target.report);
    json.key("gate").begin_object();
    json.member("verdict", to_string(target.verdict));
    json.key("base_layers");
    if (target.base_layers < 0) {
        json.null();
    } else {
        json.value(target.base_layers);
    }
    json.key("policies").begin_array();
    for (const policy::PolicyVerdict& verdict : target.policies) {
        json.begin_object();
        json.member("policy", verdict.policy);
        json.member("verdict", to_string(verdict.verdict));
        if (!verdict.incomplete.empty()) json.member("incomplete", verdict.incomplete);
        if (!verdict.accepted_incomplete.empty()) {
            json.member("accepted_incomplete", verdict.accepted_incomplete);
        }
        json.key("checks").begin_array();
        for (const auto& result : verdict.results) {
            json.begin_object();
            write_members(json, result, gate);
            json.end_object();
        }
        json.end_array();
        json.end_object();
    }
    json.end_array();
    json.end_object();
    json.end_object();
}

}  // namespace

void write_members(JsonWriter& json, const policy::CheckResult& result,
                   const policy::GateReport& gate) {
    const policy::CheckInfo& info = result.check.info;
    json.member("check", info.id);
    json.member("title", info.title);
    json.member("outcome", to_string(result.answer.outcome));
    json.member("severity", to_string(info.severity));
    json.member("level", to_string(result.check.level));
    json.member("section", result.check.section);
    json.key("references").begin_object();
    json.member("nist-800-190", info.nist);
    json.member("cis-docker", info.cis);
    json.member("bsi", info.bsi);
    // A policy may refer where the catalogue does not.
    if (info.nist.empty() && info.cis.empty() && info.bsi.empty()) {
        json.member("none", info.unreferenced);
    }
    json.end_object();
    json.member("fails", result.fails);
    json.member("blocks", result.blocks);
    json.member("reason", result.answer.reason);
    if (info.undecidable.empty()) {
        json.member("decided", info.decided);
        json.member("mend", info.mend);
    }
    json.key("evidence").begin_array();
    for (const Item& item : result.answer.items) write_item(json, info.id, item, gate);
    json.end_array();
    if (result.answer.left_out > 0) {
        json.member("evidence_left_out", std::uint64_t{result.answer.left_out});
    }
}

std::string write_gate_json(const policy::GateReport& gate) {
    std::string text;
    JsonWriter json(text, JsonWriter::Style::pretty);
    json.begin_object();
    json.member("schema", "stratascan/report/1");
    json.key("engine").begin_object();
    write_members(json, gate.report->engine);
    json.end_object();
    if (gate.report->cancelled) json.member("cancelled", true);
    json.key("gate").begin_object();
    json.member("verdict", to_string(gate.verdict));
    write_policies(json, gate);
    if (gate.manifest) {
        json.key("manifest").begin_object();
        json.member("file", gate.manifest->file);
        write_optional(json, "app", gate.manifest->app);
        json.member("eligible", gate.manifest->eligible());
        json.member("reasons", gate.manifest->reasons);
        json.member("details", gate.manifest->details);
        json.member("doubts", gate.manifest->doubts);
        json.end_object();
    }
    json.member("warnings", gate.warnings);
    json.end_object();
    json.key("targets").begin_array();
    for (const policy::TargetVerdict& target : gate.targets) write_target(json, target, gate);
    json.end_array();
    json.end_object();
    text += '\n';
    return text;
}

}  // namespace stratascan::report
