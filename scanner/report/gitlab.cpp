// GitLab's report of secret detection, version 15.0.7 of its schema. The extract is the
// redacted secret: GitLab shows it to everybody who may see the pipeline.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "scanner/report/formats.hpp"
#include "scanner/report/json_writer.hpp"
#include "scanner/report/phrases.hpp"

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

void write_finding(JsonWriter& json, const TargetReport& target, const Finding& finding) {
    const std::string place = uri_of(finding);
    json.begin_object();
    json.member("id", uuid_of(fmt::format("{}\n{}\n{}\n{}\n{}", target.image.digest, finding.layer,
                                          place, finding.offset, finding.rule)));
    json.member("category", "secret_detection");
    json.member("name", finding.title);
    json.member("description", sentence(finding));
    json.member("severity", severity_word(finding.severity));
    json.member("solution", remedy);
    json.member("raw_source_code_extract", finding.redacted);
    json.key("location").begin_object();
    json.member("file", place);
    // There is no commit. The schema asks for one, and zeros are what GitLab writes then.
    json.key("commit").begin_object();
    json.member("sha", "0000000");
    json.end_object();
    const std::uint64_t line = std::max<std::uint64_t>(finding.line, 1);
    json.member("start_line", line);
    json.member("end_line", line);
    json.end_object();
    json.key("identifiers").begin_array();
    write_identifier(json, "stratascan_rule", "Stratascan rule " + finding.rule, finding.rule);
    write_identifier(json, "stratascan_secret", "Secret " + finding.secret_id.substr(0, 24),
                     finding.secret_id);
    json.end_array();
    json.key("details").begin_object();
    const auto detail = [&json](std::string_view key, std::string_view name,
                                std::string_view value) {
        if (value.empty()) return;
        json.key(key).begin_object();
        json.member("type", "text");
        json.member("name", name);
        json.member("value", value);
        json.end_object();
    };
    detail("image", "Image", image_name(target));
    detail("platform", "Platform", target.image.platform);
    detail("layer", "Layer", finding.layer);
    detail("step", "Build step", finding.created_by);
    detail("visibility", "Visibility", to_string(finding.visibility));
    detail("suppressed", "Suppressed", finding.suppressed ? finding.suppressed->reason : "");
    json.end_object();
    json.end_object();
}

}  // namespace

std::string write_gitlab(const Report& report, std::int64_t time) {
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
    json.member("type", "secret_detection");
    json.member("start_time", now);
    json.member("end_time", now);
    json.member("status", complete && !report.cancelled ? "success" : "failure");
    json.key("messages").begin_array();
    for (const TargetReport& target : report.targets) {
        if (target.coverage.complete) continue;
        json.begin_object();
        json.member("level", "warn");
        json.member("value", target.image.kind == "unread"
                                 ? fmt::format("{}: not scanned: {}", target.target,
                                               target.gaps.front().reason)
                                 : fmt::format("{}: not everything was scanned ({} gaps)",
                                               image_name(target), target.coverage.gaps));
        json.end_object();
    }
    json.end_array();
    json.end_object();
    json.key("vulnerabilities").begin_array();
    for (const TargetReport& target : report.targets) {
        for (const Finding& finding : target.findings) write_finding(json, target, finding);
    }
    json.end_array();
    json.end_object();
    text += '\n';
    return text;
}

}  // namespace stratascan::report
