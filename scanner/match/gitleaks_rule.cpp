#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include "scanner/match/database.hpp"
#include "scanner/match/gitleaks_file.hpp"
#include "scanner/match/regex_tree.hpp"
#include "scanner/match/ruleset.hpp"

namespace stratascan::match {

namespace {

// A match that may be of any length is looked for up to this one. Few secrets but
// private keys have more.
constexpr std::uint32_t carried_width = 4096;
constexpr std::uint64_t widest_carried = 8192;

// How near a keyword must stand that is not part of the match.
constexpr std::uint32_t keyword_sight = 4096;
constexpr std::uint32_t keyword_reach = 1024;

constexpr std::size_t shortest_keyword = 4;

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

// Walks over an expression and writes it anew with other groups.
class Regrouping {
public:
    Regrouping(std::string_view pattern, std::size_t wanted) : from_(pattern), wanted_(wanted) {}

    // With group `wanted` as the secret and no other; 0: all groups, without names.
    std::string write() {
        while (at_ < from_.size()) {
            const char c = from_[at_];
            if (c == '\\') escape();
            else if (c == '[') character_class();
            else if (c == '(') group();
            else copy(1);
        }
        return std::move(to_);
    }

private:
    void copy(std::size_t bytes) {
        to_ += from_.substr(at_, bytes);
        at_ = std::min(from_.size(), at_ + bytes);
    }

    void escape() {
        if (!from_.substr(at_).starts_with("\\Q")) return copy(2);
        const std::size_t end = from_.find("\\E", at_);
        copy(end == std::string_view::npos ? from_.size() - at_ : end + 2 - at_);
    }

    void character_class() {
        copy(1);
        if (at_ < from_.size() && from_[at_] == '^') copy(1);
        if (at_ < from_.size() && from_[at_] == ']') copy(1);
        while (at_ < from_.size() && from_[at_] != ']') {
            if (from_[at_] == '\\') {
                copy(2);
            } else if (from_.substr(at_).starts_with("[:")) {
                const std::size_t end = from_.find(":]", at_);
                copy(end == std::string_view::npos ? 2 : end + 2 - at_);
            } else {
                copy(1);
            }
        }
    }

    void group() {
        const std::string_view rest = from_.substr(at_);
        const bool named = rest.starts_with("(?P<") || rest.starts_with("(?<");
        if (rest.starts_with("(?") && !named) return copy(2);
        ++number_;
        to_ += wanted_ == 0 ? "(" : wanted_ == number_ ? "(?P<secret>" : "(?:";
        const std::size_t end = named ? from_.find('>', at_) : at_;
        at_ = end == std::string_view::npos ? from_.size() : end + 1;
    }

    std::string_view from_;
    std::size_t wanted_;
    std::size_t at_ = 0, number_ = 0;
    std::string to_;
};

Result<void> carry_pattern(GitleaksRule& from) {
    Rule& rule = from.rule;
    const std::string plain = Regrouping(rule.pattern, 0).write();
    const re2::RE2 expression(plain, regex_options());
    if (!expression.ok()) {
        return fail(ErrorCode::invalid_argument, "`regex`: " + expression.error());
    }
    const int groups = expression.NumberOfCapturingGroups();
    if (from.secret_group < 0 || from.secret_group > groups) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("`secretGroup` is {}, but `regex` has {} groups",
                                from.secret_group, groups));
    }
    rule.first_group = from.secret_group == 0 && groups > 0;
    rule.pattern =
        from.secret_group == 0
            ? plain
            : Regrouping(rule.pattern, static_cast<std::size_t>(from.secret_group)).write();
    return {};
}

Result<RegexNode> carry_width(Rule& rule, std::vector<std::string>& notes) {
    auto tree = parse_regex(rule.pattern);
    if (!tree) return tree;
    const auto width = widest(*tree);
    if (width && *width <= widest_carried) return tree;
    rule.width = carried_width;
    notes.push_back(fmt::format("a match may be of any length: those of more than {} bytes may "
                                "be missed or cut; bound the repeats of `regex`",
                                carried_width));
    return tree;
}

// The keywords as a condition of their own, where a match does not imply one.
void carry_keywords(Rule& rule, const std::vector<std::string>& keywords, const RegexNode& tree,
                    std::vector<std::string>& notes) {
    if (keywords.empty() || anchor_within(tree, keywords, true, rule.width)) return;
    rule.context = keywords;
    rule.context_within = keyword_sight;
    notes.push_back(fmt::format("`keywords` are looked for within {} bytes of a match, not in the "
                                "whole file",
                                keyword_sight));
}

// By a literal of the expression, by the keywords, or as a whole: the first way
// that works. The Error is that of the first.
Result<Rule> find_by(const Rule& rule, const std::vector<std::string>& keywords,
                     const RegexNode& tree, std::vector<std::string>& notes,
                     std::uint64_t& instructions) {
    Rule by_literal = rule;
    carry_keywords(by_literal, keywords, tree, notes);
    auto complete = complete_rule(std::move(by_literal), &instructions);
    if (complete) return complete;
    const bool long_keywords =
        !keywords.empty() && std::all_of(keywords.begin(), keywords.end(), [](const auto& word) {
            return word.size() >= shortest_keyword;
        });
    if (long_keywords) {
        Rule by_keyword = rule;
        by_keyword.anchors = keywords;
        by_keyword.nocase = true;
        by_keyword.reach = keyword_reach;
        if (auto done = complete_rule(std::move(by_keyword), &instructions)) {
            std::erase_if(notes, [](const auto& note) { return note.starts_with("`keywords`"); });
            notes.push_back(fmt::format("`regex` has no literal of 4 bytes that every match has: it "
                                        "is looked for within {} bytes of a keyword",
                                        keyword_reach));
            return done;
        }
    }
    Rule as_whole = rule;
    as_whole.gate = rule.pattern;
    if (!keywords.empty()) {
        as_whole.context = keywords;
        as_whole.context_within = keyword_sight;
    }
    auto done = complete_rule(std::move(as_whole), &instructions);
    if (!done) return complete;
    notes.emplace_back("`regex` has no literal of 4 bytes that every match has: it is looked for as "
                       "a whole, which slows a scan");
    return done;
}

}  // namespace

Result<Rule> carry_over(GitleaksRule from, std::vector<std::string>& notes,
                        std::uint64_t& instructions) {
    Rule& rule = from.rule;
    if (auto carried = carry_pattern(from); !carried) return std::unexpected(carried.error());
    if (std::any_of(rule.pattern.begin(), rule.pattern.end(),
                    [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
        notes.emplace_back("characters beyond ASCII in `regex` are matched byte by byte");
    }
    const auto tree = carry_width(rule, notes);
    if (!tree) return std::unexpected(tree.error());
    // There, a secret's entropy must be more than that of the rule; here, not less.
    constexpr double most_entropy = 8;
    if (rule.entropy > 0) rule.entropy = std::nextafter(rule.entropy, most_entropy + 1);
    std::vector<std::string> keywords = std::move(from.keywords);
    for (std::string& word : keywords) word = lower(std::move(word));
    rule.severity = Severity::high;
    rule.confidence = Confidence::medium;
    rule.carried_over = true;
    return find_by(rule, keywords, *tree, notes, instructions);
}

}  // namespace stratascan::match
