#include "scanner/match/allow_list.hpp"

#include <algorithm>

namespace stratascan::match {

namespace {

std::vector<std::unique_ptr<re2::RE2>> compiled(const std::vector<std::string>& texts) {
    std::vector<std::unique_ptr<re2::RE2>> all;
    all.reserve(texts.size());
    for (const std::string& text : texts) {
        all.push_back(std::make_unique<re2::RE2>(text, regex_options()));
    }
    return all;
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool contains(std::string_view text, std::string_view word) {
    return std::search(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) {
               return lower(a) == lower(b);
           }) != text.end();
}

std::string_view line_round(const Candidate& candidate) {
    const std::string_view text = candidate.text;
    const std::size_t least =
        candidate.match_begin > line_sight ? candidate.match_begin - line_sight : 0;
    std::size_t begin = candidate.match_begin;
    while (begin > least && text[begin - 1] != '\n') --begin;
    const std::size_t most = std::min(text.size(), candidate.match_end + line_sight);
    std::size_t end = candidate.match_end;
    while (end < most && text[end] != '\n') ++end;
    return text.substr(begin, end - begin);
}

std::string_view target_of(const Candidate& candidate, AllowList::Target target) {
    switch (target) {
        case AllowList::Target::match:
            return candidate.text.substr(candidate.match_begin,
                                         candidate.match_end - candidate.match_begin);
        case AllowList::Target::line: return line_round(candidate);
        case AllowList::Target::secret: break;
    }
    return candidate.secret;
}

}  // namespace

AllowCondition::AllowCondition(AllowList list)
    : list_(std::move(list)), paths_(compiled(list_.paths)), regexes_(compiled(list_.regexes)) {}

bool AllowCondition::holds(const Candidate& candidate) const {
    const bool path = !candidate.path.empty() &&
                      std::any_of(paths_.begin(), paths_.end(), [&](const auto& expression) {
                          return matches_path(*expression, candidate.path);
                      });
    if (path && !list_.all) return true;
    if (list_.all && !paths_.empty() && !path) return false;
    const bool word =
        std::any_of(list_.stopwords.begin(), list_.stopwords.end(),
                    [&](const std::string& one) { return contains(candidate.secret, one); });
    if (word && !list_.all) return true;
    if (list_.all && !list_.stopwords.empty() && !word) return false;
    if (regexes_.empty()) return list_.all && (path || word);
    const std::string_view target = target_of(candidate, list_.target);
    const re2::StringPiece piece(target.data(), target.size());
    return std::any_of(regexes_.begin(), regexes_.end(), [&](const auto& expression) {
        return re2::RE2::PartialMatch(piece, *expression);
    });
}

re2::RE2::Options regex_options() {
    re2::RE2::Options options;
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    options.set_log_errors(false);
    // A pattern of a rule needs some 100 KiB; all rules together must stay in bounds.
    options.set_max_mem(2 << 20);
    return options;
}

bool matches_path(const re2::RE2& expression, std::string_view path) {
    if (re2::RE2::PartialMatch(re2::StringPiece(path.data(), path.size()), expression)) {
        return true;
    }
    return !path.empty() && path.front() != '/' &&
           re2::RE2::PartialMatch("/" + std::string(path), expression);
}

std::uint64_t instructions_of(const re2::RE2& expression) {
    return static_cast<std::uint64_t>(std::max(0, expression.ProgramSize()));
}

Result<void> check_allow_list(const AllowList& list, std::uint64_t& instructions) {
    for (const auto* texts : {&list.paths, &list.regexes}) {
        for (const std::string& text : *texts) {
            const re2::RE2 expression(text, regex_options());
            if (!expression.ok()) {
                return fail(ErrorCode::invalid_argument, "allowlist: " + expression.error());
            }
            instructions += instructions_of(expression);
        }
    }
    return {};
}

}  // namespace stratascan::match
