#include "scanner/evidence/identifier.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/evidence.hpp"

namespace stratascan::evidence {

namespace {

// What stands between a name and its value, in the forms of configuration.
#define ASSIGNED R"(["'\]]{0,2}[ \t]{0,8}(?:=>|:=|=|:)[ \t]{0,8}\\?["']?)"

struct Kind {
    std::string_view name;
    const char* pattern;  ///< every group is a value
};

constexpr std::array<Kind, 2> kinds = {{
    {"user",
     R"((?i:(?:^|[^a-z0-9])(?:[a-z0-9]{1,24}[_.\-])?(?:user[_\-]?name|user[_\-]?id|user|login)))" ASSIGNED
     R"(([A-Za-z0-9_][\w.@+\-]{0,63}))"
     R"(|\s(?:-u|--user|--proxy-user|-U|--username|--login)[ =]{0,3}["']?([A-Za-z0-9_][\w.@+\-]{0,63}))"
     // netrc, XML, NuGet's attributes, a PHP constant
     R"(|\blogin\s{1,4}([\w.@+\-]{1,64})\s{1,4}password)"
     R"(|<user(?:name)?>\s{0,4}([\w.@+\-]{1,64})\s{0,4}</user)"
     R"x(|(?i:key="username"\s{1,4}value=)"([\w.@+\-]{1,64})")x"
     R"(|DB_USER['"]\s{0,4},\s{0,4}['"]([\w.@+\-]{1,64})['"])"
     R"(|://([A-Za-z0-9_][\w.+\-]{0,63}):)"},
    {"client-id",
     R"((?i:(?:client|app|application|consumer)[_\-. ]?id))" ASSIGNED
     R"(([A-Za-z0-9][\w.\-]{3,127}))"},
}};
#undef ASSIGNED

const re2::RE2& pattern_of(std::size_t index) {
    static const std::array<re2::RE2, kinds.size()> patterns = {
        re2::RE2(kinds[0].pattern, re2::RE2::Latin1), re2::RE2(kinds[1].pattern, re2::RE2::Latin1)};
    return patterns[index];
}

bool is_name(std::string_view value) {
    const std::string plain = lowered(value);
    for (const std::string_view word : {"null", "none", "true", "false", "password", "string",
                                        "undefined", "user", "username"}) {
        if (plain == word) return false;
    }
    return placeholder_reason(value).empty();
}

}  // namespace

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
    std::optional<IdentifierAt> nearest;
    std::size_t least = ~std::size_t{0};
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
        // A name in front of its secret is the rule, behind it the exception.
        const std::size_t distance = value_end <= begin ? begin - value_end : 64 + value_begin - end;
        if (distance >= least) continue;
        least = distance;
        nearest = {value_begin, value_end};
    }
    return nearest;
}

}  // namespace stratascan::evidence
