// A value of a Kubernetes Secret. Under `data` it stands in base64, one value a key,
// so nothing in what is encoded says what it is; under `stringData` it stands as it
// is. What else a manifest has (labels, annotations, another object of the same file)
// is no value of a Secret. https://kubernetes.io/docs/concepts/configuration/secret/
#include <algorithm>
#include <optional>
#include <utility>

#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/identifier.hpp"
#include "scanner/evidence/template.hpp"
#include "scanner/evidence/words.hpp"

namespace stratascan::evidence::checks {

namespace {

constexpr auto npos = std::string_view::npos;

constexpr bool in_key(char c) noexcept { return is_alnum(c) || c == '_' || c == '-' || c == '.'; }

/// The key that `text` ends with, before a colon, blanks and an opening brace.
std::string_view last_key(std::string_view text) noexcept {
    const auto drop = [&text](std::string_view any) {
        while (!text.empty() && any.find(text.back()) != npos) text.remove_suffix(1);
    };
    drop("{ \t\r");
    if (text.empty() || text.back() != ':') return {};
    drop(": \t\"'");
    std::size_t from = text.size();
    while (from > 0 && in_key(text[from - 1])) --from;
    return text.substr(from);
}

std::size_t indent_of(std::string_view line) noexcept {
    return std::min(line.find_first_not_of(" \t"), line.size());
}

/// Above, there is a line that begins no mapping: an item of a list.
constexpr std::string_view no_key = "-";

/// The mapping that a value is in.
struct Parent {
    std::string_view key;    ///< empty: not in sight
    std::size_t column = 0;  ///< where its key stands in its line
};

/// That of a line of a manifest: the nearest line above that stands further left, or
/// no_key. Lines of templates, such as Helm's, stand anywhere.
Parent parent_by_indent(std::string_view above, std::size_t indent) noexcept {
    while (!above.empty()) {
        const std::size_t end = above.size() - (above.back() == '\n' ? 1 : 0);
        const std::size_t before = above.substr(0, end).rfind('\n');
        if (before == npos) return {};  // its beginning may be out of sight
        const std::string_view line = above.substr(before + 1, end - before - 1);
        above = above.substr(0, before + 1);
        const std::size_t at = indent_of(line);
        if (at >= line.size() || line[at] == '\r' || line[at] == '#') continue;
        if (line.substr(at).starts_with("{{") || at >= indent) continue;
        const std::string_view key = last_key(line.substr(0, line.find(" #")));
        if (key.empty()) return {no_key, at};
        return {key, static_cast<std::size_t>(key.data() - line.data())};
    }
    return {};
}

/// The same of an object that is written in one line; strings have no braces there.
std::string_view parent_by_brace(std::string_view above) noexcept {
    std::size_t open = 0;
    for (std::size_t at = above.size(); at > 0; --at) {
        if (above[at - 1] == '}') ++open;
        if (above[at - 1] != '{') continue;
        if (open == 0) return last_key(above.substr(0, at));
        --open;
    }
    return {};
}

Parent parent_of(const Input& input, std::string_view above) noexcept {
    const char first = input.match.empty() ? '\0' : input.match.front();
    if (first == '{') return {last_key(above)};
    if (first == ',') return {parent_by_brace(above)};
    return parent_by_indent(above, indent_of(input.match));
}

/// What the object that the lines are of says of its kind, as far as that is seen.
class Kind {
public:
    /// `column`: where the object's keys stand, behind the "- " of a list's item, too.
    explicit Kind(std::size_t column) noexcept : column_(column) {}

