#include "scanner/evidence/identifier.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/evidence.hpp"

namespace stratascan::evidence {

namespace {

// What stands between a name and its value, in the forms of configuration.
#define ASSIGNED R"(["'\]]{0,2}[ \t]{0,8}(?:=>|:=|=|:)[ \t]{0,8}\\?["']?)"
// A name in one element and the value in the next: `name: X`, `value: Y`.
#define BESIDE R"(\\?["']?[\s,\-]{1,48}\\?["']?(?i:value)\\?["']?[ \t]{0,3}[=:][ \t]{0,3}\\?["']?)"
#define USER R"((?i:(?:^|[^a-z0-9])(?:[a-z0-9]{1,24}[_.\-]?)?(?:user[_\-]?name|user[_\-]?id|user|login)))"
#define USER_VALUE R"(([A-Za-z0-9_][\w.@+\-]{0,63}))"

struct Kind {
    std::string_view name;
    const char* pattern;  ///< every group is a value
};

constexpr std::array<Kind, 3> kinds = {{
    {"user",
     USER "(?:" ASSIGNED "|" BESIDE ")" USER_VALUE
     R"(|\s(?:-u|--user|--proxy-user|-U|--username|--login)[ =]{0,3}["']?([A-Za-z0-9_][\w.@+\-]{0,63}))"
     // netrc, XML, NuGet's attributes, a PHP constant
     R"(|\blogin\s{1,4}([\w.@+\-]{1,64})\s{1,4}password)"
     R"(|<user(?:name)?>\s{0,4}([\w.@+\-]{1,64})\s{0,4}</user)"
     R"x(|(?i:key="username"\s{1,4}value=)"([\w.@+\-]{1,64})")x"
     R"(|DB_USER['"]\s{0,4},\s{0,4}['"]([\w.@+\-]{1,64})['"])"
     R"(|://([A-Za-z0-9_][\w.+\-]{0,63}):)"},
    {"client-id",
     R"((?i:(?:client|app|application|consumer)[_\-. ]?id)(?:)" ASSIGNED "|" BESIDE
     R"()([A-Za-z0-9][\w.\-]{3,127}))"},
    // https://www.twilio.com/docs/glossary/what-is-a-sid
    {"account-sid", R"(\b(AC[0-9a-f]{32})\b)"},
}};
#undef ASSIGNED
#undef BESIDE
#undef USER
#undef USER_VALUE

const re2::RE2& pattern_of(std::size_t index) {
    static const std::array<re2::RE2, kinds.size()> patterns = {
        re2::RE2(kinds[0].pattern, re2::RE2::Latin1), re2::RE2(kinds[1].pattern, re2::RE2::Latin1),
        re2::RE2(kinds[2].pattern, re2::RE2::Latin1)};
    return patterns[index];
}

constexpr bool in_name(char c) noexcept {
    return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

// The run of a name's characters that ends in front of `at`, behind any of `between`.
std::string_view run_before(std::string_view text, std::size_t at, std::string_view between) {
    constexpr std::size_t longest = 128;
    const std::size_t least = at > longest ? at - longest : 0;
    while (at > least && between.find(text[at - 1]) != between.npos) --at;
    std::size_t begin = at;
    while (begin > least && in_name(text[begin - 1])) --begin;
    return text.substr(begin, at - begin);
}

// What the value at `at` is called: in front of an assignment, or in the element before
// one that is called "value".
std::string_view name_before(std::string_view text, std::size_t at) {
    constexpr std::string_view assigning = " \t\"'`\\=:>[](,{";
    const std::string_view name = run_before(text, at, assigning);
    if (lowered(name) != "value") return name;
    const auto begin = static_cast<std::size_t>(name.data() - text.data());
    return run_before(text, begin, " \t\r\n,\"'\\-");
}

bool is_name(std::string_view value) {
    const std::string plain = lowered(value);
    for (const std::string_view word : {"null", "none", "true", "false", "password", "string",
                                        "undefined", "user", "username"}) {
        if (plain == word) return false;
    }
    return placeholder_reason(value).empty();
}

// Whether a user's name is that of a secret's: what both are called begins alike. A name
// that says "user" alone is anybody's.
enum class Kinship : std::uint8_t { same, open, other };

Kinship kinship_of(std::string_view secret_name, std::string_view user_name) {
    const std::string secret = credential_stem(secret_name), user = credential_stem(user_name);
    if (secret == user) return Kinship::same;
    const std::string plain = lowered(secret_name);
    const bool password =
        is_password_name(plain) ||
        (plain.find("token") == plain.npos && plain.find("secret") == plain.npos &&
         plain.find("key") == plain.npos);
    return password && (secret.empty() || user.empty()) ? Kinship::open : Kinship::other;
}

}  // namespace

bool is_password_name(std::string_view name) {
    const std::string plain = lowered(name);
    return plain.find("pass") != plain.npos || plain.find("pwd") != plain.npos;
}

bool is_user_name(std::string_view name) {
    const std::string plain = lowered(name);
    return plain.ends_with("user") || plain.ends_with("username") || plain.ends_with("user_name") ||
           plain.ends_with("login");
}

std::string credential_stem(std::string_view name) {
    std::string plain = lowered(name);
    std::size_t end = plain.npos;
    for (const std::string_view word : {"user", "login", "passw", "passphrase", "passcode", "pass",
                                        "pwd", "token", "secret", "key"}) {
        const std::size_t at = plain.rfind(word);
        if (at != plain.npos && (end == plain.npos || at < end)) end = at;
    }
    if (end == plain.npos) return {};
    plain.resize(end);
    while (!plain.empty() && !is_alnum(plain.back())) plain.pop_back();
    return plain;
}

bool may_be_user(std::string_view value) {
    return !value.empty() && value.size() <= identifier_limit &&
           std::all_of(value.begin(), value.end(),
                       [](char c) { return in_name(c) || c == '@' || c == '+'; }) &&
           is_name(value);
}

bool is_identifier_kind(std::string_view kind) noexcept {
    return std::any_of(kinds.begin(), kinds.end(),
                       [kind](const Kind& one) { return one.name == kind; });
}

std::optional<IdentifierAt> find_identifier(std::string_view kind, std::string_view text,
                                            std::size_t begin, std::size_t end) {
    const auto known = std::find_if(kinds.begin(), kinds.end(),
                                    [kind](const Kind& one) { return one.name == kind; });
    if (known == kinds.end()) return std::nullopt;
    const re2::RE2& pattern = pattern_of(static_cast<std::size_t>(known - kinds.begin()));
    const std::size_t from = begin > identifier_sight ? begin - identifier_sight : 0;
    const std::size_t to = std::min(text.size(), end + identifier_sight);
    const std::string_view secret = text.substr(begin, end - begin);
    const bool user = kind == "user";
    const std::string_view secret_name = user ? name_before(text, begin) : std::string_view();
    std::optional<IdentifierAt> nearest;
    std::pair least(Kinship::other, ~std::size_t{0});
    const re2::StringPiece near(text.data(), to);
    std::array<re2::StringPiece, 8> groups;
    const int wanted = std::min(static_cast<int>(groups.size()), pattern.NumberOfCapturingGroups() + 1);
    for (std::size_t at = from; at < to;) {
        if (!pattern.Match(near, at, to, re2::RE2::UNANCHORED, groups.data(), wanted)) break;
        const auto value = std::find_if(groups.begin() + 1, groups.begin() + wanted,
                                        [](const auto& group) { return !group.empty(); });
        at = static_cast<std::size_t>(groups[0].data() - text.data()) + groups[0].size();
        if (value == groups.begin() + wanted) continue;
        const auto value_begin = static_cast<std::size_t>(value->data() - text.data());
        const std::size_t value_end = value_begin + value->size();
        at = std::max(value_end, at);
        const bool apart = value_end <= begin || value_begin >= end;
        const std::string_view name(value->data(), value->size());
        if (!apart || value_end >= to || name.find(secret) != name.npos ||
            secret.find(name) != secret.npos || !is_name(name)) {
            continue;
        }
        const Kinship kin =
            user ? kinship_of(secret_name, name_before(text, value_begin)) : Kinship::same;
        if (kin == Kinship::other) continue;
        // A name in front of its secret is the rule, behind it the exception.
        const std::size_t distance = value_end <= begin ? begin - value_end : 64 + value_begin - end;
        if (std::pair(kin, distance) >= least) continue;
        least = {kin, distance};
        nearest = {value_begin, value_end};
    }
    return nearest;
}

}  // namespace stratascan::evidence
