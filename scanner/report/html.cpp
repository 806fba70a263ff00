// One self-contained file: style, script and data, and a content security policy that
// allows these and nothing else. Whatever an image calls its files stands in JSON in
// which no "<" is left, so it can't end the element that it is in; the script sets it as
// text. Findings are rows of numbers into one list of texts, for 50,000 of them repeat
// few paths' folders, rules and build steps.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "scanner/evidence/codec.hpp"
#include "scanner/report/formats.hpp"
#include "scanner/report/gate_phrases.hpp"
#include "scanner/report/gate_report.hpp"
#include "scanner/report/json_members.hpp"
#include "scanner/report/json_writer.hpp"
#include "scanner/report/phrases.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/report/text.hpp"

extern "C" {
extern const char stratascan_page_css_begin[], stratascan_page_css_end[];
extern const char stratascan_page_js_begin[], stratascan_page_js_end[];
}

namespace stratascan::report {

namespace {

const std::string_view style(stratascan_page_css_begin,
                             static_cast<std::size_t>(stratascan_page_css_end -
                                                      stratascan_page_css_begin));
const std::string_view script(stratascan_page_js_begin,
                              static_cast<std::size_t>(stratascan_page_js_end -
                                                       stratascan_page_js_begin));

/// Texts, each once, in the order in which they were first met.
class Words {
public:
    std::uint64_t number(std::string_view text) {
        const auto found = numbers_.find(text);
        if (found != numbers_.end()) return found->second;
        numbers_.emplace(std::string(text), numbers_.size());
        return numbers_.size() - 1;
    }
    [[nodiscard]] std::vector<std::string_view> all() const {
        std::vector<std::string_view> texts(numbers_.size());
        for (const auto& [text, number] : numbers_) texts[number] = text;
        return texts;
    }

private:
    std::map<std::string, std::uint64_t, std::less<>> numbers_;
};

// What of a check's evidence is shown in a browser; JSON has all.
constexpr std::size_t evidence_shown = 200;

struct Writer {
    JsonWriter& json;
    const policy::GateReport* gate;
    Words words{};
    std::map<std::uint64_t, std::uint64_t> titles{};  ///< of rules

    void word(std::string_view text) { json.value(words.number(text)); }

    void finding(const Finding& one) {
        titles.try_emplace(words.number(one.rule), words.number(one.title));
        json.begin_array();
        word(one.rule);
        json.value(static_cast<int>(one.severity));
        word(to_string(one.confidence));
        word(to_string(one.evidence));
        word(one.evidence_detail);
        word(to_string(one.source));
        json.value(one.layer_index);
        word(one.path);
        word(listed(one.inner_path, " › "));
        json.value(one.line);
        json.value(one.offset);
        json.value(one.length);
        word(one.redacted);
        word(one.secret_id);
        word(one.public_fingerprint);
        word(to_string(one.visibility));
        json.value(one.hidden_by);
        word(one.package ? one.package->name : "");
        word(build_step(one.created_by));
        word(one.suppressed ? one.suppressed->reason : "");
        json.end_array();
    }

    void program(const Program& one) {
        std::string flags;
        const auto flag = [&flags](bool holds, const char* name) {
            if (holds) flags += (flags.empty() ? "" : " · ") + std::string(name);
        };
        flag(one.renamed, "renamed");
        flag(one.is_static, "static");
        flag(one.packed, "packed");
        flag(one.setuid, "setuid");
        flag(!one.applets.empty(), counted(one.applets.size(), "applet").c_str());
        json.begin_array();
        word(one.program);
        word(one.title);
        word(one.program_class);
        word(one.version);
        word(to_string(one.role));
        json.value(one.layer_index);
        word(one.path);
        word(listed(one.inner_path, " › "));
        word(to_string(one.visibility));
        json.value(one.hidden_by);
        word(one.package ? one.package->name : "");
        word(build_step(one.created_by));
        word(flags);
        word(listed(one.applets, " "));
        json.end_array();
    }

    void gap(const Gap& one, int layer) {
        json.begin_object();
        json.member("path", place_in(one.path, one.inner_path));
        json.member("reason", one.reason);
        json.member("layer", layer);
        json.end_object();
    }

    void layer(const TargetReport& target, const LayerReport& one) {
        std::uint64_t secrets = 0, programs = 0;
        int worst = 0;
        for (const Finding& finding : target.findings) {
            if (finding.layer_index != one.index) continue;
            ++secrets;
            worst = std::max(worst, static_cast<int>(finding.severity));
        }
        for (const Program& program : target.programs) {
            programs += program.layer_index == one.index ? 1 : 0;
        }
        json.begin_object();
        json.member("index", one.index);
        json.member("digest", one.digest);
        json.member("bytes", one.bytes);
        json.member("step", build_step(one.created_by));
        json.member("state", to_string(one.state));
        json.member("secrets", secrets);
        json.member("programs", programs);
        json.member("worst", worst);
        json.end_object();
    }

