// `rules list` and `rules show`.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>

#include "scanner/cli/command.hpp"
#include "scanner/cli/rules_command.hpp"
#include "scanner/cli/told_words.hpp"
#include "scanner/engine.hpp"
#include "scanner/report/json_writer.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::cli {

namespace {

using report::printable;

std::size_t widest(std::size_t so_far, std::string_view text) {
    return std::max(so_far, text.size());
}

// Rows of a table; the last column is cut at a terminal's edge, never in a pipe.
class Table {
public:
    Table()
        : width_(writes_to_terminal() ? terminal_width()
                                      : std::numeric_limits<std::size_t>::max()) {}

    void row(const std::vector<std::pair<std::string, std::size_t>>& columns,
             const std::string& last) {
        std::string line;
        for (const auto& [text, width] : columns) {
            line += report::padded(printable(text), width) + "  ";
        }
        const std::size_t room = width_ > line.size() + 8 ? width_ - line.size() : 8;
        text_ += line + report::cut_end(printable(last), room) + '\n';
    }
    void blank() { text_ += '\n'; }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::size_t width_;
    std::string text_;
};

std::string listed(const Engine& engine) {
    Table table;
    const auto& rules = engine.rules->rules();
    const auto& programs = engine.rules->programs().rules();
    std::size_t ids = 0, classes = 0;
    for (const auto& rule : rules) ids = widest(ids, rule->rule().id);
    for (const auto& program : programs) {
        ids = widest(ids, program.id);
        classes = widest(classes, program.program_class);
    }
    constexpr std::size_t severities = 8, confidences = 10;
    classes = std::max(classes, severities + 2 + confidences);
    table.row({{"SECRET", ids}, {"SEVERITY", severities}, {"CONFIDENCE", confidences}}, "TITLE");
    for (const auto& compiled : rules) {
        const match::Rule& rule = compiled->rule();
        table.row({{rule.id, ids},
                   {std::string(to_string(rule.severity)), severities},
                   {std::string(to_string(rule.confidence)), confidences}},
                  rule.title);
    }
    table.blank();
    table.row({{"PROGRAM", ids}, {"CLASS", classes}}, "TITLE");
    for (const auto& program : programs) {
        table.row({{program.id, ids}, {program.program_class, classes}}, program.title);
    }
    return table.take();
}

std::string listed_as_json(const Engine& engine) {
    std::string text;
    report::JsonWriter json(text, report::JsonWriter::Style::pretty);
    json.begin_object();
    json.member("schema", "stratascan/rules/1");
    json.key("secrets").begin_array();
    for (const auto& compiled : engine.rules->rules()) {
        const match::Rule& rule = compiled->rule();
        json.begin_object();
        json.member("id", rule.id);
        json.member("title", rule.title);
        json.member("severity", to_string(rule.severity));
        json.member("confidence", to_string(rule.confidence));
        json.member("reference", rule.reference);
        json.member("file", rule.file);
        json.member("line", std::uint64_t{rule.line});
        json.end_object();
    }
    json.end_array();
    json.key("programs").begin_array();
    for (const auto& program : engine.rules->programs().rules()) {
        json.begin_object();
        json.member("id", program.id);
        json.member("title", program.title);
        json.member("class", program.program_class);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return text + '\n';
}

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) all += fmt::format("{}'{}'", all.empty() ? "" : ", ", text);
    return all;
}

// A field a line; those without a value are left out.
class Fields {
public:
    void field(std::string_view name, std::string_view value) {
        if (!value.empty()) text_ += fmt::format("{:<16}{}\n", name, printable(value));
    }
    void each(std::string_view name, const std::vector<std::string>& values) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            text_ += fmt::format("{:<16}{}\n", i == 0 ? name : "", one_line(values[i]));
        }
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    // A template's line breaks as its file may write them.
    static std::string one_line(std::string_view value) {
        std::string text;
        for (const char c : value) {
            if (c == '\n') text += "\\n";
            else text += c;
        }
        return printable(text);
    }

    std::string text_;
};

