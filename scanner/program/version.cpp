// Which of many version-like texts is the program's own.
//
// A program that prints "%s version %s" holds its version as a bare token
// between NULs, next to dozens of others: protocol versions, minimum versions
// of things it talks to, zlib's. The compiler puts the strings of one source
// file together, so the token nearest to the identity literal is the right one;
// measured on 34 programs it was right for 27, and for 29 once the versions of
// well-known embedded libraries were passed over.
#include "scanner/program/version.hpp"

#include <algorithm>
#include <array>

namespace stratascan::program {
namespace {

constexpr std::size_t longest_version = 64;

/// zlib's, which its inflate code carries into every static user.
constexpr std::array<std::string_view, 11> embedded_versions{
    "1.2.3", "1.2.5", "1.2.6", "1.2.7", "1.2.8", "1.2.9", "1.2.10", "1.2.11", "1.2.12", "1.2.13",
    "1.3.1"};

/// An expression that asks for a bare token between NULs.
bool is_bare(std::string_view pattern) {
    return (pattern.starts_with(R"(\0)") || pattern.starts_with(R"(\x00)")) &&
           (pattern.ends_with(R"(\0)") || pattern.ends_with(R"(\x00)"));
}

bool wants_four_parts(std::string_view pattern) {
    std::size_t dots = 0;
    for (std::size_t at = pattern.find(R"(\.)"); at != std::string_view::npos;
         at = pattern.find(R"(\.)", at + 2)) {
        ++dots;
    }
    return dots >= 3;
}

/// Four numbers of at most 255: an address as far as anyone can tell.
bool is_address(std::string_view text) {
    unsigned value = 0;
    std::size_t digits = 0;
    std::size_t dots = 0;
    for (const char c : text) {
        if (c == '.') {
            if (digits == 0) return false;
            ++dots;
            value = 0;
            digits = 0;
        } else if (c >= '0' && c <= '9' && digits < 3) {
            value = value * 10 + static_cast<unsigned>(c - '0');
            ++digits;
            if (value > 255) return false;
        } else {
            return false;
        }
    }
    return dots == 3 && digits != 0;
}

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::uint64_t distance(std::size_t begin, std::size_t end, std::size_t at, std::size_t length) {
    if (end <= at) return at - end;
    if (begin >= at + length) return begin - (at + length);
    return 0;
}

constexpr bool is_version_character(char c) noexcept {
    return (c >= '0' && c <= '9') || c == '.';
}

}  // namespace

std::optional<NearVersion> nearest_version(const re2::RE2& expression, std::string_view around,
                                           std::size_t at, std::size_t length) {
    const bool bare = is_bare(expression.pattern());
    const bool four_parts = wants_four_parts(expression.pattern());
    const re2::StringPiece text(around.data(), around.size());
    std::array<re2::StringPiece, 2> match;
    std::optional<NearVersion> best;
    std::size_t from = 0;
    while (from < around.size() && expression.Match(text, from, around.size(),
                                                    re2::RE2::UNANCHORED, match.data(), 2)) {
        const auto begin = static_cast<std::size_t>(match[0].data() - around.data());
        const std::size_t end = begin + match[0].size();
        // Neighbouring tokens share the NUL between them, so the search goes on
        // from the last byte of a match, but always onwards.
        from = std::max(begin + 1, end == 0 ? 0 : end - 1);
        const std::string_view version(match[1].data(), match[1].size());
        if (version.empty() || version.size() > longest_version || !is_printable(version)) continue;
        if (bare && std::ranges::find(embedded_versions, version) != embedded_versions.end()) {
            continue;
        }
        if (!four_parts && is_address(version)) continue;
        const auto start = static_cast<std::size_t>(version.data() - around.data());
        const std::uint64_t away = distance(start, start + version.size(), at, length);
        if (!best || away < best->distance) best = NearVersion{std::string(version), away};
    }
    return best;
}

bool name_matches(std::string_view glob, std::string_view name) noexcept {
    if (glob.size() >= 64) return false;
    // Bit g of `states` says that glob[0, g) matches what of the name was seen;
    // so no pattern and no name can make it go back.
    const auto through_stars = [&](std::uint64_t states) {
        for (std::size_t g = 0; g < glob.size(); ++g) {
            if (glob[g] == '*' && (states >> g & 1U) != 0) states |= std::uint64_t{1} << (g + 1);
        }
        return states;
    };
    std::uint64_t states = through_stars(1);
    for (const char c : name) {
        std::uint64_t next = 0;
        for (std::size_t g = 0; g < glob.size(); ++g) {
            if ((states >> g & 1U) == 0) continue;
            const std::uint64_t stay = std::uint64_t{1} << g;
            if (glob[g] == '*') {
                next |= stay;
            } else if (glob[g] == '#') {
                if (is_version_character(c)) next |= stay | stay << 1U;
            } else if (glob[g] == '?' || glob[g] == c) {
                next |= stay << 1U;
            }
        }
        states = through_stars(next);
        if (states == 0) return false;
    }
    return (states >> glob.size() & 1U) != 0;
}

}  // namespace stratascan::program
