// The whole report as one JSON document, `stratascan/report/1`.
#include "scanner/report/json_members.hpp"
#include "scanner/report/json_writer.hpp"
#include "scanner/report/report_writer.hpp"

namespace stratascan::report {

namespace {

template <typename Items>
void write_list(JsonWriter& json, std::string_view name, const Items& items) {
    json.key(name).begin_array();
    for (const auto& item : items) {
        json.begin_object();
        write_members(json, item);
        json.end_object();
    }
    json.end_array();
}

template <typename Item>
void write_object(JsonWriter& json, std::string_view name, const Item& item) {
    json.key(name).begin_object();
    write_members(json, item);
    json.end_object();
}

}  // namespace

void write_members(JsonWriter& json, const TargetReport& target) {
    json.member("target", target.target);
    write_object(json, "image", target.image);
    write_list(json, "layers", target.layers);
    write_list(json, "findings", target.findings);
    write_list(json, "programs", target.programs);
    json.member("notes", target.notes);
    write_gaps(json, target.gaps);
    write_object(json, "coverage", target.coverage);
}

std::string write_json(const Report& report) {
    std::string text;
    JsonWriter json(text, JsonWriter::Style::pretty);
    json.begin_object();
    json.member("schema", "stratascan/report/1");
    write_object(json, "engine", report.engine);
    if (report.cancelled) json.member("cancelled", true);
    json.key("targets").begin_array();
    for (const TargetReport& target : report.targets) {
        json.begin_object();
        write_members(json, target);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    text += '\n';
    return text;
}

}  // namespace stratascan::report
