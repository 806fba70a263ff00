#include "scanner/store/glob.hpp"

namespace stratascan::store {

namespace {

constexpr std::string_view wild = "*?[";

/// The length of the set at the front of `pattern`, 0 where it is none; whether it has `c`.
std::size_t match_set(std::string_view pattern, char c, bool& has) {
    std::size_t at = 1;
    const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
    if (negated) ++at;
    has = false;
    for (bool first = true; at < pattern.size() && (first || pattern[at] != ']'); first = false) {
        const bool range = at + 2 < pattern.size() && pattern[at + 1] == '-' &&
                           pattern[at + 2] != ']';
        const auto low = static_cast<unsigned char>(pattern[at]);
        const auto high = range ? static_cast<unsigned char>(pattern[at + 2]) : low;
        has = has || (low <= static_cast<unsigned char>(c) && static_cast<unsigned char>(c) <= high);
        at += range ? 3 : 1;
    }
    if (at >= pattern.size()) return 0;
    if (negated) has = !has;
    has = has && c != '/';
    return at + 1;
}

/// Bytes of the pattern that take `c`; 0: none.
std::size_t step(std::string_view pattern, char c) {
    if (pattern.empty()) return 0;
    if (pattern[0] == '?') return c == '/' ? 0 : 1;
    if (pattern[0] == '[') {
        bool has = false;
        if (const std::size_t length = match_set(pattern, c, has); length > 0) {
            return has ? length : 0;
        }
    }
    return pattern[0] == c ? 1 : 0;
}

// The last `*` and the last `**` are what is gone back to: an earlier one can take no
// more than a later one may.
bool match(std::string_view pattern, std::string_view text) {
    struct Mark {
        std::size_t pattern = std::string_view::npos, text = 0;
    };
    Mark star, stars;
    std::size_t p = 0;
    std::size_t t = 0;
    for (;;) {
        if (pattern.substr(p).starts_with("**")) {
            // "**/x" is also "x", and "a/**/x" also "a/x"; "a**/x" is not "ax".
            const bool begins_name = p == 0 || pattern[p - 1] == '/';
            p += begins_name && pattern.substr(p).starts_with("**/") ? 3 : 2;
            stars = {p, t};
            star = {};
            if (p == pattern.size() && pattern[p - 1] == '*') return true;
            continue;
        }
        if (p < pattern.size() && pattern[p] == '*') {
            star = {++p, t};
            continue;
        }
        if (p == pattern.size() && t == text.size()) return true;
        if (t < text.size()) {
            if (const std::size_t taken = step(pattern.substr(p), text[t]); taken > 0) {
                p += taken;
                ++t;
                continue;
            }
        }
        if (star.pattern != pattern.npos && star.text < text.size() && text[star.text] != '/') {
            t = ++star.text;
            p = star.pattern;
        } else if (stars.pattern != pattern.npos && stars.text < text.size()) {
            // After "**/" only whole names are left out.
            const bool names = stars.pattern > 0 && pattern[stars.pattern - 1] == '/';
            ++stars.text;
            while (names && stars.text < text.size() && text[stars.text - 1] != '/') ++stars.text;
            t = stars.text;
            p = stars.pattern;
            star = {};
        } else {
            return false;
        }
    }
}

}  // namespace

Glob::Glob(std::string_view pattern) {
    while (pattern.starts_with("/") || pattern.starts_with("./")) {
        pattern.remove_prefix(pattern[0] == '/' ? 1 : 2);
    }
    pattern_ = pattern;
    of_base_ = pattern.find('/') == pattern.npos && pattern.find("**") == pattern.npos;
    prefix_ = pattern.substr(0, pattern.find_first_of(wild));
    const std::size_t slash = pattern.rfind('/');
    const std::string_view last = slash == pattern.npos ? pattern : pattern.substr(slash + 1);
    // A slash may also stand in a set, which then ends behind it.
    const bool literal = last.find_first_of(wild) == last.npos && last.find(']') == last.npos;
    if (!last.empty() && literal) base_ = last;
}

bool Glob::matches(std::string_view path) const {
    const std::size_t slash = path.rfind('/');
    if (of_base_ && slash != path.npos) path.remove_prefix(slash + 1);
    return match(pattern_, path);
}

}  // namespace stratascan::store
