// A pattern for assignments can't parse a hundred languages, so what it captures
// is often the start of an expression (`os.environ["X"]`, `getToken(user)`), or,
// in minified code, the text between two string literals. Each test here looks
// for a form that expressions have and passwords seldom do. Unquoted values are
// judged more strictly: a string in source code has quotes.
#include "scanner/evidence/code_value.hpp"

#include <algorithm>
#include <array>

#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/words.hpp"

namespace stratascan::evidence {

namespace {

constexpr auto npos = std::string_view::npos;

constexpr bool is_name_char(char c) noexcept { return is_alnum(c) || c == '_' || c == '$'; }

template <std::size_t N>
bool contains_any(std::string_view value, const std::array<std::string_view, N>& texts) noexcept {
    return std::any_of(texts.begin(), texts.end(), [value](std::string_view text) {
        return value.find(text) != npos;
    });
}

template <std::size_t N>
bool starts_with_any(std::string_view value,
                     const std::array<std::string_view, N>& texts) noexcept {
    return std::any_of(texts.begin(), texts.end(), [value](std::string_view text) {
        return value.starts_with(text);
    });
}

/// The value is kept elsewhere, and this says where; or it is encrypted.
bool is_reference(std::string_view value) noexcept {
    constexpr std::array<std::string_view, 22> starts = {
        "process.env", "os.environ", "os.getenv", "System.getenv", "ENV[",    "env.",
        "secrets.",    "vars.",      "vault:",    "vault://",      "ssm:",    "arn:aws",
        "op://",       "!Ref",       "!vault",    "ENC[",          "{cipher}", "env:",
        "import.meta", "ref+",       "$ANSIBLE_VAULT", "keyring:"};
    return starts_with_any(value, starts);
}

/// Whether the letters stand in pieces as long as words and as in words. Two
/// symbols side by side mean little in a drawn password and much between words.
bool is_wordy(std::string_view value) {
    std::size_t letters = 0;
    std::size_t words = 0;
    const auto pieces = pieces_of(value);
    for (const Piece piece : pieces) {
        if (is_digit(piece.front())) continue;
        letters += piece.size();
        ++words;
    }
    return letters >= 4 && letters * 2 >= words * 5 && likeness_to_words(pieces) >= 0.65;
}

/// Whether the value ends its line, as in a configuration file. An expression is
/// cut off by a comma or a bracket of what it stands in.
bool ends_line(char behind) noexcept {
    return behind == '\0' || behind == '\n' || behind == '\r';
}

/// Operators and statements. In a quoted value only those that a minifier leaves
/// between two string literals.
bool has_operators(std::string_view value, bool quoted, char behind) {
    constexpr std::array<std::string_view, 12> statements = {
        "===",     "!==",   "();",   "});",    "function(", "return ",
        "this.",   "self.", "await ", "(function", "){return", "=>{"};
    constexpr std::array<std::string_view, 7> joints = {"){", "=>", "&&", "||", "})", "=\"", "\":"};
    constexpr std::array<std::string_view, 16> unquoted = {
        "->", "::", "==", "!=", "+=", "(", ")", "[", "]", "{", "}", "<", ">", "\"", "'", "`"};
    // The padding of base64 is no comparison.
    while (value.ends_with('=')) value.remove_suffix(1);
    if (value.empty()) return false;
    if (contains_any(value, statements)) return true;
    if (quoted && value.front() == '+' && value.back() == '+') return true;
    if (!quoted && !ends_line(behind) && contains_any(value, unquoted)) return true;
    const bool found = contains_any(value, joints) || (!quoted && contains_any(value, unquoted));
    return found && is_wordy(value);
}

/// `name(`, `a.b(c`, `name[`: a call or an index, with the bracket inside.
bool is_call(std::string_view value, bool quoted, char behind) {
    const std::size_t bracket = value.find_first_of("([");
    if (bracket == npos || bracket == 0) return false;
    const std::string_view callee = value.substr(0, bracket);
    const bool name = std::all_of(callee.begin(), callee.end(), [](char c) {
        return is_name_char(c) || c == '.' || c == ':';
    });
    if (!name || is_digit(callee.front())) return false;
    const char closing = value[bracket] == '(' ? ')' : ']';
    if (!quoted && !ends_line(behind)) return true;
    const bool closed = value.find(closing, bracket) != npos || bracket + 1 == value.size();
    return is_wordy(callee) && (closed || !quoted);
}

/// `a.b.c`: names joined by dots, each of them a name and not a drawn part.
bool is_dotted_name(std::string_view value) {
    constexpr int most_numbers = 2;  // in a name; drawn parts have more
    if (value.find('.') == npos) return false;
    std::string_view rest = value;
    while (true) {
        const std::string_view part = rest.substr(0, rest.find('.'));
        if (part.empty() || is_digit(part.front())) return false;
        if (!std::all_of(part.begin(), part.end(), is_name_char)) return false;
        const auto inside = pieces_of(part);
        const auto numbers = std::count_if(inside.begin(), inside.end(), [](Piece piece) {
            return is_digit(piece.front());
        });
        if (numbers > most_numbers) return false;
        if (part.size() == rest.size()) break;
        rest.remove_prefix(part.size() + 1);
    }
    const auto pieces = pieces_of(value);
    return std::none_of(pieces.begin(), pieces.end(),
                        [](Piece piece) { return is_digit(piece.front()) && piece.size() > 2; }) &&
           likeness_to_words(pieces) >= 0.6;
}

/// The value of a variable: unquoted, a name, and followed by what ends an
/// expression. Values of configuration files end with the line.
bool is_variable(std::string_view value, bool quoted, char behind) {
    if (quoted || behind == '\0' || std::string_view(",)(.[]};").find(behind) == npos) return false;
    if (!std::all_of(value.begin(), value.end(), is_name_char) || is_digit(value.front())) {
        return false;
    }
    // A call or a member is code whatever its name looks like; for the rest, a
    // drawn value in a list or a flow mapping must not pass for a name.
    if (behind == '(' || behind == '.' || behind == '[') return true;
    const auto pieces = pieces_of(value);
    const auto numbers = std::count_if(pieces.begin(), pieces.end(), [](Piece piece) {
        return is_digit(piece.front());
    });
    return numbers <= 1 && is_wordy(value) && (numbers == 0 || !is_digit(pieces.front().front()));
}

/// `SESSION_TOKEN_TTL_SECONDS`: a name in capitals, unquoted, of words.
bool is_constant(std::string_view value, bool quoted) {
    if (quoted || value.find('_') == npos) return false;
    const bool capitals = std::all_of(value.begin(), value.end(), [](char c) {
        return is_upper(c) || is_digit(c) || c == '_';
    });
    if (!capitals) return false;
    const auto pieces = pieces_of(value);
    return read_as_words(pieces) && std::none_of(pieces.begin(), pieces.end(), [](Piece piece) {
               return is_digit(piece.front()) && piece.size() > 2;
           });
}

/// `projects/12/secrets/name/versions/1`: parts that are words or numbers.
bool is_resource_name(std::string_view value) {
    if (std::count(value.begin(), value.end(), '/') < 2) return false;
    while (true) {
        const std::string_view part = value.substr(0, value.find('/'));
        const auto pieces = pieces_of(part);
        const bool number = std::all_of(part.begin(), part.end(), is_digit);
        if (!number && !(read_as_words(pieces) && digits_belong_to_names(pieces))) return false;
        if (part.size() == value.size()) return true;
        value.remove_prefix(part.size() + 1);
    }
}

bool is_path(std::string_view value) {
    if (is_resource_name(value)) return true;
    if (value.starts_with("/") || value.starts_with("./") || value.starts_with("../") ||
        value.starts_with("~/") || value.starts_with("file:")) {
        const auto pieces = pieces_of(value);
        const bool words = pieces.empty() || likeness_to_words(pieces) >= 0.6;
        const bool deep = value.find('/', 1) != npos || value.find('.') != npos;
        return words && (deep || value.size() < 12);
    }
    if (value.size() > 3 && is_alpha(value[0]) && value[1] == ':' && value[2] == '\\') return true;
    // A file name: words and an extension of letters.
    constexpr std::array<std::string_view, 24> extensions = {
        ".json", ".yaml", ".yml", ".txt", ".pem", ".key", ".crt", ".js",   ".ts",   ".py",
        ".html", ".php",  ".rb",  ".go",  ".c",   ".h",   ".cpp", ".java", ".conf", ".ini",
        ".svg",  ".png",  ".css", ".xml"};
    return std::any_of(extensions.begin(), extensions.end(), [value](std::string_view extension) {
               return value.ends_with(extension);
           }) && likeness_to_words(pieces_of(value)) >= 0.6;
}

/// An address without credentials in it.
bool is_plain_url(std::string_view value) noexcept {
    const std::size_t scheme = value.find("://");
    constexpr std::size_t longest_scheme = 12;
    if (scheme > longest_scheme) return false;  // npos is, too
    const std::string_view rest = value.substr(scheme + 3);
    const std::string_view authority = rest.substr(0, rest.find('/'));
    return authority.find('@') == npos;
}

bool is_mail_address(std::string_view value) {
    const std::size_t at = value.find('@');
    if (at == npos || at == 0 || value.find('@', at + 1) != npos) return false;
    const std::string_view domain = value.substr(at + 1);
    constexpr std::array<std::string_view, 8> ends = {".com", ".org", ".net",  ".io",
                                                      ".de",  ".edu", ".test", ".local"};
    return std::any_of(ends.begin(), ends.end(),
                       [domain](std::string_view end) { return domain.ends_with(end); });
}

bool is_regular_expression(std::string_view value) noexcept {
    constexpr std::array<std::string_view, 12> sure = {
        "(?:", "(?=", "(?!", "(?i", "(?P", "(?<", "[a-z", "[A-Z", "[0-9", "[^", "{0,", "{1,"};
    constexpr std::array<std::string_view, 12> signs = {"\\d", "\\w", "\\s", "\\b", "\\S", "\\.",
                                                        ".*",  ".+",  "+)",  "*)",  "]+",  "]*"};
    if (contains_any(value, sure)) return true;
    const auto found = std::count_if(signs.begin(), signs.end(), [value](std::string_view sign) {
        return value.find(sign) != npos;
    });
    return found >= 2 || (found == 1 && (value.front() == '^' || value.back() == '$'));
}

bool is_markup(std::string_view value) noexcept {
    constexpr std::array<std::string_view, 12> signs = {
        "/>", "<br", "<p>", "<a ", "<b>", "<code", "&lt;", "&gt", "&quot;", "&rdquo", "&ldquo",
        "&nbsp"};
    const std::size_t closing = value.find("</");
    const bool tag = closing != npos && closing + 3 < value.size() &&
                     is_alpha(value[closing + 2]) && value.find('>', closing) != npos;
    if (tag) return true;
    const std::size_t found = value.find("/>");
    if (found != npos && value.find('<') >= found) return false;
    return contains_any(value, signs);
}

/// A selector of style sheets: `.token-field`, `#password`, `input[type=password]`.
bool is_selector(std::string_view value) {
    if (value.front() != '.' && value.front() != '#' && value.find("[type=") == npos) return false;
    const auto pieces = pieces_of(value);
    return std::none_of(pieces.begin(), pieces.end(),
                        [](Piece piece) { return is_digit(piece.front()); }) &&
           read_as_words(pieces);
}

}  // namespace

std::string_view code_reason(std::string_view value, bool quoted, char behind) {
    if (value.empty()) return {};
    if (is_reference(value)) return "reference";
    if (is_plain_url(value)) return "URL";
    if (is_path(value)) return "path";
    if (is_mail_address(value)) return "mail address";
    if (is_markup(value)) return "markup";
    if (is_regular_expression(value)) return "regular expression";
    if (is_call(value, quoted, behind)) return "call";
    if (is_dotted_name(value)) return "expression";
    if (is_variable(value, quoted, behind) || is_constant(value, quoted)) return "variable";
    if (has_operators(value, quoted, behind)) return "expression";
    if (is_selector(value)) return "selector";
    return {};
}

}  // namespace stratascan::evidence
