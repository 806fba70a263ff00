#include "scanner/match/sections.hpp"

#include <algorithm>
#include <cctype>

namespace stratascan::match {

namespace {

// How much of a line, and how many brackets, lines and words, are looked at.
constexpr std::size_t line_sight = 200;
constexpr std::size_t most_brackets = 4, most_outer_lines = 4, most_words = 40;
constexpr std::size_t shortest_name = 3, longest_name = 32;

bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_word(char c) noexcept { return is_upper(c) || is_lower(c) || (c >= '0' && c <= '9'); }
bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }
bool opens(char c) noexcept { return c == '{' || c == '[' || c == '('; }
bool closes(char c) noexcept { return c == '}' || c == ']' || c == ')'; }

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string_view last_of(std::string_view text, std::size_t size) noexcept {
    return text.substr(text.size() - std::min(size, text.size()));
}

// Words as they are written: "newRelic" and "new_relic" are two, "NEWRELIC" is one.
std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    for (std::size_t at = 0; at < text.size() && words.size() < most_words;) {
        if (!is_word(text[at])) {
            ++at;
            continue;
        }
        std::size_t end = at + 1;
        while (end < text.size() && is_word(text[end]) &&
               !(is_upper(text[end]) && is_lower(text[end - 1]))) {
            ++end;
        }
        words.push_back(text.substr(at, end - at));
        at = end;
    }
    return words;
}

// In front of brackets that are open at the end of `before`, innermost first. A bracket that
// begins its line belongs to the line above.
void add_bracket_heads(std::string_view before, std::vector<std::string_view>& heads) {
    std::size_t closed = 0, opened = 0;
    for (std::size_t at = before.size(); at > 0 && opened < most_brackets; --at) {
        const char c = before[at - 1];
        if (closes(c)) ++closed;
        if (!opens(c)) continue;
        if (closed > 0) {
            --closed;
            continue;
        }
        ++opened;
        std::string_view head = before.substr(0, at - 1);
        while (!head.empty() && (is_blank(head.back()) || head.back() == '\n')) head.remove_suffix(1);
        head.remove_prefix(head.find_last_of("\n{}[];,") + 1);
        heads.push_back(last_of(head, line_sight));
    }
}

bool begins_comment(std::string_view line) noexcept {
    for (const std::string_view mark : {"#", "//", ";", "--", "<!--", "*", "/*"}) {
        if (line.starts_with(mark)) return true;
    }
    return false;
}

// Lines above by which a line stands under a name. `above` ends where the line begins, which has
// `indent` blanks in front.
void add_lines_above(std::string_view above, std::size_t indent,
                     std::vector<std::string_view>& heads) {
    std::string_view header, comment;
    std::size_t outer = 0;
    bool same_block = true;
    while (!above.empty() && (header.empty() || outer < most_outer_lines)) {
        above.remove_suffix(1);  // its line feed
        const std::size_t begin = above.find_last_of('\n') + 1;
        const std::string_view whole = above.substr(begin);
        above = above.substr(0, begin);
        const std::string_view line = trimmed(whole);
        if (line.empty()) {
            same_block = false;
            continue;
        }
        const std::size_t blanks = static_cast<std::size_t>(line.data() - whole.data());
        if (begins_comment(line)) {
            if (same_block && comment.empty()) comment = line;
            continue;
        }
        if (header.empty() && line.front() == '[' && line.back() == ']') header = line;
        if (blanks >= indent || outer == most_outer_lines || closes(line.front())) continue;
        indent = blanks;
        ++outer;
        heads.push_back(line.substr(0, line_sight));
    }
    heads.push_back(header.substr(0, line_sight));
    heads.push_back(comment.substr(0, line_sight));
}

// Of the first URL behind a secret, in its line.
std::string_view host_behind(std::string_view behind) noexcept {
    behind = behind.substr(0, std::min(behind.find('\n'), line_sight));
    const std::size_t scheme = behind.find("://");
    if (scheme == std::string_view::npos) return {};
    const std::string_view rest = behind.substr(scheme + 3);
    return rest.substr(0, rest.find_first_of("/\"' \t"));
}

std::vector<std::string_view> heads_of(std::string_view text, std::size_t begin, std::size_t end) {
    std::vector<std::string_view> heads;
    const std::string_view before = last_of(text.substr(0, begin), section_sight);
    const std::size_t line_begin = before.find_last_of('\n') + 1;
    const std::string_view line = before.substr(line_begin);
    // Behind a bracket that closes another's section ends.
    heads.push_back(last_of(line.substr(line.find_last_of("};") + 1), line_sight));
    add_bracket_heads(before, heads);
    const auto word = std::find_if_not(line.begin(), line.end(), is_blank);
    add_lines_above(before.substr(0, line_begin), static_cast<std::size_t>(word - line.begin()),
                    heads);
    heads.push_back(host_behind(text.substr(end)));
    return heads;
}

}  // namespace

std::string secret_form(std::string_view pattern) {
    constexpr std::string_view opening = "(?P<secret>";
    const std::size_t found = pattern.find(opening);
    if (found == std::string_view::npos) return {};
    const std::size_t begin = found + opening.size();
    std::size_t depth = 1, at = begin;
    bool in_class = false;
    for (; at < pattern.size(); ++at) {
        const char c = pattern[at];
        if (c == '\\') {
            ++at;
        } else if (in_class) {
            in_class = c != ']' || pattern[at - 1] == '[';
        } else if (c == '[') {
            in_class = true;
        } else if (c == '(') {
            ++depth;
        } else if (c == ')' && --depth == 0) {
            break;
        }
    }
    std::string form(pattern.substr(begin, at - begin));
    if (pattern.starts_with("(?i)")) form.insert(0, "(?i)");
    return form;
}

bool is_section_name(std::string_view name) noexcept {
    return name.size() >= shortest_name && name.size() <= longest_name &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_word(c) && !is_upper(c); });
}

void Sections::add(const std::string& name, std::uint32_t rule) { rules_[name].push_back(rule); }

std::optional<Section> Sections::find(std::string_view text, std::size_t begin, std::size_t end,
                                      const std::function<bool(std::uint32_t)>& fits) const {
    std::string name;
    const auto known = [&]() -> std::optional<Section> {
        const auto found = rules_.find(name);
        if (found == rules_.end()) return std::nullopt;
        const auto rule = std::find_if(found->second.begin(), found->second.end(), fits);
        if (rule == found->second.end()) return std::nullopt;
        return Section{*rule, found->first};
    };
    const auto append = [&](std::string_view word) {
        for (const char c : word) name += is_upper(c) ? static_cast<char>(c + 32) : c;
    };
    for (const std::string_view head : heads_of(text, begin, end)) {
        const auto words = words_of(head);
        for (std::size_t i = words.size(); i > 0; --i) {
            name.clear();
            append(words[i - 1]);
            if (auto section = known()) return section;
            if (i == words.size()) continue;
            append(words[i]);
            if (auto section = known()) return section;
        }
    }
    return std::nullopt;
}

}  // namespace stratascan::match
