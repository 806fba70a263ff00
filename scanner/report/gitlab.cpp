// GitLab's reports, version 15.0.7 of their schemas: of secret detection, and, where a gate
// has judged, of container scanning, which holds the failed checks and the secrets. The
// extract is the redacted secret: GitLab shows it to everybody who may see the pipeline.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "scanner/report/formats.hpp"
#include "scanner/report/gate_phrases.hpp"
#include "scanner/report/gate_report.hpp"
#include "scanner/report/json_writer.hpp"
#include "scanner/report/phrases.hpp"
#include "scanner/report/report_writer.hpp"

namespace stratascan::report {

namespace {

const char* severity_word(Severity severity) {
    switch (severity) {
        case Severity::critical: return "Critical";
        case Severity::high: return "High";
        case Severity::medium: return "Medium";
        case Severity::low: return "Low";
        case Severity::info: break;
    }
    return "Info";
}

void write_tool(JsonWriter& json, std::string_view name, const EngineInfo& engine) {
    json.key(name).begin_object();
    json.member("id", "stratascan");
    json.member("name", "Stratascan");
    json.key("vendor").begin_object();
    json.member("name", "Stratascan");
    json.end_object();
    json.member("version", engine.version);
    json.end_object();
}

void write_identifier(JsonWriter& json, const char* type, std::string_view name,
                      std::string_view value) {
    json.begin_object();
    json.member("type", type);
    json.member("name", name);
    json.member("value", value);
    json.end_object();
}

// The schema asks for no list of links, and programs that read these reports go over it all
// the same.
void write_no_links(JsonWriter& json) {
    json.key("links").begin_array();
    json.end_array();
}

// There is no commit. The schema asks for one, and zeros are what GitLab writes then.
void write_file_location(JsonWriter& json, const Finding& finding) {
    json.key("location").begin_object();
    json.member("file", uri_of(finding));
    json.key("commit").begin_object();
    json.member("sha", "0000000");
    json.end_object();
    const std::uint64_t line = std::max<std::uint64_t>(finding.line, 1);
    json.member("start_line", line);
    json.member("end_line", line);
    json.end_object();
}

// The schema wants a name and a tag, "name[:port/…]:tag[:more]", and GitLab refuses a report
// with any other; files and digests of folders have none.
std::string tagged_name(const TargetReport& target) {
    std::string name = image_name(target);
    std::vector<std::string_view> parts;
    std::string_view rest = name;
    for (std::size_t colon = rest.find(':'); colon != rest.npos; colon = rest.find(':')) {
        parts.push_back(rest.substr(0, colon));
        rest.remove_prefix(colon + 1);
    }
    parts.push_back(rest);
    const bool whole = std::none_of(parts.begin(), parts.end(),
                                    [](std::string_view part) { return part.empty(); });
    const bool port = parts.size() == 4 && !parts[1].empty() && parts[1][0] >= '0' && parts[1][0] <= '9';
    if (whole && (parts.size() == 2 || parts.size() == 3 || port)) return name;
    std::replace(name.begin(), name.end(), ':', '_');
    const std::string& digest = target.image.digest;
    const std::string hex = digest.substr(std::min(digest.find(':') + 1, digest.size()));
    return (name.empty() ? "image" : name) + ':' + (hex.empty() ? "unknown" : hex);
}

// What the schema calls a dependency is here what the entry is about.
void write_image_location(JsonWriter& json, const TargetReport& target, std::string_view about,
                          std::string_view version) {
    json.key("location").begin_object();
    json.key("dependency").begin_object();
    json.key("package").begin_object();
    json.member("name", about);
    json.end_object();
    json.member("version", version);
    json.end_object();
    json.member("operating_system",
                target.image.platform.empty() ? "unknown" : target.image.platform);
    json.member("image", tagged_name(target));
    json.end_object();
}

class Details {
public:
    explicit Details(JsonWriter& json) : json_(json) { json_.key("details").begin_object(); }
    void add(std::string_view key, std::string_view name, std::string_view value) {
        if (value.empty()) return;
        json_.key(key).begin_object();
        json_.member("type", "text");
        json_.member("name", name);
        json_.member("value", value);
        json_.end_object();
    }
    void end() { json_.end_object(); }

private:
    JsonWriter& json_;
};

void write_finding(JsonWriter& json, const TargetReport& target, const Finding& finding,
                   bool of_container) {
    const std::string place = uri_of(finding);
    json.begin_object();
    json.member("id", uuid_of(fmt::format("{}\n{}\n{}\n{}\n{}", target.image.digest, finding.layer,
                                          place, finding.offset, finding.rule)));
    json.member("category", of_container ? "container_scanning" : "secret_detection");
    json.member("name", finding.title);
    json.member("description", sentence(finding));
    json.member("severity", severity_word(finding.severity));
    json.member("solution", remedy);
    json.member("raw_source_code_extract", finding.redacted);
    if (of_container) {
        write_image_location(json, target, place, "");
    } else {
        write_file_location(json, finding);
    }
    json.key("identifiers").begin_array();
    write_identifier(json, "stratascan_rule", "Stratascan rule " + finding.rule, finding.rule);
    write_identifier(json, "stratascan_secret", "Secret " + finding.secret_id.substr(0, 24),
                     finding.secret_id);
    json.end_array();
    write_no_links(json);
    Details details(json);
    details.add("image", "Image", image_name(target));
    details.add("platform", "Platform", target.image.platform);
    details.add("layer", "Layer", finding.layer);
    details.add("step", "Build step", finding.created_by);
    details.add("visibility", "Visibility", to_string(finding.visibility));
    details.add("suppressed", "Suppressed", finding.suppressed ? finding.suppressed->reason : "");
    details.end();
    json.end_object();
}

void write_reference(JsonWriter& json, const char* type, std::string_view name,
                     const std::vector<std::string>& values) {
    for (const std::string& value : values) {
        write_identifier(json, type, fmt::format("{} {}", name, value), value);
    }
}

// A check that fails the gate, is only told, or keeps it from passing.
void write_check(JsonWriter& json, const TargetReport& target, const policy::PolicyVerdict& verdict,
                 const policy::CheckResult& result, const ItemGroup& group,
                 const policy::GateReport& gate) {
    constexpr std::size_t lines = 200;
    const policy::CheckInfo& info = result.check.info;
    const std::string id = verdict.policy + '/' + info.id;
    std::string evidence;
    for (std::size_t i = 0; i < std::min(lines, group.items.size()); ++i) {
        evidence += item_line(*group.items[i], gate) + '\n';
    }
    json.begin_object();
    json.member("id", uuid_of(fmt::format("{}\n{}\n{}", target.image.digest, id, group.aside)));
    json.member("category", "container_scanning");
    json.member("name", info.reason);
    json.member("description", printable(result.answer.reason));
    json.member("severity", result.fails || result.blocks ? severity_word(info.severity) : "Info");
    json.member("solution", info.mend);
    const policy::Item* const first = group.items.empty() ? nullptr : group.items[0];
    const bool named = first != nullptr && !first->path.empty();
    write_image_location(json, target, named ? place_of(*first) : "image", "");
    json.key("identifiers").begin_array();
    write_identifier(json, "stratascan_check", "Stratascan check " + id, id);
    write_reference(json, "nist_800_190", "NIST SP 800-190", info.nist);
    write_reference(json, "cis_docker", "CIS Docker", info.cis);
    write_reference(json, "bsi", "BSI SYS.1.6", info.bsi);
    json.end_array();
    write_no_links(json);
    Details details(json);
    details.add("image", "Image", image_name(target));
    details.add("platform", "Platform", target.image.platform);
    details.add("policy", "Policy", verdict.policy);
    details.add("section", "Section", result.check.section);
    details.add("weight", "Weight", weight_of(result));
    details.add("decided", "How it is decided", info.decided);
    details.add("evidence", "Rests on", evidence);
    details.add("suppressed", "Set aside", printable(group.aside));
    details.end();
    json.end_object();
}

void write_checks(JsonWriter& json, const policy::TargetVerdict& target,
                  const policy::GateReport& gate) {
    for (const policy::PolicyVerdict& verdict : target.policies) {
        for (const policy::CheckResult& result : verdict.results) {
            const bool failed = result.answer.outcome == policy::Outcome::fail;
            if (!failed && !result.blocks) continue;
            auto groups = groups_of(result, gate);
            if (groups.empty()) groups = {ItemGroup{}};
            for (const ItemGroup& group : groups) {
                write_check(json, *target.report, verdict, result, group, gate);
            }
        }
    }
}

void write_message(JsonWriter& json, std::string_view level, std::string_view text) {
    json.begin_object();
    json.member("level", level);
    json.member("value", text);
    json.end_object();
}

}  // namespace

std::string write_gitlab(const Report& report, std::int64_t time, const policy::GateReport* gate) {
    const bool of_container = gate != nullptr;
    const std::string now = fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(time)));
    const bool complete = std::all_of(report.targets.begin(), report.targets.end(),
                                      [](const auto& target) { return target.coverage.complete; });
    std::string text;
    JsonWriter json(text, JsonWriter::Style::pretty);
    json.begin_object();
    json.member("version", "15.0.7");
    json.key("scan").begin_object();
    write_tool(json, "analyzer", report.engine);
    write_tool(json, "scanner", report.engine);
    json.member("type", of_container ? "container_scanning" : "secret_detection");
    json.member("start_time", now);
    json.member("end_time", now);
    json.member("status", complete && !report.cancelled ? "success" : "failure");
    json.key("messages").begin_array();
    for (const TargetReport& target : report.targets) {
        if (const auto* verdict = verdict_of(gate, target)) {
            for (const policy::PolicyVerdict& one : verdict->policies) {
                write_message(json, "info", verdict_line(*verdict, one));
            }
        }
        if (target.coverage.complete) continue;
        write_message(json, "warn",
                      target.image.kind == "unread"
                          ? fmt::format("{}: not scanned: {}", target.target,
                                        target.gaps.front().reason)
                          : fmt::format("{}: not everything was scanned ({} gaps)",
                                        image_name(target), target.coverage.gaps));
    }
    if (gate != nullptr) {
        for (const std::string& warning : gate->warnings) {
            write_message(json, "warn", printable(warning));
        }
    }
    json.end_array();
    json.end_object();
    json.key("vulnerabilities").begin_array();
    for (const TargetReport& target : report.targets) {
        if (const auto* verdict = verdict_of(gate, target)) write_checks(json, *verdict, *gate);
        for (const Finding& finding : target.findings) {
            write_finding(json, target, finding, of_container);
        }
    }
    json.end_array();
    json.end_object();
    text += '\n';
    return text;
}

}  // namespace stratascan::report
