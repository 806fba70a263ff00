#include "scanner/match/packed_token.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>

namespace stratascan::match {

namespace {

using Kind = RegexNode::Kind;

// Bits: one that is as rare as four given letters among letters, digits, `_` and `-`.
constexpr double least_rarity = 24;
constexpr std::uint64_t most_lengths = 64;
// Where a token begins must be clear from its first byte.
constexpr std::size_t most_first_bytes = 8;

std::bitset<256> first_bytes(const RegexNode& node) {
    std::bitset<256> first = node.bytes;
    for (const RegexNode& child : node.children) {
        first |= first_bytes(child);
        if (node.kind == Kind::sequence && narrowest(child) > 0) break;
    }
    return first;
}

// Bits by which it is rarer than any other text of letters, digits, `_` and `-`.
double rarity(const RegexNode& node) {
    switch (node.kind) {
        case Kind::empty: return 0;
        case Kind::bytes: {
            const auto is_token_byte = [](unsigned byte) {
                return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= 'a' && byte <= 'z') || byte == '_' || byte == '-';
            };
            unsigned count = 0;
            for (unsigned byte = 0; byte < 256; ++byte) {
                count += node.bytes[byte] && is_token_byte(byte) ? 1 : 0;
            }
            // What stands in no such text, as a dot, is as rare as one letter.
            return 6 - std::log2(std::max(count, 1U));
        }
        case Kind::sequence: {
            double all = 0;
            for (const RegexNode& child : node.children) all += rarity(child);
            return all;
        }
        case Kind::choice: {
            double least = rarity(node.children.front());
            for (const RegexNode& child : node.children) least = std::min(least, rarity(child));
            // Each of them may be met.
            return least - std::log2(static_cast<double>(node.children.size()));
        }
        case Kind::repeat: return node.least * rarity(node.children.front());
    }
    return 0;
}

}  // namespace

std::optional<PackedToken> packed_token(const RegexNode& pattern) {
    const RegexNode* const secret = secret_of(pattern);
    if (secret == nullptr) return std::nullopt;
    const std::uint64_t least = narrowest(*secret);
    const auto most = widest(*secret);
    if (narrowest(pattern) != least || !most || *most - least > most_lengths) return std::nullopt;
    if (first_bytes(*secret).count() > most_first_bytes || rarity(*secret) < least_rarity) {
        return std::nullopt;
    }
    return PackedToken{static_cast<std::uint32_t>(least), static_cast<std::uint32_t>(*most)};
}

bool holds_packed_strings(std::string_view head) noexcept {
    using namespace std::string_view_literals;
    static constexpr std::array beginnings = {
        "\x7f" "ELF"sv,       "MZ"sv,               "\0asm"sv,            "dex\n"sv,
        "SQLi"sv,             "\xfe\xed\xfa\xce"sv, "\xfe\xed\xfa\xcf"sv, "\xce\xfa\xed\xfe"sv,
        "\xcf\xfa\xed\xfe"sv, "\xca\xfe\xba\xbe"sv, "\x37\x7f\x06\x82"sv, "\x37\x7f\x06\x83"sv,
    };
    if (std::ranges::any_of(beginnings, [&](auto one) { return head.starts_with(one); })) return true;
    // CPython's magic numbers have run from 3,000 on since Python 3, and end so.
    return head.size() >= packed_head && head[1] >= '\x0b' && head[1] <= '\x0e' &&
           head.substr(2, 2) == "\r\n";
}

}  // namespace stratascan::match