void add_allowlists(Fields& fields, const match::Rule& rule) {
    for (const match::AllowList& list : rule.allowlists) {
        static constexpr std::string_view targets[] = {"secret", "match", "line"};
        std::string text;
        const auto part = [&](std::string_view name, const std::vector<std::string>& values) {
            if (values.empty()) return;
            text += fmt::format("{}{} {}", text.empty() ? "" : list.all ? " and " : " or ", name,
                                joined(values));
        };
        part("path", list.paths);
        part(targets[static_cast<std::size_t>(list.target)], list.regexes);
        part("stop word", list.stopwords);
        fields.field("allowlist", text);
    }
}

std::string shown(const match::Rule& rule) {
    Fields fields;
    fields.field("id", rule.id);
    fields.field("title", rule.title);
    fields.field("severity", to_string(rule.severity));
    fields.field("confidence", to_string(rule.confidence));
    fields.field("pattern", rule.pattern);
    fields.field("path", rule.path);
    fields.field("width", fmt::format("{} bytes at most", rule.width));
    fields.field("gate", rule.gate);
    if (!rule.anchors.empty()) {
        fields.field("anchors", joined(rule.anchors) + (rule.nocase ? " (any case)" : ""));
    }
    fields.field("short literal", rule.short_literal_reason);
    if (rule.reach > 0) fields.field("reach", fmt::format("{} bytes", rule.reach));
    if (rule.digit) {
        fields.field("digit", fmt::format("one at least, or {} bytes", match::digitless));
        if (rule.gate_in_secret) fields.field("gate", "ends in the secret");
    }
    if (rule.entropy > 0) fields.field("entropy", fmt::format("{:.4g} bits a byte", rule.entropy));
    if (!rule.context.empty()) {
        fields.field("context", fmt::format("{} within {} bytes", joined(rule.context),
                                            rule.context_within));
    }
    if (!rule.allow.empty()) fields.field("allow", joined(rule.allow));
    add_allowlists(fields, rule);
    fields.field("check", rule.check);
    if (rule.public_prefix >= 0) {
        fields.field("public prefix", fmt::format("{} bytes", rule.public_prefix));
    }
    fields.field("reference", rule.reference);
    fields.field("note", rule.note);
    fields.field("file", fmt::format("{}:{}", rule.file, rule.line));
    fields.each("finds", rule.examples);
    fields.each("leaves alone", rule.counter_examples);
    return fields.take();
}

std::string shown(const program::ProgramRule& program) {
    Fields fields;
    fields.field("id", program.id);
    fields.field("title", program.title);
    fields.field("class", program.program_class);
    for (const auto& set : program.identity) fields.field("identity", joined(set));
    fields.field("unless", joined(program.unless));
    fields.field("embedded when", joined(program.embedded_when));
    fields.field("version", program.version);
    fields.field("version near", joined(program.version_near));
    fields.field("no version", program.version_reason);
    fields.field("multicall", program.multicall);
    fields.field("applets before", program.applets_before);
    fields.field("applets behind", program.applets_behind);
    fields.field("names", joined(program.names));
    return fields.take();
}

}  // namespace

void tell_notes(const std::vector<std::string>& notes) {
    std::vector<Error> errors;
    errors.reserve(notes.size());
    for (const std::string& note : notes) errors.push_back({ErrorCode::unsupported, note, {}, {}});
    for (const std::string& line : told(errors)) complain(line);
}

int list_rules(const RulesArguments& arguments) {
    const auto engine = read_inside([&] { return load_engine(arguments.rule_files); });
    if (!engine) return complain_of(engine.error());
    tell_notes(engine->notes);
    const std::string text = arguments.format == "json" ? listed_as_json(*engine) : listed(*engine);
    return write_output({}, text) ? exit_clean : exit_failed;
}

int show_rule(const RulesArguments& arguments) {
    const auto engine = read_inside([&] { return load_engine(arguments.rule_files); });
    if (!engine) return complain_of(engine.error());
    tell_notes(engine->notes);
    std::string text;
    for (const auto& compiled : engine->rules->rules()) {
        if (compiled->rule().id == arguments.id) text += shown(compiled->rule());
    }
    for (const auto& program : engine->rules->programs().rules()) {
        if (program.id != arguments.id) continue;
        text += (text.empty() ? "" : "\n") + shown(program);
    }
    if (text.empty()) {
        return complain(
            fmt::format("there is no rule \"{}\" (see stratascan rules list)", arguments.id));
    }
    return write_output({}, text) ? exit_clean : exit_failed;
}

}  // namespace stratascan::cli
