#include "scanner/report/formats.hpp"

#include <array>

#include "scanner/report/gate_report.hpp"

namespace stratascan::report {

namespace {

struct Format {
    std::string_view name;
    std::string (*write)(const Report&, const WriteOptions&);
};

constexpr std::array<Format, 10> formats = {{
    {"table", [](const Report& report, const WriteOptions& with) {
         return with.gate != nullptr ? write_gate_table(*with.gate, with.style)
                                     : write_table(report, with.style);
     }},
    {"json", [](const Report& report, const WriteOptions& with) {
         return with.gate != nullptr ? write_gate_json(*with.gate) : write_json(report);
     }},
    {"jsonl", [](const Report& report, const WriteOptions& with) {
         return write_jsonl(report, with.gate);
     }},
    {"csv", [](const Report& report, const WriteOptions& with) {
         return write_csv(report, with.gate);
     }},
    {"sarif", [](const Report& report, const WriteOptions& with) {
         return write_sarif(report, with.gate);
     }},
    {"gitlab", [](const Report& report, const WriteOptions& with) {
         return write_gitlab(report, with.time, with.gate);
     }},
    {"junit", [](const Report& report, const WriteOptions& with) {
         return write_junit(report, with.gate);
     }},
    {"cyclonedx", [](const Report& report, const WriteOptions& with) {
         return write_cyclonedx(report, with.gate);
     }},
    {"html", [](const Report& report, const WriteOptions& with) {
         return write_html(report, with.gate);
     }},
    {"markdown", [](const Report& report, const WriteOptions& with) {
         return write_markdown(report, with.gate);
     }},
}};

}  // namespace

const std::vector<std::string>& format_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        all.reserve(formats.size());
        for (const Format& format : formats) all.emplace_back(format.name);
        return all;
    }();
    return names;
}

std::string write(const Report& report, std::string_view format, const WriteOptions& options) {
    for (const Format& one : formats) {
        if (one.name == format) return one.write(report, options);
    }
    return write_json(report);
}

}  // namespace stratascan::report
