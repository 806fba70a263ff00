// What reports repeat of a policy.
#include "scanner/policy/policy.hpp"

namespace stratascan::policy {

namespace {

using Texts = std::vector<std::string*>;

void add(Texts& texts, std::vector<std::string>& list) {
    for (std::string& text : list) texts.push_back(&text);
}

void add(Texts& texts, Setting& setting) {
    if (auto* const text = std::get_if<std::string>(&setting)) texts.push_back(text);
    if (auto* const list = std::get_if<std::vector<std::string>>(&setting)) add(texts, *list);
}

void add(Texts& texts, PolicyCheck& check) {
    CheckInfo& info = check.info;
    texts.insert(texts.end(),
                 {&check.section, &info.title, &info.reason, &info.decided, &info.mend});
    for (auto* const list : {&info.nist, &info.cis, &info.bsi, &check.allow.labels}) {
        add(texts, *list);
    }
    for (auto& [name, setting] : info.settings) add(texts, setting);
}

}  // namespace

std::vector<std::string*> told_texts(Policy& policy) {
    Texts texts{&policy.id, &policy.title, &policy.source, &policy.accept_incomplete};
    for (PolicyCheck& check : policy.checks) add(texts, check);
    for (Exemption& exemption : policy.exemptions) {
        texts.insert(texts.end(), {&exemption.use_case, &exemption.where});
    }
    return texts;
}

std::size_t bytes_of(Policy& policy) {
    Texts texts = told_texts(policy);
    for (PolicyCheck& check : policy.checks) {
        for (auto* const list : {&check.allow.programs, &check.allow.paths, &check.allow.bases}) {
            add(texts, *list);
        }
    }
    std::size_t bytes = policy.exemptions.size() * sizeof(Exemption);
    for (const std::string* text : texts) bytes += sizeof(std::string) + text->size();
    return bytes;
}

}  // namespace stratascan::policy