    /// False where the line is of another object.
    bool add(std::string_view line) {
        const std::size_t indent = indent_of(line);
        if (line.starts_with("---")) return false;
        if (indent >= line.size() || line[indent] == '\r') return true;
        std::size_t column = indent;
        while (line.substr(column).starts_with("- ")) column += 2;
        if (column == column_ && line.substr(column).starts_with("kind:")) {
            const std::string kind = lowered(line.substr(column + 5));
            (kind.find("secret") == kind.npos ? other_ : secret_) = true;
        }
        return indent >= column_;
    }
    [[nodiscard]] bool is_other() const noexcept { return other_ && !secret_; }

private:
    std::size_t column_;
    bool secret_ = false, other_ = false;
};

/// Whether the object that has its data in a column is said to be of another kind.
bool is_of_other_kind(std::string_view above, std::string_view below, std::size_t column) {
    Kind kind(column);
    for (bool more = true; more && !above.empty();) {
        const std::size_t end = above.size() - (above.back() == '\n' ? 1 : 0);
        const std::size_t before = above.substr(0, end).rfind('\n');
        if (before == npos) break;  // its beginning may be out of sight
        more = kind.add(above.substr(before + 1, end - before - 1));
        above = above.substr(0, before + 1);
    }
    while (!below.empty()) {
        const std::string_view line = below.substr(0, below.find('\n'));
        if (!kind.add(line)) break;
        below.remove_prefix(std::min(line.size() + 1, below.size()));
    }
    return kind.is_other();
}

/// Text of a file or of a setting: no control characters, no byte that is no ASCII.
bool is_text(std::string_view value) noexcept {
    return std::all_of(value.begin(), value.end(), [](char c) {
        return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t';
    });
}

Output judge_text(std::string value) {
    const std::string_view text = trimmed(value);
    if (text.starts_with("-----BEGIN ") && text.find("PRIVATE KEY") == npos) {
        return not_a_secret("public by its form");
    }
    Output output;
    output.detail = "base64 decoded";
    const auto pieces = pieces_of(text);
    if (!placeholder_reason(text).empty() || !template_reason(text).empty()) {
        output = placeholder();
    } else if (pieces.empty() || read_as_words(pieces) ||
               std::none_of(text.begin(), text.end(), is_alpha)) {
        output.detail = "words or a number in base64";
        output.confidence_shift = -1;
    }
    output.decoded = std::move(value);
    return output;
}

struct Entry {
    std::string_view key, value;
};

/// "  key: value", "{"key":"value"": without blanks and quotes.
Entry entry_of(std::string_view text) noexcept {
    static constexpr std::string_view round = " \t\r\"'{},";
    const std::size_t colon = text.find(':');
    if (colon == npos) return {};
    const auto bare = [](std::string_view part) {
        const std::size_t first = part.find_first_not_of(round);
        if (first == npos) return std::string_view();
        return part.substr(first, part.find_last_not_of(round) - first + 1);
    };
    return {bare(text.substr(0, colon)), bare(text.substr(colon + 1))};
}

/// Whose a password is: what the Secret has under a user's name that begins alike.
std::string user_beside(std::string_view around, std::string_view key) {
    if (!is_password_name(key)) return {};
    const std::string stem = credential_stem(key);
    while (!around.empty()) {
        const std::size_t end = std::min(around.find_first_of("\n,{"), around.size());
        const Entry entry = entry_of(around.substr(0, end));
        around.remove_prefix(std::min(end + 1, around.size()));
        if (!is_user_name(entry.key) || credential_stem(entry.key) != stem) continue;
        const auto user = decode_base64(entry.value);
        if (user && may_be_user(*user)) return *user;
    }
    return {};
}

}  // namespace

Output kubernetes_value(const Input& input) {
    const std::size_t place = input.around.find(input.match);
    if (place == npos) return {};
    const std::string_view above = input.around.substr(0, place);
    const auto [parent, column] = parent_of(input, above);
    const std::string_view below = input.around.substr(place + input.match.size());
    if (is_of_other_kind(above, below, parent.empty() ? 0 : column)) {
        return not_a_secret("of another kind of object");
    }
    if (parent == "stringData") return {};
    if (!parent.empty() && parent != "data") return not_a_secret("of no Secret's data");
    auto decoded = decode_base64(trimmed(input.secret));
    if (!decoded || !is_text(*decoded)) return {};
    // gzip in base64 once more, as Helm keeps its releases: a scan looks into it.
    if (decoded->starts_with("H4sI")) return not_a_secret("compressed");
    Output output = judge_text(std::move(*decoded));
    if (!output.decoded.empty()) output.user = user_beside(input.around, entry_of(input.match).key);
    return output;
}

}  // namespace stratascan::evidence::checks