    void check(const policy::CheckResult& one) {
        const policy::CheckInfo& info = one.check.info;
        json.begin_object();
        json.member("id", info.id);
        json.member("title", info.title);
        json.member("outcome", to_string(one.answer.outcome));
        json.member("weight", weight_of(one));
        json.member("kind", to_string(one.check.level));
        json.member("severity", to_string(info.severity));
        json.member("reason", printable(one.answer.reason));
        json.member("how", info.decided);
        json.member("mend", info.mend);
        json.member("source", one.check.section);
        json.member("references", references_of(one, false));
        json.key("evidence").begin_array();
        const auto& items = one.answer.items;
        const std::size_t shown = std::min(items.size(), evidence_shown);
        for (std::size_t i = 0; i < shown; ++i) json.value(item_line(items[i], *gate));
        const std::size_t more = items.size() - shown + one.answer.left_out;
        if (more > 0) json.value(fmt::format("and {} more", grouped(more)));
        json.end_array();
        json.end_object();
    }

    void verdict(const policy::TargetVerdict& of) {
        json.member("verdict", to_string(of.verdict));
        json.key("verdicts").begin_array();
        for (const policy::PolicyVerdict& one : of.policies) {
            json.begin_object();
            json.member("policy", one.policy);
            json.member("outcome", to_string(one.verdict));
            json.member("line", verdict_line(of, one));
            json.member("reasons", reasons_of(one, *of.report));
            json.member("accepted", one.accepted_incomplete);
            json.key("checks").begin_array();
            for (const policy::CheckResult& result : one.results) check(result);
            json.end_array();
            json.end_object();
        }
        json.end_array();
    }

