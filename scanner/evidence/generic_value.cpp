// The value of an assignment to a name such as `password`, `secret` or `token`.
// Such names stand next to values in every program, and in a userland nearly all
// of those values are no secrets: they are variables and calls in source code,
// words in parsers and in texts for the screen, types, paths, other names. A drawn
// value has digits, or letters in an order that no word has; a password that a
// person chose has a digit or a symbol. What has neither, or has the form of code,
// is dropped with the reason; placeholders stay, marked as such.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/chosen.hpp"
#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/code_value.hpp"
#include "scanner/evidence/public_value.hpp"
#include "scanner/evidence/template.hpp"
#include "scanner/evidence/words.hpp"

namespace stratascan::evidence::checks {

namespace {

constexpr auto npos = std::string_view::npos;

/// What stands round the value.
struct Place {
    std::string_view name;  ///< of the variable or member that gets the value
    bool quoted = false;
    char behind = '\0';  ///< the first character behind the value and its quote
};

constexpr bool is_quote(char c) noexcept { return c == '"' || c == '\'' || c == '`'; }

/// The last run of name characters in `text`.
std::string_view last_name(std::string_view text) noexcept {
    const auto in_name = [](char c) { return is_alnum(c) || c == '_' || c == '-'; };
    while (!text.empty() && !in_name(text.back())) text.remove_suffix(1);
    std::size_t from = text.size();
    while (from > 0 && in_name(text[from - 1])) --from;
    return text.substr(from);
}

/// What is said between a name and its value: the element that holds the value
/// (`</name><value>`, `value:`), an accessor or a type (`{ get; set; }`, `String::from`).
bool stands_between(std::string_view word) {
    constexpr std::array<std::string_view, 8> words = {"value", "string", "str",     "from",
                                                       "get",   "set",    "default", "as"};
    return std::find(words.begin(), words.end(), lowered(word)) != words.end();
}

/// The name that ends with `text`, whose beginning may stand before the match.
std::string_view whole_name(std::string_view text, const Input& input) {
    std::string_view name = last_name(text);
    for (int more = 0; more < 4 && stands_between(name); ++more) {
        const std::string_view before =
            text.substr(0, static_cast<std::size_t>(name.data() - text.data()));
        const std::string_view other = last_name(before);
        if (other.empty()) break;
        // The element that ends in front of the value's is the name's own.
        const auto at = static_cast<std::size_t>(other.data() - text.data());
        text = before;
        name = at > 1 && before.substr(at - 2, 2) == "</" ? last_name(before.substr(0, at - 2))
                                                          : other;
    }
    const std::size_t at = input.around.find(input.match);
    if (at == npos || name.data() != input.match.data()) return name;
    return last_name(input.around.substr(0, at + name.size()));
}

Place place_of(const Input& input) {
    Place place;
    const std::size_t at = input.match.rfind(input.secret);
    if (at == npos) return place;
    std::string_view before = input.match.substr(0, at);
    place.quoted = !before.empty() && is_quote(before.back());
    place.name = whole_name(before, input);
    std::string_view behind = input.match.substr(at + input.secret.size());
    if (behind.empty()) {
        const std::size_t match_at = input.around.find(input.match);
        if (match_at != npos) behind = input.around.substr(match_at + input.match.size());
    }
    if (!behind.empty() && is_quote(behind.front())) behind.remove_prefix(1);
    if (!behind.empty()) place.behind = behind.front();
    return place;
}

/// `tokenType`, `password_file`, `secret-name`: the value says something about a
/// secret and is none.
bool is_name_of_other(std::string_view name) {
    constexpr std::array<std::string_view, 59> last_words = {
        "url",    "uri",     "file",   "path",    "dir",     "name",    "names",  "type",
        "types",  "field",   "length", "len",     "size",    "label",   "hint",   "policy",
        "regex",  "pattern", "format", "endpoint", "header", "prefix",  "suffix", "expiry",
        "expires", "ttl",    "lifetime", "class", "error",   "message", "msg",    "text",
        "title",  "count",   "index",  "kind",    "placeholder", "description", "desc", "help",
        "ref",    "refs",    "version", "algorithm", "alg",  "method",  "mode",   "status",
        "color",  "colour",  "icon",   "position", "pos",    "start",   "end",    "limit",
        "seconds", "ms",     "minutes"};
    const auto pieces = pieces_of(name);
    if (pieces.size() < 2) return false;
    const std::string last = lowered(pieces.back());
    // An id is public, but Vault calls one half of a credential `secret_id`.
    if (last == "id") return lowered(pieces[pieces.size() - 2]) != "secret";
    return std::find(last_words.begin(), last_words.end(), last) != last_words.end();
}

/// Tokens that prove nothing of who holds them: against forged forms, of the next
/// page of a list, of a request that is sent twice; and what the name calls public.
bool is_name_of_public(std::string_view name) {
    constexpr std::array<std::string_view, 12> words = {
        "csrf",   "xsrf",        "csrfmiddlewaretoken", "authenticity", "nonce", "vapid",
        "public", "publishable", "continuation",        "next",         "page",  "idempotency"};
    const auto pieces = pieces_of(name);
    if (pieces.size() == 2 && lowered(pieces[0]) == "client" && lowered(pieces[1]) == "token") {
        return true;
    }
    return std::any_of(pieces.begin(), pieces.end(), [&words](Piece piece) {
        return std::find(words.begin(), words.end(), lowered(piece)) != words.end();
    });
}

/// `GPG_KEY=E3FF…`: the fingerprint of an OpenPGP key (RFC 9580, section 5.5.4) or its last
/// eight bytes, as images name the keys that signed their parts; and hex in pairs with
/// colons between them, as certificates' fingerprints and serial numbers are written.
bool is_fingerprint(std::string_view value, std::string_view name) {
    constexpr std::size_t pairs = 8;
    std::size_t digits = 0;
    bool spread = value.size() >= 3 * pairs - 1;
    for (std::size_t at = 0; at < value.size(); ++at) {
        const char c = to_lower(value[at]);
        const bool hex = is_digit(c) || (c >= 'a' && c <= 'f');
        spread = spread && (at % 3 == 2 ? c == ':' : hex);
        if (hex) ++digits;
    }
    if (spread && value.size() % 3 == 2) return true;
    if (digits != value.size() || (digits != 16 && digits != 40 && digits != 64)) return false;
    const auto pieces = pieces_of(name);
    return std::any_of(pieces.begin(), pieces.end(), [](Piece piece) {
        const std::string word = lowered(piece);
        return word == "gpg" || word == "pgp" || word == "openpgp";
    });
}

/// `invalid_key`, `TEST_TOKEN`, `expectedSecret`: what tests call their values. And
/// hashes, which are no secrets but of them.
bool is_name_of_tests(std::string_view name) {
    constexpr std::array<std::string_view, 12> words = {
        "invalid", "test",  "tests", "example",  "sample",   "dummy",
        "fake",    "wrong", "mock",  "expected", "exporter", "hash"};
    const auto pieces = pieces_of(name);
    return std::any_of(pieces.begin(), pieces.end(), [&words](Piece piece) {
        return std::find(words.begin(), words.end(), lowered(piece)) != words.end();
    });
}

/// A word of a language or a configuration: it says yes, no, nothing or a type.
bool is_literal_word(std::string_view value) {
    constexpr std::array<std::string_view, 44> words = {
        "true",   "false",  "null",    "none",    "nil",      "undefined", "yes",     "no",
        "on",     "off",    "nan",     "void",    "string",   "str",       "bytes",   "bool",
        "boolean", "int",   "integer", "number",  "float",    "double",    "object",  "any",
        "char",   "array",  "list",    "dict",    "map",      "required",  "optional", "enabled",
        "disabled", "default", "auto", "unknown", "empty",    "unset",     "never",   "always",
        "basic",  "bearer", "digest",  "prompt"};
    while (!value.empty() && (value.back() == '?' || value.back() == '*' || value.back() == '&')) {
        value.remove_suffix(1);
    }
    while (!value.empty() && (value.front() == '*' || value.front() == '&')) {
        value.remove_prefix(1);
    }
    return std::find(words.begin(), words.end(), lowered(value)) != words.end();
}

/// Numbers, versions, dates and times: digits and the marks between them. Eight
/// digits and more inside quotes may be a password.
bool is_number(std::string_view value, bool quoted) noexcept {
    if (value.starts_with("0x") || value.starts_with("0X")) return value.size() <= 18;
    std::size_t digits = 0;
    for (const char c : value) {
        if (is_digit(c)) ++digits;
        else if (std::string_view(".-+:,_/ TZ").find(c) == npos) return false;
    }
    // No program counts so far.
    constexpr std::size_t longest = 20;
    if (digits == 0 || digits > longest) return false;
    return digits < value.size() || !quoted || digits < 8;
}

bool is_colour(std::string_view value) noexcept {
    if (value.size() != 4 && value.size() != 7 && value.size() != 9) return false;
    return value.front() == '#' && std::all_of(value.begin() + 1, value.end(), [](char c) {
               return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f');
           });
}

/// Letters of other scripts and escapes for them count as letters: such a value
/// is a text for people.
bool has_foreign_letters(std::string_view value) noexcept {
    if (value.find("\\u") != npos) return true;
    return std::any_of(value.begin(), value.end(),
                       [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

/// Bytes of a binary format: control characters, or no UTF-8.
bool is_binary(std::string_view value) noexcept {
    std::size_t due = 0;  // bytes that the last lead byte still calls for
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0U) == 0x80U) {
            if (due == 0) return true;
            --due;
            continue;
        }
        if (due != 0 || byte < 0x20 || byte == 0x7F || byte >= 0xF8) return true;
        due = byte < 0x80 ? 0 : byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
    }
    return due != 0;
}

/// Blanks stand between the words of a sentence, a label or a list.
bool has_blank(std::string_view value) noexcept {
    return std::any_of(value.begin(), value.end(), is_blank);
}

/// Letters in one case, or capitalised: short ones are words of some language,
/// whatever their letters. Sixteen drawn ones are a common form of password.
bool is_short_word(std::string_view value, const std::vector<Piece>& pieces) {
    constexpr std::size_t drawn_size = 16;
    if (value.size() >= drawn_size || pieces.size() != 1) return false;
    const Piece word = pieces.front();
    if (is_digit(word.front())) return false;
    // A mark at an end belongs to the text; one inside would have cut the word.
    return value.size() <= word.size() + 1 &&
           (word.size() < 12 || likeness_to_words(pieces) >= 0.6);
}

/// Only words, joined or set off by marks that names and labels use: a name.
bool is_words(std::string_view value, const std::vector<Piece>& pieces) {
    constexpr std::string_view marks = "_-.:/*?,@#&()[]|+~\\=^$>< ";
    const bool plain = std::all_of(value.begin(), value.end(), [marks](char c) {
        return is_alnum(c) || marks.find(c) != npos || static_cast<unsigned char>(c) >= 0x80;
    });
    if (!plain || pieces.empty()) return false;
    // A symbol inside a word stands for a letter, as in p@ssword.
    for (std::size_t at = 1; at + 1 < value.size(); ++at) {
        const bool mark = std::string_view("@$^+~&").find(value[at]) != npos;
        if (mark && is_alpha(value[at - 1]) && is_alpha(value[at + 1])) return false;
    }
    return read_as_words(pieces) && digits_belong_to_names(pieces);
}

/// A word for a secret and a short number ("token1", "key2"): a name that tests
/// and examples make up. People do choose "password1", so that one stays.
bool is_numbered_name(std::string_view value) {
    constexpr std::array<std::string_view, 20> words = {
        "token", "key",   "secret", "value", "arg",   "param", "field", "item",  "string", "var",
        "test",  "state", "node",   "type",  "name",  "data",  "id",    "group", "part",   "str"};
    std::string_view letters = value;
    while (!letters.empty() && is_digit(letters.back())) letters.remove_suffix(1);
    if (letters.size() == value.size() || value.size() - letters.size() > 2) return false;
    return std::find(words.begin(), words.end(), lowered(letters)) != words.end();
}

std::string_view drop_reason(std::string_view value, const Place& place,
                             std::string_view around) {
    constexpr std::size_t shortest = 6;
    if (value.size() < shortest) return "too short";
    if (is_binary(value)) return "binary";
    if (has_foreign_letters(value) && !std::any_of(value.begin(), value.end(), is_digit)) {
        return "translated text";
    }
    if (has_blank(value)) return "words";
    if (!template_reason(value).empty()) return "variable";
    if (is_literal_word(value)) return "literal";
    if (is_number(value, place.quoted)) return "number";
    if (is_colour(value)) return "colour";
    if (is_name_of_other(place.name)) return "says something about a secret";
    if (is_name_of_public(place.name)) return "public by its name";
    if (is_fingerprint(value, place.name)) return "fingerprint";
    if (const auto reason = code_reason(value, place.quoted, place.behind); !reason.empty()) {
        return reason;
    }
    return public_reason(value, place.name, around, place.quoted);
}

/// "sdf0o98sjdfsdf": fingers that run along a row of the keyboard, twice or more.
bool is_typed(std::string_view value) {
    constexpr std::array<std::string_view, 3> rows = {"qwertyuiop", "asdfghjkl", "zxcvbnm"};
    constexpr std::size_t run = 3;
    constexpr std::size_t longest = 40;
    if (value.size() > longest) return false;
    const std::string plain = lowered(value);
    std::size_t runs = 0;
    for (std::size_t at = 0; at + run <= plain.size(); ++at) {
        for (const std::string_view row : rows) {
            if (row.find(std::string_view(plain).substr(at, run)) != npos) ++runs;
        }
    }
    return runs >= 2;
}

/// How sure a value that stays is: drawn ones are surer than chosen ones.
int shift_of(std::string_view value, const std::vector<Piece>& pieces, std::string_view name) {
    const bool digits = std::any_of(value.begin(), value.end(), is_digit);
    if (!digits || is_name_of_tests(name) || is_typed(value)) return -1;
    const auto is_hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
    // What two sides agree on in tests of key exchange.
    constexpr std::size_t shared_bytes = 64;
    if (value.size() >= shared_bytes && lowered(name).find("shared") != std::string::npos &&
        std::all_of(value.begin(), value.end(), is_hex)) {
        return -1;
    }
    if (value.size() < 12) return -1;
    const double likeness = likeness_to_words(pieces);
    // Of a few neighbours in short pieces, and of the letters of hex, it says little. But
    // hex may be a hash: what a constant or a variable of the environment calls a key is none.
    constexpr std::size_t many = 14, hash_size = 32;
    const bool hex = std::all_of(value.begin(), value.end(), is_hex);
    const bool short_pieces = value.size() >= many && value.size() * 2 < pieces.size() * 5;
    if (!hex && short_pieces && likeness < 0.9) return 0;
    const bool capitals = !name.empty() && std::none_of(name.begin(), name.end(), is_lower);
    if (hex && capitals && value.size() >= hash_size) return 0;
    return likeness >= 0.7 ? -1 : 0;
}

/// "user:password" of a Basic header, or any text in base64: its letters tell more
/// than those of the encoding do.
std::optional<Output> judge_encoded(std::string_view value, bool basic) {
    const std::string text = text_inside_base64(value);
    if (text.empty()) {
        if (basic) return outcome(Evidence::pattern, "not base64 of user:password", -1);
        return std::nullopt;
    }
    const std::size_t colon = text.find(':');
    if (basic && colon == npos) {
        return outcome(Evidence::pattern, "not base64 of user:password", -1);
    }
    const std::string_view password =
        colon == npos ? std::string_view(text) : std::string_view(text).substr(colon + 1);
    if (password.empty()) return outcome(Evidence::pattern, "no password", -1);
    if (!placeholder_reason(password).empty()) return placeholder();
    const auto pieces = pieces_of(password);
    if (pieces.empty() || read_as_words(pieces)) {
        return outcome(Evidence::pattern, "words in base64", -1);
    }
    if (!basic) return std::nullopt;
    return outcome(Evidence::well_formed, "user " + printable(text.substr(0, colon), 60),
                   shift_of(password, pieces, {}));
}

}  // namespace

Output generic_value(const Input& input) {
    constexpr std::size_t longest = 4096;
    const std::string_view value = trimmed(input.secret);
    if (value.empty()) return not_a_secret("empty");
    if (value.size() > longest) return outcome(Evidence::pattern, "long value", -1);
    const Place place = place_of(input);
    if (const auto reason = drop_reason(value, place, input.around); !reason.empty()) {
        return not_a_secret(reason);
    }
    if (const auto reason = placeholder_reason(value); !reason.empty()) {
        if (reason == "mask") return not_a_secret("mask");
        return placeholder();
    }
    if (is_published_value(value)) {
        return outcome(Evidence::known_example, "published example", -1);
    }
    const auto pieces = pieces_of(value);
    if (pieces.empty()) return not_a_secret("no letter or digit");
    const bool basic = lowered(input.match.substr(0, 64)).find("basic ") != std::string::npos;
    if (auto judged = judge_encoded(value, basic)) return std::move(*judged);
    if (is_words(value, pieces) || is_short_word(value, pieces)) return not_a_secret("words");
    if (is_numbered_name(value)) return placeholder();
    // Most services number what is theirs with UUIDs; few hand them out as keys.
    if (is_uuid(value)) return outcome(Evidence::pattern, "UUID", -1);
    return outcome(Evidence::pattern, "value of an assignment", shift_of(value, pieces, place.name));
}

/// The password of a file whose form leaves no doubt that it is one. What is left to
/// tell is whether it opens anything: the words of manuals and of tests do not.
Output chosen_password(const Input& input) {
    const std::string_view value = trimmed(input.secret);
    if (value.empty() || !template_reason(value).empty()) return placeholder();
    if (!placeholder_reason(value).empty()) return placeholder();
    if (is_published_value(value)) {
        return outcome(Evidence::known_example, "published example", -1);
    }
    const std::string text = text_inside_base64(value);
    const std::size_t colon = text.find(':');
    const std::string_view plain = text.empty() ? value
                                   : colon == npos
                                       ? std::string_view(text)
                                       : std::string_view(text).substr(colon + 1);
    if (is_chosen_word(plain)) return outcome(Evidence::pattern, "password of words", -2);
    return {};
}

}  // namespace stratascan::evidence::checks
