#include "scanner/layer/told_texts.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace stratascan::layer {

namespace {

using Texts = std::vector<std::string*>;

/// The texts that a program's evidence repeats from files.
Texts evidence_texts(Program& program) {
    BinaryFacts& binary = program.binary;
    Texts texts{&program.version, &program.version_library, &binary.debug_link};
    for (std::string& text : program.evidence) texts.push_back(&text);
    for (std::string& text : binary.comment) texts.push_back(&text);
    for (std::string& text : binary.crates) texts.push_back(&text);
    if (binary.note) {
        PackageNote& note = *binary.note;
        for (auto* text : {&note.type, &note.name, &note.version, &note.architecture, &note.os}) {
            texts.push_back(text);
        }
    }
    if (binary.go) {
        GoBuild& go = *binary.go;
        for (auto* text : {&go.go_version, &go.main_package, &go.module, &go.module_version,
                           &go.revision}) {
            texts.push_back(text);
        }
        for (std::string& text : go.linked) texts.push_back(&text);
    }
    return texts;
}

bool is_of_word(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// A pattern wants the border of a word in front of a token, and a user's name may run into one: "u"
// and a token behind it. Each place inside of a word is looked at as the beginning of a line.
// Shorter names hold no token, and in longer ones that would cost more than they are worth.
void cut_glued(std::string& name, WindowScanner& scanner) {
    constexpr std::size_t shortest = 16, longest = 160;
    if (name.size() < shortest || name.size() > longest) return;
    std::string lines;
    std::vector<std::pair<std::size_t, std::size_t>> places;  // in the lines, in the name
    for (std::size_t at = 1; at + shortest <= name.size() + 1; ++at) {
        if (!is_of_word(name[at - 1]) || !is_of_word(name[at])) continue;
        places.emplace_back(lines.size(), at);
        lines.append(name, at).push_back('\n');
    }
    if (lines.empty()) return;
    const auto findings = scanner.scan_text(lines, true);
    if (!findings) {
        name.clear();
        return;
    }
    for (const auto& [line, at] : places) {
        const auto found = std::ranges::find(*findings, line, &Finding::offset);
        if (found == findings->end() || found->length > name.size() - at) continue;
        name.replace(at, found->length, found->redacted);
        return;
    }
}

void cut_glued(Finding& finding, WindowScanner& scanner) {
    cut_glued(finding.evidence_detail, scanner);
    if (finding.identifier) cut_glued(finding.identifier->value, scanner);
}

void add_texts(Finding& finding, Texts& texts) {
    texts.push_back(&finding.evidence_detail);
    if (finding.identifier) texts.push_back(&finding.identifier->value);
    if (!finding.certificate) return;
    texts.push_back(&finding.certificate->subject);
    for (std::string& name : finding.certificate->names) texts.push_back(&name);
}

bool have_none(const std::string& all, WindowScanner& scanner) {
    const auto findings = scanner.scan_text(all, true);
    return findings && findings->empty();
}

// Several results share them, so what is changed is a copy.
void clean_certificates(std::vector<LayerCertificate>& certificates, WindowScanner& scanner) {
    std::string all;
    for (const LayerCertificate& found : certificates) {
        (all += found.certificate->subject) += '\n';
        for (const std::string& name : found.certificate->names) (all += name) += '\n';
    }
    if (all.empty() || have_none(all, scanner)) return;
    for (LayerCertificate& found : certificates) {
        auto cleaned = std::make_shared<evidence::Certificate>(*found.certificate);
        cleaned->subject = without_secrets(scanner, cleaned->subject);
        for (std::string& name : cleaned->names) name = without_secrets(scanner, name);
        found.certificate = std::move(cleaned);
    }
}

}  // namespace

std::string without_secrets(WindowScanner& scanner, std::string_view text) {
    auto findings = scanner.scan_text(text, true);
    if (!findings) return {};
    std::string clean;
    std::size_t at = 0;
    for (const Finding& finding : *findings) {
        if (finding.offset < at) continue;
        clean += text.substr(at, finding.offset - at);
        clean += finding.redacted;
        at = finding.offset + finding.length;
    }
    clean += text.substr(at);
    return clean;
}

// Most have none: all are looked at in one go, and one by one only where that finds any.
void clean_texts(std::span<std::string* const> texts, WindowScanner& scanner) {
    std::string all;
    for (const std::string* text : texts) {
        if (!text->empty()) (all += *text) += '\n';
    }
    if (all.empty() || have_none(all, scanner)) return;
    for (std::string* text : texts) {
        if (!text->empty()) *text = without_secrets(scanner, *text);
    }
}

void clean_told_texts(std::span<Finding> findings, WindowScanner& scanner) {
    Texts texts;
    for (Finding& finding : findings) add_texts(finding, texts);
    clean_texts(texts, scanner);
    for (Finding& finding : findings) cut_glued(finding, scanner);
}

void clean_told_texts(LayerResult& result, WindowScanner& scanner) {
    for (LayerProgram& found : result.programs) {
        clean_texts(evidence_texts(found.program), scanner);
    }
    clean_certificates(result.certificates, scanner);
    Texts texts;
    for (LayerFinding& found : result.findings) add_texts(found.finding, texts);
    for (ListedPackage& package : result.packages.packages) {
        texts.push_back(&package.version);
        texts.push_back(&package.architecture);
    }
    for (FileFact& fact : result.file_facts.facts) texts.push_back(&fact.detail);
    clean_texts(texts, scanner);
    for (LayerFinding& found : result.findings) cut_glued(found.finding, scanner);
    for (FileFact& fact : result.file_facts.facts) cut_glued(fact.detail, scanner);
    for (SmallDocument& document : result.file_facts.documents) {
        clean_texts(Texts{&document.text}, scanner);
    }
}

}  // namespace stratascan::layer
