// Secrets, by where they stand. The same findings as the report has, sorted into the
// requirements that speak of them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "scanner/policy/checks/answers.hpp"
#include "scanner/policy/checks/checks.hpp"

namespace stratascan::policy {

namespace {

bool is_hidden(const Finding& finding) {
    return finding.visibility != Visibility::visible || finding.source == Source::whiteout ||
           finding.source == Source::trailer;
}

bool in_tree(const Finding& finding) {
    return finding.source == Source::file || finding.source == Source::xattr ||
           finding.source == Source::header || finding.source == Source::attestation;
}

bool is_private_key(const Finding& finding) {
    if (!finding.public_fingerprint.empty() || !finding.public_key_sha256.empty()) return true;
    for (const std::string_view word : {"private-key", "keystore", "pkcs12", "putty"}) {
        if (finding.rule.find(word) != std::string::npos) return true;
    }
    return false;
}

Item item_of(const Finding& finding, Confidence least) {
    Item item;
    item.text = finding.title + " " + finding.redacted;
    item.path = finding.path;
    item.inner_path = finding.inner_path;
    item.line = finding.line;
    item.layer_index = finding.layer_index;
    item.created_by = finding.created_by;
    item.rule = finding.rule;
    item.secret_id = finding.secret_id;
    item.key = finding.rule + '\n' + finding.secret_id;
    if (finding.visibility != Visibility::visible && finding.hidden_by >= 0) {
        item.text += fmt::format(" ({} by layer {})", to_string(finding.visibility),
                                 finding.hidden_by);
    }
    item.counts = finding.confidence >= least && finding.evidence != Evidence::known_example;
    if (finding.evidence == Evidence::known_example) item.text += " (a published example)";
    return item;
}

enum class Place { layers, documents };

Answer about_findings(const Subject& subject, const Settings& settings, std::string_view what,
                      Place place, const std::function<bool(const Finding&)>& concerns) {
    if (!subject.report.secrets_sought) return unknown("secrets were not looked for");
    const Confidence least = confidence_from(text(settings, "confidence")).value_or(Confidence::low);
    Answer answer;
    for (const Finding& finding : subject.report.findings) {
        if (concerns(finding)) add(answer, item_of(finding, least));
    }
    answer = settled(std::move(answer), subject, what);
    // Config and manifest are read whole, whatever became of the layers.
    if (place == Place::documents && answer.unread && subject.report.gaps.empty()) {
        answer = passed("no " + std::string(what));
    }
    return answer;
}

// Where clients keep their credentials: ends of paths, and folders.
constexpr std::array<std::string_view, 18> credential_files = {
    ".docker/config.json", ".dockercfg", "containers/auth.json", ".aws/credentials",
    "application_default_credentials.json", "gcloud/credentials.db", ".netrc", "_netrc",
    ".pypirc", ".npmrc", ".yarnrc.yml", ".m2/settings.xml", "settings-security.xml",
    ".git-credentials", ".gem/credentials", ".cargo/credentials.toml", ".config/gh/hosts.yml",
    "NuGet.Config"};
constexpr std::array<std::string_view, 3> credential_folders = {".azure/", "gcloud/", ".aws/"};

bool is_credential_file(const std::string& path) {
    for (const std::string_view end : credential_files) {
        if (path.ends_with(end) &&
            (path.size() == end.size() || path[path.size() - end.size() - 1] == '/')) {
            return true;
        }
    }
    return std::any_of(credential_folders.begin(), credential_folders.end(),
                       [&](std::string_view folder) {
                           const std::size_t at = path.find(folder);
                           return at != path.npos && (at == 0 || path[at - 1] == '/');
                       });
}

}  // namespace

Answer secrets_env(const Subject& subject, const Settings& settings) {
    if (auto none = without_config(subject)) return *none;
    return about_findings(subject, settings, "secrets in the environment", Place::documents,
                          [](const Finding& one) { return one.source == Source::env; });
}

Answer secrets_config(const Subject& subject, const Settings& settings) {
    return about_findings(subject, settings, "secrets in labels, commands and annotations", Place::documents,
                          [](const Finding& one) {
                              return !in_tree(one) && !is_hidden(one) &&
                                     one.source != Source::env && one.source != Source::history;
                          });
}

Answer secrets_history(const Subject& subject, const Settings& settings) {
    if (auto none = without_config(subject)) return *none;
    return about_findings(subject, settings, "secrets in build steps", Place::documents,
                          [](const Finding& one) { return one.source == Source::history; });
}

Answer secrets_files(const Subject& subject, const Settings& settings) {
    return about_findings(subject, settings, "secrets in files", Place::layers, [](const Finding& one) {
        return in_tree(one) && !is_hidden(one);
    });
}

Answer secrets_deleted(const Subject& subject, const Settings& settings) {
    return about_findings(subject, settings, "secrets in hidden files", Place::layers, is_hidden);
}

Answer long_lived_credentials(const Subject& subject, const Settings& settings) {
    return about_findings(subject, settings, "credentials of registries and clouds", Place::layers,
                          [](const Finding& one) {
                              return one.layer_index >= 0 && is_credential_file(one.path);
                          });
}

Answer private_keys(const Subject& subject, const Settings&) {
    if (!subject.report.secrets_sought) return unknown("secrets were not looked for");
    Answer answer;
    std::set<std::string> told;
    for (const Finding& finding : subject.report.findings) {
        if (!is_private_key(finding)) continue;
        Item item = item_of(finding, Confidence::medium);
        if (!finding.public_fingerprint.empty()) {
            // The fingerprint tells more than what is left of a redacted key.
            const std::size_t behind_title = finding.title.size() + 1;
            item.text.replace(behind_title, finding.redacted.size(), finding.public_fingerprint);
        }
        told.insert(item.path);
        add(answer, std::move(item));
    }
    for (const image::PlacedFact& fact : subject.facts.facts) {
        if (fact.kind != layer::FactKind::host_key || told.contains(fact.path)) continue;
        Item item = file_item(fact, "an ssh host key, by its path");
        item.counts = fact.visibility == Visibility::visible && fact.size > 0;
        add(answer, std::move(item));
    }
    return settled(std::move(answer), subject, "private keys");
}

}  // namespace stratascan::policy
