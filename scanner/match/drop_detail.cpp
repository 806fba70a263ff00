#include "scanner/match/drop_detail.hpp"

#include <fmt/format.h>

#include <vector>

#include "scanner/evidence/evidence.hpp"
#include "scanner/match/drop_reason.hpp"

namespace stratascan::match {

namespace {

std::string quoted(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) all += fmt::format("{}'{}'", all.empty() ? "" : ", ", text);
    return all;
}

}  // namespace

std::string drop_detail(const CompiledRule& compiled, const Dropped& one, std::string_view text,
                        std::string_view path) {
    const Rule& rule = compiled.rule();
    const std::string_view secret = text.substr(one.begin, one.end - one.begin);
    if (one.reason == dropped::low_entropy) {
        return fmt::format("{:.2f} of {:.4g} bits a byte", evidence::entropy(secret),
                           rule.entropy);
    }
    if (one.reason == dropped::no_context) {
        return fmt::format("none of {} within {} bytes", quoted(rule.context),
                           rule.context_within);
    }
    if (one.reason == dropped::allow_list) {
        const AllowList* list =
            compiled.allowed_by({text, one.match_begin, one.match_end, secret, path});
        if (list == nullptr) return {};
        if (!list->description.empty()) return list->description;
        std::vector<std::string> parts = list->paths;
        parts.insert(parts.end(), list->regexes.begin(), list->regexes.end());
        parts.insert(parts.end(), list->stopwords.begin(), list->stopwords.end());
        return (list->all ? "all of " : "one of ") + quoted(parts);
    }
    // Whatever it was called for a reader.
    if (const re2::RE2* allow = compiled.allowed_by(secret); allow != nullptr) {
        return fmt::format("matches '{}'", allow->pattern());
    }
    if (one.reason == dropped::other_path) return fmt::format("only '{}'", rule.path);
    if (one.reason != "placeholder" && evidence::placeholder_reason(secret) == one.reason) {
        return "a placeholder";
    }
    return {};
}

}  // namespace stratascan::match
