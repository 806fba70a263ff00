#include "scanner/report/sarif_gate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "scanner/report/gate_phrases.hpp"
#include "scanner/report/phrases.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::report {

namespace {

using policy::CheckResult;
using policy::Item;
using policy::Outcome;

constexpr std::size_t items_in_message = 5;
constexpr std::size_t related_locations = 100;

std::string rule_id(const SarifCheck& check) {
    return fmt::format("{}/{}", check.verdict->policy, check.result->check.info.id);
}

// Of what fails the gate by its severity; what is only told is a note.
const char* level_of(const CheckResult& result) {
    if (!result.fails || result.check.info.severity <= Severity::low) return "note";
    return result.check.info.severity >= Severity::high ? "error" : "warning";
}

std::string uri_of(const Item& item) {
    // Code scanning wants a file; the image as a whole has none.
    if (item.path.empty()) return "image";
    std::string uri = uri_path(item.path);
    for (const std::string& step : item.inner_path) uri += "!/" + uri_path(step);
    return uri;
}

void write_place(JsonWriter& json, const TargetReport& target, const Item& item,
                 const std::string& message) {
    json.begin_object();
    if (!message.empty()) text_object(json, "message", message);
    write_physical_location(json, uri_of(item), item.layer_index >= 0 ? item.line : 0);
    json.key("logicalLocations").begin_array();
    json.begin_object();
    json.member("name", image_name(target));
    json.member("kind", "image");
    if (!item.layer.empty()) {
        json.member("fullyQualifiedName", image_name(target) + "@" + item.layer);
    }
    json.end_object();
    json.end_array();
    json.end_object();
}

std::string message_of(const CheckResult& result, const ItemGroup& group,
                       const policy::GateReport& gate) {
    std::string text = result.check.info.reason + ": " + printable(result.answer.reason);
    for (std::size_t i = 0; i < std::min(items_in_message, group.items.size()); ++i) {
        text += "\n- " + item_line(*group.items[i], gate);
    }
    const std::size_t all =
        group.items.size() + (group.aside.empty() ? result.answer.left_out : 0);
    if (all > items_in_message) text += fmt::format("\n- and {} more", all - items_in_message);
    return text;
}

void write_result(JsonWriter& json, const SarifCheck& check, std::size_t rule_index,
                  const TargetReport& target, const policy::GateReport& gate,
                  const ItemGroup& group) {
    const CheckResult& result = *check.result;
    const bool open = result.answer.outcome != Outcome::fail;
    json.begin_object();
    json.member("ruleId", rule_id(check));
    json.member("ruleIndex", static_cast<std::uint64_t>(rule_index));
    if (open) json.member("kind", "open");
    json.member("level", open ? "none" : level_of(result));
    text_object(json, "message", message_of(result, group, gate));
    const Item none;
    json.key("locations").begin_array();
    write_place(json, target, group.items.empty() ? none : *group.items[0], {});
    json.end_array();
    if (group.items.size() > 1) {
        json.key("relatedLocations").begin_array();
        for (std::size_t i = 1; i < std::min(group.items.size(), related_locations); ++i) {
            write_place(json, target, *group.items[i], printable(group.items[i]->text));
        }
        json.end_array();
    }
    json.key("partialFingerprints").begin_object();
    json.member("stratascanCheck/v1",
                rule_id(check) + (group.aside.empty() ? "" : ":" + uuid_of(group.aside)));
    json.end_object();
    if (!group.aside.empty()) {
        json.key("suppressions").begin_array();
        json.begin_object();
        json.member("kind", "external");
        json.member("status", "accepted");
        json.member("justification", printable(group.aside));
        json.end_object();
        json.end_array();
    }
    json.key("properties").begin_object();
    json.member("policy", check.verdict->policy);
    json.member("check", result.check.info.id);
    json.member("outcome", to_string(result.answer.outcome));
    json.member("severity", to_string(result.check.info.severity));
    json.member("level", to_string(result.check.level));
    json.member("fails", result.fails);
    json.member("references", references_of(result));
    std::vector<std::string> identities;
    identities.reserve(group.items.size());
    for (const Item* item : group.items) {
        identities.push_back(policy::identity_of(result.check.info.id, *item));
    }
    json.member("identities", identities);
    json.end_object();
    json.end_object();
}

}  // namespace