    void target(const TargetReport& one) {
        int worst = -1;
        for (const Finding& finding : one.findings) {
            worst = std::max(worst, static_cast<int>(finding.severity));
        }
        json.begin_object();
        json.member("name", image_name(one));
        json.member("target", one.target);
        json.member("digest", one.image.digest);
        json.member("platform", one.image.platform);
        json.member("worst", worst);
        if (const auto* of = verdict_of(gate, one)) verdict(*of);
        json.key("layers").begin_array();
        for (const LayerReport& each : one.layers) layer(one, each);
        json.end_array();
        json.key("findings").begin_array();
        for (const Finding& each : one.findings) finding(each);
        json.end_array();
        json.key("programs").begin_array();
        for (const Program& each : one.programs) program(each);
        json.end_array();
        json.key("gaps").begin_array();
        for (const Gap& each : one.gaps) gap(each, -1);
        for (const LayerReport& each : one.layers) {
            for (const Gap& inside : each.gaps) gap(inside, each.index);
        }
        json.end_array();
        json.member("notes", one.notes);
        json.key("coverage").begin_object();
        write_members(json, one.coverage);
        json.end_object();
        json.end_object();
    }
};

/// The data for the script, without any "<" (JSON has it in strings alone).
std::string data_of(const Report& report, const policy::GateReport* gate) {
    std::string text;
    JsonWriter json(text, JsonWriter::Style::line);
    Writer writer{json, gate};
    json.begin_object();
    json.key("targets").begin_array();
    for (const TargetReport& target : report.targets) writer.target(target);
    json.end_array();
    json.key("words").begin_array();
    for (const std::string_view word : writer.words.all()) json.value(word);
    json.end_array();
    json.key("titles").begin_object();
    for (const auto& [rule, title] : writer.titles) json.member(std::to_string(rule), title);
    json.end_object();
    json.member("remedy", remedy);
    json.end_object();
    std::string safe;
    safe.reserve(text.size());
    for (const char c : text) {
        if (c == '<') {
            safe += "\\u003c";
        } else {
            safe += c;
        }
    }
    return safe;
}

std::string hash_source(std::string_view text) {
    return "'sha256-" + evidence::encode_base64(evidence::sha256(text)) + "'";
}

/// Said in plain markup, so that it is there before the script has run, or without it.
std::string cards_of(const Report& report, const policy::GateReport* gate) {
    std::array<std::uint64_t, 5> severities{};
    std::uint64_t programs = 0, gaps = 0;
    bool complete = !report.cancelled;
    for (const TargetReport& target : report.targets) {
        for (const Finding& finding : target.findings) {
            ++severities.at(static_cast<std::size_t>(finding.severity));
        }
        programs += target.programs.size();
        gaps += target.coverage.gaps;
        complete = complete && target.coverage.complete;
    }
    std::string cards;
    const auto card = [&cards](std::string_view kind, const std::string& number,
                               std::string_view what) {
        cards += fmt::format("<li class=\"card {}\"><b>{}</b>{}</li>\n", kind, number, what);
    };
    if (gate != nullptr) {
        const std::string_view kind = gate->verdict == policy::Verdict::pass   ? "good"
                                      : gate->verdict == policy::Verdict::fail ? "critical"
                                                                               : "high";
        card(kind, std::string(to_string(gate->verdict)), "verdict");
    }
    constexpr std::array<std::string_view, 5> names = {"info", "low", "medium", "high", "critical"};
    bool any = false;
    for (std::size_t i = names.size(); i-- > 0;) {
        if (severities.at(i) == 0) continue;
        any = true;
        card(names.at(i), grouped(severities.at(i)), names.at(i));
    }
    if (!any) card("good", "0", "secrets");
    card("", grouped(programs), programs == 1 ? "program" : "programs");
    if (complete) {
        card("good", "all", "was read");
    } else {
        card("high", gaps > 0 ? grouped(gaps) : "–", report.cancelled ? "stopped early" : "gaps");
    }
    return cards;
}

/// What is said of the gate as a whole.
std::string notices_of(const policy::GateReport* gate) {
    if (gate == nullptr) return {};
    std::string notices;
    const auto notice = [&notices](std::string_view kind, const std::string& text,
                                   std::initializer_list<const std::vector<std::string>*> lists) {
        notices += fmt::format("<div class=\"notice {}\">{}", kind, xml_text(text));
        for (const auto* list : lists) {
            if (list->empty()) continue;
            notices += "<ul class=\"plain wrap\">";
            for (const std::string& line : *list) notices += "<li>" + xml_text(line) + "</li>";
            notices += "</ul>";
        }
        notices += "</div>\n";
    };
    if (gate->manifest) {
        const policy::ManifestVerdict& manifest = *gate->manifest;
        notice(manifest.eligible() ? "good" : "",
               fmt::format("App {} in {} {} for Runs on Atlassian.", app_name(manifest), manifest.file,
                           eligibility(manifest)),
               {&manifest.reasons, &manifest.doubts, &manifest.details});
    }
    if (!gate->warnings.empty()) notice("", "Warnings", {&gate->warnings});
    return notices;
}

}  // namespace

std::string write_html(const Report& report, const policy::GateReport* gate) {
    std::string name = "no image";
    std::string about;
    if (report.targets.size() == 1) {
        const TargetReport& target = report.targets[0];
        name = image_name(target);
        for (const std::string& fact : {target.image.platform, target.image.digest,
                                        target.image.created}) {
            if (!fact.empty()) about += (about.empty() ? "" : " · ") + fact;
        }
    } else if (!report.targets.empty()) {
        name = counted(report.targets.size(), "image");
    }
    std::string page;
    page += "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    page += fmt::format("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                        "style-src {}; script-src {}; base-uri 'none'; form-action 'none'\">\n",
                        hash_source(style), hash_source(script));
    page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    page += fmt::format("<title>Stratascan: {}</title>\n<style>", xml_text(name));
    page += style;
    page += "</style>\n</head>\n<body>\n<div class=\"page\">\n<header class=\"top\">\n<div>\n";
    page += fmt::format("<h1>{}</h1>\n<div class=\"faint wrap code\">{}</div>\n"
                        "<div class=\"faint\">Stratascan {} · rules <span class=\"code\">{}</span>"
                        "</div>\n</div>\n",
                        xml_text(name), xml_text(about), xml_text(report.engine.version),
                        xml_text(report.engine.ruleset.substr(0, 19)));
    page += "<button type=\"button\" id=\"theme\" class=\"theme\">Light or dark</button>\n</header>\n";
    page += "<ul class=\"cards\">\n" + cards_of(report, gate) + "</ul>\n" + notices_of(gate);
    page += "<noscript><p class=\"notice\">The findings are shown by a script, which this browser does "
            "not run. The same report can be had as --format table, csv or json.</p></noscript>\n";
    page += "<div id=\"images\"></div>\n<main id=\"main\"></main>\n</div>\n";
    page += "<script type=\"application/json\" id=\"data\">";
    page += data_of(report, gate);
    page += "</script>\n<script>";
    page += script;
    page += "</script>\n</body>\n</html>\n";
    return page;
}

}  // namespace stratascan::report
