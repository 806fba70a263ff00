// JSON lines, for those who read a report with line tools or append it to a
// log: one object a line, each naming its type and its image, so that a line
// means something on its own. A target's summary is its last line; a file that
// lacks it was cut.
#include "scanner/report/formats.hpp"
#include "scanner/report/gate_phrases.hpp"
#include "scanner/report/gate_report.hpp"
#include "scanner/report/json_members.hpp"
#include "scanner/report/json_writer.hpp"
#include "scanner/report/report_writer.hpp"

namespace stratascan::report {

namespace {

/// One line about `target`; `write` adds the members of its own.
template <typename Write>
void write_line(std::string& out, const char* type, const TargetReport& target, Write write) {
    JsonWriter json(out, JsonWriter::Style::line);
    json.begin_object();
    json.member("type", type);
    json.member("target", target.target);
    write_optional(json, "platform", target.image.platform);
    write_optional(json, "image", target.image.digest);
    write(json);
    json.end_object();
    out += '\n';
}

template <typename Items>
void write_lines(std::string& out, const char* type, const TargetReport& target,
                 const Items& items) {
    for (const auto& item : items) {
        write_line(out, type, target, [&item](JsonWriter& json) { write_members(json, item); });
    }
}

void write_checks(std::string& out, const policy::TargetVerdict& target,
                  const policy::GateReport& gate) {
    for (const policy::PolicyVerdict& verdict : target.policies) {
        for (const policy::CheckResult& result : verdict.results) {
            write_line(out, "check", *target.report, [&](JsonWriter& json) {
                json.member("policy", verdict.policy);
                write_members(json, result, gate);
            });
        }
        write_line(out, "verdict", *target.report, [&](JsonWriter& json) {
            json.member("policy", verdict.policy);
            json.member("verdict", to_string(verdict.verdict));
            json.member("reasons", reasons_of(verdict, *target.report));
        });
    }
}

void write_target(std::string& out, const Report& report, const TargetReport& target,
                  const policy::GateReport* gate) {
    write_line(out, "target", target, [&](JsonWriter& json) {
        json.member("schema", "stratascan/report/1");
        json.key("engine").begin_object();
        write_members(json, report.engine);
        json.end_object();
        write_optional(json, "created", target.image.created);
        write_optional(json, "config_digest", target.image.config_digest);
        json.member("names", target.image.names);
        json.member("kind", target.image.kind);
        write_distribution(json, target.image);
    });
    write_lines(out, "layer", target, target.layers);
    write_lines(out, "finding", target, target.findings);
    write_lines(out, "program", target, target.programs);
    const policy::TargetVerdict* const verdict = verdict_of(gate, target);
    if (verdict != nullptr) write_checks(out, *verdict, *gate);
    write_line(out, "summary", target, [&](JsonWriter& json) {
        json.member("layers", static_cast<std::uint64_t>(target.layers.size()));
        json.member("findings", static_cast<std::uint64_t>(target.findings.size()));
        json.member("programs", static_cast<std::uint64_t>(target.programs.size()));
        json.member("notes", target.notes);
        write_gaps(json, target.gaps);
        json.key("coverage").begin_object();
        write_members(json, target.coverage);
        json.end_object();
        if (verdict != nullptr) json.member("verdict", to_string(verdict->verdict));
        if (report.cancelled) json.member("cancelled", true);
    });
}

}  // namespace

std::string write_jsonl(const Report& report, const policy::GateReport* gate) {
    std::string text;
    for (const TargetReport& target : report.targets) write_target(text, report, target, gate);
    return text;
}

}  // namespace stratascan::report