const char* security_severity(Severity severity) {
    switch (severity) {
        case Severity::critical: return "9.5";
        case Severity::high: return "8.0";
        case Severity::medium: return "5.5";
        case Severity::low: return "3.0";
        case Severity::info: break;
    }
    return "0.0";
}

void text_object(JsonWriter& json, std::string_view name, std::string_view text) {
    json.key(name).begin_object();
    json.member("text", text);
    json.end_object();
}

void write_physical_location(JsonWriter& json, std::string_view uri, std::uint64_t line) {
    json.key("physicalLocation").begin_object();
    json.key("artifactLocation").begin_object();
    json.member("uri", uri);
    json.end_object();
    if (line > 0) {
        json.key("region").begin_object();
        json.member("startLine", line);
        json.end_object();
    }
    json.end_object();
}

std::vector<SarifCheck> sarif_checks(const policy::TargetVerdict* verdict) {
    std::vector<SarifCheck> checks;
    if (verdict == nullptr) return checks;
    for (const policy::PolicyVerdict& one : verdict->policies) {
        for (const CheckResult& result : one.results) {
            if (result.blocks || result.answer.outcome == Outcome::fail) {
                checks.push_back({&one, &result});
            }
        }
    }
    return checks;
}

void write_check_rule(JsonWriter& json, const SarifCheck& check) {
    const policy::CheckInfo& info = check.result->check.info;
    json.begin_object();
    json.member("id", rule_id(check));
    json.member("name", info.id);
    text_object(json, "shortDescription", info.title);
    text_object(json, "fullDescription", info.reason);
    const std::string references = references_of(*check.result);
    json.key("help").begin_object();
    json.member("text", fmt::format("{}\nHow it is decided: {}\nReferences: {}", info.mend,
                                    info.decided, references));
    json.member("markdown", fmt::format("**{}**\n\n{}\n\nHow it is decided: {}\n\nReferences: {}",
                                        info.title, info.mend, info.decided, references));
    json.end_object();
    json.key("properties").begin_object();
    json.member("tags", std::vector<std::string>{"security", "policy", "container"});
    json.member("security-severity", security_severity(info.severity));
    json.member("policy", check.verdict->policy);
    json.member("section", check.result->check.section);
    json.member("nist-800-190", info.nist);
    json.member("cis-docker", info.cis);
    json.member("bsi", info.bsi);
    json.end_object();
    json.end_object();
}

void write_check_results(JsonWriter& json, const SarifCheck& check, std::size_t rule_index,
                         const TargetReport& target, const policy::GateReport& gate) {
    std::vector<ItemGroup> groups = groups_of(*check.result, gate);
    if (check.result->blocks) groups = {ItemGroup{}};
    if (groups.empty() && check.result->answer.left_out > 0) groups = {ItemGroup{}};
    for (const ItemGroup& group : groups) {
        write_result(json, check, rule_index, target, gate, group);
    }
}

void write_gate_property(JsonWriter& json, const policy::TargetVerdict& verdict) {
    json.key("gate").begin_object();
    json.member("verdict", to_string(verdict.verdict));
    json.key("policies").begin_array();
    for (const policy::PolicyVerdict& one : verdict.policies) {
        json.begin_object();
        json.member("policy", one.policy);
        json.member("verdict", to_string(one.verdict));
        json.member("reasons", reasons_of(one, *verdict.report));
        if (!one.accepted_incomplete.empty()) {
            json.member("accepted_incomplete", one.accepted_incomplete);
        }
        json.key("outcomes").begin_object();
        for (const CheckResult& result : one.results) {
            json.member(result.check.info.id, to_string(result.answer.outcome));
        }
        json.end_object();
        json.end_object();
    }
    json.end_array();
    json.end_object();
}

}  // namespace stratascan::report
