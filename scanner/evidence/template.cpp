// Template languages number in the hundreds, but they mark a variable in few
// ways: a sigil and a bracket (`${X}`, `#{x}`, `{{x}}`, `<%= x %>`), a sigil and a
// name to the end of the value (`$X`, `:x`), or one mark on each side (`%X%`,
// `@X@`, `__X__`, `<x>`). Passwords use the same characters, so a form counts
// only when it is closed, or when nothing but a name is left.
#include "scanner/evidence/template.hpp"

#include <algorithm>
#include <array>

#include "scanner/evidence/codec.hpp"

namespace stratascan::evidence {

namespace {

constexpr auto npos = std::string_view::npos;

constexpr bool is_name_char(char c) noexcept { return is_alnum(c) || c == '_'; }

bool is_name(std::string_view text) noexcept {
    return !text.empty() && !is_digit(text.front()) &&
           std::all_of(text.begin(), text.end(), is_name_char);
}

/// `open` and somewhere behind it `close`.
bool has_pair(std::string_view value, std::string_view open, std::string_view close) noexcept {
    const std::size_t from = value.find(open);
    return from != npos && value.find(close, from + open.size()) != npos;
}

/// `{0}`, `{}`, `{user.name}`, `{args[0]}` anywhere: a field of a format string.
bool has_field(std::string_view value) noexcept {
    for (std::size_t at = value.find('{'); at != npos; at = value.find('{', at + 1)) {
        std::size_t end = at + 1;
        while (end < value.size() && (is_name_char(value[end]) || value[end] == '.' ||
                                      value[end] == '[' || value[end] == ']' ||
                                      value[end] == '!' || value[end] == '$')) {
            ++end;
        }
        if (end < value.size() && value[end] == '}') return true;
    }
    return false;
}

bool has_bracketed_variable(std::string_view value) noexcept {
    struct Pair {
        std::string_view open;
        std::string_view close;
    };
    static constexpr std::array<Pair, 9> pairs = {{{"${", "}"},
                                                   {"$(", ")"},
                                                   {"#{", "}"},
                                                   {"{{", "}}"},
                                                   {"<%", "%>"},
                                                   {"%(", ")s"},
                                                   {"$[", "]"},
                                                   {"{%", "%}"},
                                                   {"<?", "?>"}}};
    return std::any_of(pairs.begin(), pairs.end(), [value](const Pair& pair) {
        return has_pair(value, pair.open, pair.close);
    });
}

/// `$NAME`, `$1`, `$@`: a variable to the end. A name with digits in it is taken
/// for one only in the capitals of the environment: `$ecret99` is a password.
bool is_sigil_variable(std::string_view value) noexcept {
    if (value.size() < 2 || value.front() != '$') return false;
    const std::string_view name = value.substr(1);
    if (name.size() == 1) return true;
    if (!is_name(name)) return false;
    const bool has_digit = std::any_of(name.begin(), name.end(), is_digit);
    const bool has_lower = std::any_of(name.begin(), name.end(), is_lower);
    return !has_digit || !has_lower;
}

/// One mark on each side and a name, or words, between.
bool is_enclosed(std::string_view value) noexcept {
    struct Mark {
        std::string_view open;
        std::string_view close;
        std::string_view also;  ///< what may stand between besides a name's characters
    };
    static constexpr std::array<Mark, 6> marks = {{{"%", "%", ""},
                                                   {"@", "@", ".-"},
                                                   {"__", "__", ".-"},
                                                   {"{", "}", ".-: !"},
                                                   {"[", "]", ".-: "},
                                                   {"%{", "}", ".-: "}}};
    if (value.size() > 2 && value.front() == '<' && value.back() == '>') return true;
    for (const Mark& mark : marks) {
        if (value.size() <= mark.open.size() + mark.close.size()) continue;
        if (!value.starts_with(mark.open) || !value.ends_with(mark.close)) continue;
        const std::string_view inner = value.substr(
            mark.open.size(), value.size() - mark.open.size() - mark.close.size());
        if (std::all_of(inner.begin(), inner.end(), [&mark](char c) {
                return is_name_char(c) || mark.also.find(c) != npos;
            })) {
            return true;
        }
    }
    return false;
}

/// `%s` and its kin as the whole value or set off from letters: "Bearer %s". With a
/// width between, only in a text: a drawn value with symbols may hold "%6x" too.
bool has_conversion(std::string_view value) noexcept {
    constexpr std::size_t drawn_bytes = 24;
    const bool text = value.size() < drawn_bytes || value.find(' ') != npos;
    for (std::size_t at = value.find('%'); at != npos; at = value.find('%', at + 1)) {
        if (at > 0 && is_alnum(value[at - 1])) continue;
        std::size_t end = at + 1;
        while (text && end < value.size() && (is_digit(value[end]) || value[end] == '$' ||
                                      value[end] == '-' || value[end] == '.' ||
                                      value[end] == '*')) {
            ++end;
        }
        while (end < value.size() && (value[end] == 'l' || value[end] == 'z')) ++end;
        if (end >= value.size()) continue;
        if (std::string_view("sdivqxu@wp").find(value[end]) == npos) continue;
        if (end + 1 == value.size() || !is_alnum(value[end + 1])) return true;
    }
    return false;
}

/// `:name`, the bound parameter of SQL; in lower case, as it is written.
bool is_bound_parameter(std::string_view value) noexcept {
    return value.size() > 2 && value.front() == ':' &&
           std::all_of(value.begin() + 1, value.end(),
                       [](char c) { return is_lower(c) || c == '_'; });
}

}  // namespace

std::string_view template_reason(std::string_view value) noexcept {
    value = trimmed(value);
    if (value.empty()) return {};
    const bool variable = has_bracketed_variable(value) || has_field(value) ||
                          is_sigil_variable(value) || is_enclosed(value) ||
                          has_conversion(value) || is_bound_parameter(value);
    return variable ? std::string_view("template") : std::string_view();
}

}  // namespace stratascan::evidence
