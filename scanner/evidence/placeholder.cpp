// What people write where a secret will go: `changeme`, `your-api-key-here`,
// `xxxxxxxx`, `1234567890`, `<token>`, `REDACTED`. Each test below looks at the
// value alone and is made so that a drawn value of twenty characters passes none
// of them but by an accident of one in a million: a missed placeholder costs a
// reader a glance, a secret taken for one may cost a great deal more.
#include <algorithm>
#include <array>
#include <cstdint>

#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/evidence.hpp"
#include "scanner/evidence/template.hpp"

namespace stratascan::evidence {

namespace {

constexpr auto npos = std::string_view::npos;

/// Words of a placeholder stand in a short value, or at the start of a long one.
constexpr std::size_t examined_bytes = 256;

/// Letters and digits of `value` in lower case, and nothing else.
std::string squeezed(std::string_view value) {
    std::string text;
    for (const char c : value) {
        if (is_alnum(c)) text.push_back(to_lower(c));
    }
    return text;
}

/// "****", "....", "----": symbols that hide a value, or fill in a form.
bool is_mask(std::string_view value) noexcept {
    if (std::any_of(value.begin(), value.end(), [](char c) {
            return is_alnum(c) || static_cast<unsigned char>(c) >= 0x80;
        })) {
        // U+2022 and U+25CF, the dots of a password field.
        return value.starts_with("\xE2\x80\xA2\xE2\x80\xA2") ||
               value.starts_with("\xE2\x97\x8F\xE2\x97\x8F");
    }
    const char first = value.front();
    const std::size_t other = value.find_first_not_of(first);
    return other == npos ||
           value.find_first_not_of(std::string{first, value[other]}) == npos;
}

/// "AIza...x4Q": the middle was left out.
bool is_elided(std::string_view value) noexcept {
    return value.find("...") != npos || value.find("\xE2\x80\xA6") != npos;
}

/// One character makes up the value, or four fifths of a longer one, or a run
/// of x or * stands for the part left out ("AKIAXXXXXXXX").
bool is_repeated(std::string_view value, std::string_view plain) {
    std::array<std::size_t, 256> counts{};
    std::size_t most = 0;
    for (const char c : plain) {
        most = std::max(most, ++counts[static_cast<unsigned char>(c)]);
    }
    if (plain.size() >= 3 && most == plain.size()) return true;
    if (plain.size() >= 8 && most * 5 >= plain.size() * 4) return true;
    constexpr std::array<std::string_view, 3> fillers = {"xxxxx", "XXXXX", "*****"};
    return std::any_of(fillers.begin(), fillers.end(), [value](std::string_view filler) {
        return value.find(filler) != npos;
    });
}

/// Whether a short unit, said three times or more, makes up the text.
bool is_periodic(std::string_view plain) noexcept {
    if (plain.size() < 6) return false;
    for (std::size_t period = 2; period <= std::min<std::size_t>(plain.size() / 3, 16); ++period) {
        if (plain.substr(period) == plain.substr(0, plain.size() - period)) return true;
    }
    return false;
}

/// Whether `next` follows `c` in the alphabet or among the digits, either way.
bool follows(char c, char next) noexcept {
    if (c == '9' && (next == '0' || next == 'a')) return true;
    if ((c == 'f' || c == 'z') && next == '0') return true;
    return is_digit(c) == is_digit(next) && (next - c == 1 || c - next == 1);
}

/// Most characters follow the one before them, or the one before that, as in
/// "a1b2c3d4e5".
bool is_sequence(std::string_view plain) noexcept {
    if (plain.size() < 6) return false;
    std::array<std::size_t, 2> steps{};
    for (std::size_t distance = 1; distance <= 2; ++distance) {
        for (std::size_t at = distance; at < plain.size(); ++at) {
            if (follows(plain[at - distance], plain[at])) ++steps[distance - 1];
        }
    }
    return steps[0] * 4 >= (plain.size() - 1) * 3 || steps[1] * 10 >= (plain.size() - 2) * 9;
}

/// Texts that no drawn value holds and that say what they are for.
bool says_placeholder(std::string_view plain) noexcept {
    constexpr std::array<std::string_view, 33> texts = {
        "changeme",   "changethis",  "changeit",    "replaceme",    "replacethis",
        "replacewith", "placeholder", "redacted",    "example",      "yourpassword",
        "yoursecret", "yourtoken",   "yourapikey",  "yourapitoken", "youraccess",
        "yourkey",    "yourauth",    "yourclient",  "yourprivate",  "insertyour",
        "enteryour",  "putyour",     "addyour",     "pasteyour",    "notasecret",
        "notreal",    "goeshere",    "keyhere",     "tokenhere",    "secrethere",
        "passwordhere", "deadbeef",  "cafebabe"};
    return std::any_of(texts.begin(), texts.end(), [plain](std::string_view text) {
        return plain.find(text) != npos;
    });
}

/// A word between marks ("fake-token", "dummy_value") that says so.
bool has_filler_word(std::string_view value) {
    constexpr std::array<std::string_view, 17> words = {
        "dummy",  "fake",    "sample", "todo",   "fixme",   "foobar",   "lorem",   "ipsum", "mock",
        "masked", "removed", "hidden", "notset", "invalid", "filtered", "omitted", "snip"};
    std::string word;
    bool first = true;
    for (std::size_t at = 0; at <= value.size(); ++at) {
        if (at < value.size() && is_alnum(value[at])) {
            word.push_back(to_lower(value[at]));
            continue;
        }
        if (first && word == "your" && at < value.size()) return true;
        if (std::find(words.begin(), words.end(), word) != words.end()) return true;
        first = first && word.empty();
        word.clear();
    }
    return false;
}

constexpr std::array<std::string_view, 41> fillers = {
    "test",    "testing", "tests",  "my",    "your",   "foo",    "bar",   "baz",  "qux",
    "foobar",  "dummy",   "fake",   "sample", "some",  "any",    "here",  "insert", "enter",
    "put",     "replace", "change", "me",    "this",   "mock",   "abc",   "xyz",  "none",
    "null",    "undefined", "nothing", "empty", "lorem", "ipsum", "blah", "super", "very",
    "top",     "not",     "real",   "invalid", "asdf"};

constexpr std::array<std::string_view, 52> secret_words = {
    "password", "passwd", "pass",   "pwd",     "passphrase", "secret",   "secrets", "token",
    "tokens",   "key",    "keys",   "api",     "auth",       "access",   "refresh", "client",
    "server",   "user",   "username", "admin", "db",         "database", "app",     "jwt",
    "session",  "cookie", "private", "public", "id",         "value",    "string",  "name",
    "a",        "the",    "is",     "it",      "of",         "for",      "to",      "in",
    "with",     "and",    "shared", "signing", "encryption", "hash",     "salt",    "code",
    "bearer",   "oauth",  "default", "only"};

/// Whether words that fill in for a secret make up the whole text, with at most
/// four digits behind: "test", "my-secret-key", "foobar123". Found by the usual
/// table of which prefixes can be cut into words, and which of those use a filler.
bool is_made_of_fillers(std::string_view plain) {
    constexpr std::size_t longest = 48;
    std::size_t digits = 0;
    while (!plain.empty() && is_digit(plain.back()) && digits < 4) {
        plain.remove_suffix(1);
        ++digits;
    }
    if (plain.empty() || plain.size() > longest) return false;
    enum : std::uint8_t { unreachable = 0, plain_words = 1, with_filler = 2 };
    std::array<std::uint8_t, longest + 1> reached{};
    reached[0] = plain_words;
    const auto extend = [&](std::size_t at, std::string_view word, bool filler) {
        if (!plain.substr(at).starts_with(word)) return;
        const std::uint8_t next = filler ? std::uint8_t{with_filler} : reached[at];
        reached[at + word.size()] = std::max(reached[at + word.size()], next);
    };
    for (std::size_t at = 0; at < plain.size(); ++at) {
        if (reached[at] == unreachable) continue;
        for (const std::string_view word : fillers) extend(at, word, true);
        for (const std::string_view word : secret_words) extend(at, word, false);
    }
    return reached[plain.size()] == with_filler;
}

}  // namespace

std::string_view placeholder_reason(std::string_view value) noexcept {
    value = trimmed(value);
    if (value.empty()) return {};
    value = value.substr(0, examined_bytes);
    if (!template_reason(value).empty()) return "template";
    if (is_mask(value)) return "mask";
    if (is_elided(value)) return "elided";
    const std::string plain = squeezed(value);
    if (is_repeated(value, plain)) return "repeated character";
    if (is_periodic(plain)) return "repeated characters";
    if (is_sequence(plain)) return "sequential characters";
    if (says_placeholder(plain) || has_filler_word(value) || is_made_of_fillers(plain)) {
        return "placeholder";
    }
    return {};
}

}  // namespace stratascan::evidence
