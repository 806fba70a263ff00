// An image made up for the checks of a policy: a report and facts that a test fills in.
// Everything is known and nothing is wrong with it until a test says otherwise.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "scanner/policy/date.hpp"
#include "scanner/policy/policy.hpp"
#include "scanner/policy/subject.hpp"

namespace stratascan::test {

struct MadeUpImage {
    TargetReport report;
    image::GateFacts facts;
    std::int64_t now = *policy::read_date("2026-06-01");
    int base_layers = -1;
    policy::SignatureCheck signature;
    policy::SuppressionState suppressions;
    std::vector<std::string> base_names;

    MadeUpImage() {
        report.target = "image.tar";
        report.image.kind = "image";
        report.layers.resize(3);
        for (int i = 0; i < 3; ++i) {
            report.layers[static_cast<std::size_t>(i)].index = i;
            report.layers[static_cast<std::size_t>(i)].digest =
                "sha256:" + std::string(64, static_cast<char>('a' + i));
        }
        facts.config_known = true;
        facts.os = "linux";
        facts.user = "1000:1000";
        facts.created = "2026-05-01T10:00:00Z";
        facts.entrypoint = {{"/app"}, true};
    }

    MadeUpImage& document(layer::DocumentKind kind, std::string path, std::string_view lines) {
        std::string text;
        while (!lines.empty()) {
            const std::size_t end = std::min(lines.find('\n'), lines.size());
            if (const auto kept = layer::kept_line(kind, lines.substr(0, end))) {
                (text += *kept) += '\n';
            }
            lines.remove_prefix(std::min(end + 1, lines.size()));
        }
        facts.documents.push_back({kind, std::move(path), text, false, 0});
        return *this;
    }
    MadeUpImage& passwd(std::string_view lines) {
        return document(layer::DocumentKind::passwd, "etc/passwd", lines);
    }

    image::PlacedFact& fact(layer::FactKind kind, std::string path, std::string detail = {}) {
        image::PlacedFact fact;
        fact.kind = kind;
        fact.path = std::move(path);
        fact.detail = std::move(detail);
        fact.layer_index = 1;
        fact.size = 10;
        facts.facts.push_back(std::move(fact));
        return facts.facts.back();
    }

    Program& program(std::string name, std::string program_class, std::string path) {
        Program program;
        program.program = std::move(name);
        program.program_class = std::move(program_class);
        program.path = std::move(path);
        program.layer_index = 1;
        report.programs.push_back(std::move(program));
        return report.programs.back();
    }

    /// No secret: a finding has none in the clear.
    Finding& finding(std::string rule, Source source, std::string path) {
        Finding finding;
        finding.rule = std::move(rule);
        finding.title = "Some token";
        finding.redacted = "tok_****";
        finding.secret_id = "hmac-sha256:" + std::string(64, '5');
        finding.confidence = Confidence::high;
        finding.source = source;
        finding.path = std::move(path);
        finding.layer_index = source == Source::file ? 1 : -1;
        report.findings.push_back(std::move(finding));
        return report.findings.back();
    }

    image::HistoryStep& step(std::string created_by, int layer_index = 1) {
        image::HistoryStep step;
        step.created_by = std::move(created_by);
        step.layer_index = layer_index;
        step.empty_layer = layer_index < 0;
        facts.history.push_back(std::move(step));
        return facts.history.back();
    }

    void unread() {
        facts.files_known = false;
        report.coverage.complete = false;
    }

    /// What a check answers, with the catalogue's settings and these over them.
    policy::Answer ask(std::string_view check,
                       const std::map<std::string, policy::Setting>& changed = {}) const {
        const policy::Subject subject{report,    facts,        now,       base_layers,
                                      signature, suppressions, base_names};
        for (const policy::CheckInfo& info : policy::catalogue()) {
            if (info.id != check) continue;
            policy::Settings settings = info.settings;
            for (const auto& [name, value] : changed) settings[name] = value;
            return policy::function_of(check)(subject, settings);
        }
        return {policy::Outcome::undecidable, "there is no such check", {}, 0, false};
    }
    policy::Outcome outcome(std::string_view check,
                            const std::map<std::string, policy::Setting>& changed = {}) const {
        return ask(check, changed).outcome;
    }
};

}  // namespace stratascan::test
