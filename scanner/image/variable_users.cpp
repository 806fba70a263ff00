#include "scanner/image/variable_users.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "scanner/evidence/identifier.hpp"

namespace stratascan::image {

namespace {

std::string_view name_of(std::string_view text) { return text.substr(0, text.find('=')); }

}  // namespace

void name_users(std::vector<Finding>& findings, const std::vector<MetadataText>& texts,
                const identity::SecretKey& key) {
    std::map<std::string_view, const MetadataText*> by_path;
    std::set<std::string_view> taken;
    for (const Finding& finding : findings) {
        if (finding.source == Source::env) taken.insert(finding.path);
    }
    if (taken.empty()) return;
    std::map<std::string, std::set<std::string_view>> users;  // by the stem of their names
    for (const MetadataText& text : texts) {
        if (text.source != Source::env) continue;
        by_path[text.path] = &text;
        const std::string_view name = name_of(text.text);
        if (name.size() == text.text.size() || taken.contains(text.path) ||
            !evidence::is_user_name(name)) {
            continue;
        }
        const std::string_view value = std::string_view(text.text).substr(name.size() + 1);
        if (evidence::may_be_user(value)) users[evidence::credential_stem(name)].insert(value);
    }
    for (Finding& finding : findings) {
        if (finding.source != Source::env || finding.identifier || finding.pair) continue;
        const auto text = by_path.find(finding.path);
        if (text == by_path.end()) continue;
        const std::string_view name = name_of(text->second->text);
        if (!evidence::is_password_name(name)) continue;
        const auto named = users.find(evidence::credential_stem(name));
        if (named == users.end() || named->second.size() != 1) continue;
        const std::string value(*named->second.begin());
        finding.identifier = Identifier{"user", value, key.name(value)};
    }
}

}  // namespace stratascan::image
