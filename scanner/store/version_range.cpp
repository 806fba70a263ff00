#include "scanner/store/version_range.hpp"

#include <array>
#include <cstdint>
#include <utility>

namespace stratascan::store {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

struct Piece {
    std::string_view text;   ///< digits without leading zeros, or letters; empty: the end
    bool number = false;
    bool apart = false;      ///< a separator stood before it
};

Piece take(std::string_view& rest) {
    Piece piece;
    while (!rest.empty() && !is_digit(rest[0]) && !is_letter(rest[0])) {
        rest.remove_prefix(1);
        piece.apart = true;
    }
    if (rest.empty()) return piece;
    piece.number = is_digit(rest[0]);
    std::size_t end = 0;
    while (end < rest.size() && (piece.number ? is_digit(rest[end]) : is_letter(rest[end]))) ++end;
    piece.text = rest.substr(0, end);
    rest.remove_prefix(end);
    while (piece.number && piece.text.size() > 1 && piece.text[0] == '0') {
        piece.text.remove_prefix(1);
    }
    return piece;
}

/// Where a piece stands that the other version has not got: before the end or behind it.
bool is_earlier_than_end(const Piece& piece) {
    if (piece.number) return false;
    for (const std::string_view word : {"rc", "beta", "alpha", "pre", "dev", "RC", "snapshot"}) {
        if (piece.text.starts_with(word)) return true;
    }
    return piece.apart;
}

std::strong_ordering compare(const Piece& left, const Piece& right) {
    if (left.text.empty() && right.text.empty()) return std::strong_ordering::equal;
    if (left.text.empty()) {
        return is_earlier_than_end(right) ? std::strong_ordering::greater
                                          : std::strong_ordering::less;
    }
    if (right.text.empty()) return 0 <=> compare(right, left);
    if (left.number != right.number) {
        return left.number ? std::strong_ordering::greater : std::strong_ordering::less;
    }
    if (left.number && left.text.size() != right.text.size()) {
        return left.text.size() <=> right.text.size();
    }
    return left.text <=> right.text;
}

}  // namespace

std::strong_ordering compare_versions(std::string_view left, std::string_view right) noexcept {
    // "v1.2" is "1.2".
    for (std::string_view* version : {&left, &right}) {
        if (version->size() > 1 && (*version)[0] == 'v' && is_digit((*version)[1])) {
            version->remove_prefix(1);
        }
    }
    for (;;) {
        const Piece mine = take(left);
        const Piece other = take(right);
        if (mine.text.empty() && other.text.empty()) return std::strong_ordering::equal;
        if (const auto order = compare(mine, other); order != 0) return order;
    }
}

Result<VersionRange> VersionRange::parse(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, Sign>, 7> signs = {{
        {"<=", Sign::less_equal},
        {">=", Sign::greater_equal},
        {"!=", Sign::not_equal},
        {"==", Sign::equal},
        {"<", Sign::less},
        {">", Sign::greater},
        {"=", Sign::equal},
    }};
    VersionRange range;
    const std::string whole(text);
    while (true) {
        const std::size_t comma = text.find(',');
        std::string_view part = text.substr(0, comma);
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        Part made;
        for (const auto& [sign, meaning] : signs) {
            if (!part.starts_with(sign)) continue;
            made.sign = meaning;
            part.remove_prefix(sign.size());
            break;
        }
        while (part.starts_with(' ')) part.remove_prefix(1);
        if (part.empty() || part.find_first_of("<>=! ") != part.npos ||
            part.find_first_of("0123456789") == part.npos) {
            return fail(ErrorCode::invalid_argument, "this is no range of versions", whole,
                        "write <7.88, or >=1.2,<2");
        }
        made.version = part;
        range.parts_.push_back(std::move(made));
        if (comma == text.npos) return range;
        text.remove_prefix(comma + 1);
    }
}

bool VersionRange::holds(std::string_view version) const noexcept {
    if (version.empty()) return false;
    for (const Part& part : parts_) {
        const auto order = compare_versions(version, part.version);
        bool holds = false;
        switch (part.sign) {
        case Sign::less: holds = order < 0; break;
        case Sign::less_equal: holds = order <= 0; break;
        case Sign::greater: holds = order > 0; break;
        case Sign::greater_equal: holds = order >= 0; break;
        case Sign::equal: holds = order == 0; break;
        case Sign::not_equal: holds = order != 0; break;
        }
        if (!holds) return false;
    }
    return true;
}

}  // namespace stratascan::store
