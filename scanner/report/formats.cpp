#include "scanner/report/formats.hpp"

#include <array>

namespace stratascan::report {

namespace {

struct Format {
    std::string_view name;
    std::string (*write)(const Report&, const WriteOptions&);
};

constexpr std::array<Format, 10> formats = {{
    {"table", [](const Report& report, const WriteOptions& options) {
         return write_table(report, options.style);
     }},
    {"json", [](const Report& report, const WriteOptions&) { return write_json(report); }},
    {"jsonl", [](const Report& report, const WriteOptions&) { return write_jsonl(report); }},
    {"csv", [](const Report& report, const WriteOptions&) { return write_csv(report); }},
    {"sarif", [](const Report& report, const WriteOptions&) { return write_sarif(report); }},
    {"gitlab", [](const Report& report, const WriteOptions& options) {
         return write_gitlab(report, options.time);
     }},
    {"junit", [](const Report& report, const WriteOptions&) { return write_junit(report); }},
    {"cyclonedx", [](const Report& report, const WriteOptions&) { return write_cyclonedx(report); }},
    {"html", [](const Report& report, const WriteOptions&) { return write_html(report); }},
    {"markdown", [](const Report& report, const WriteOptions&) { return write_markdown(report); }},
}};

}  // namespace

const std::vector<std::string>& format_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
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
