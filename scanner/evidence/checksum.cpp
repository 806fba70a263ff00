// Tokens that carry a checksum of themselves. A checksum that holds is as good
// as proof: chance gives one in 2^32. One that does not hold proves little, since
// documentation and tests are full of tokens of the right shape with random
// filling, and a truncated copy of a real token fails too. So a bad checksum
// lowers a finding's confidence and says so; it does not drop the finding.
#include <algorithm>
#include <cstdint>

#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/codec.hpp"

namespace stratascan::evidence::checks {

namespace {

/// What a checksum that holds, or does not, is worth. `body` is the token
/// without its public prefix and its checksum: a filler there explains more than
/// the failed checksum does.
Output judged(bool holds, std::string_view body) {
    if (holds) return verified("CRC-32 holds");
    if (!placeholder_reason(body).empty()) return placeholder();
    return outcome(Evidence::bad_checksum, "CRC-32 does not hold", -1);
}

bool all_hex(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f');
    });
}

std::string hex_of_crc(std::uint32_t value) { return in_base(value, "0123456789abcdef", 8); }

bool same_hex(std::string_view left, std::string_view right) { return lowered(left) == right; }

/// Prefix, 30 characters, and 6 that are the base-62 CRC-32 of the 30: the form
/// that GitHub described in 2021 and npm took over.
Output base62_tail(std::string_view token, std::string_view separator) {
    constexpr std::size_t body_size = 30;
    constexpr std::size_t tail_size = 6;
    const std::size_t split = token.find(separator);
    if (split == std::string_view::npos) return {};
    const std::string_view rest = token.substr(split + separator.size());
    if (rest.size() != body_size + tail_size) return {};
    const std::string_view body = rest.substr(0, body_size);
    const std::string sum = in_base(crc32(body), base62_digits, tail_size);
    // Words that are filled up with zeros, as manuals have them.
    if (rest.substr(body_size) == "000000" && sum != "000000") return placeholder();
    return judged(sum == rest.substr(body_size), body);
}

}  // namespace

Output github_crc(const Input& input) { return base62_tail(input.secret, "_"); }

Output npm_crc(const Input& input) { return base62_tail(input.secret, "npm_"); }

/// Routable tokens end in `.`, perhaps a version and another `.`, two base-36
/// digits that give the length of the payload, and seven that are the CRC-32.
/// Older tokens of GitLab are 20 random characters with no checksum.
Output gitlab_routable(const Input& input) {
    constexpr std::size_t tail_size = 7;
    constexpr std::size_t length_size = 2;
    const std::string_view token = input.secret;
    const std::size_t dash = token.find('-');
    const std::string_view body =
        dash == std::string_view::npos ? token : token.substr(dash + 1);
    const std::size_t dot = token.rfind('.');
    if (dot == std::string_view::npos || token.size() - dot - 1 != length_size + tail_size) {
        return placeholder_reason(body).empty() ? Output{} : placeholder();
    }
    const std::string_view covered = token.substr(0, token.size() - tail_size);
    const bool holds = in_base(crc32(covered), base36_digits, tail_size) ==
                       token.substr(covered.size());
    return judged(holds, body.substr(0, body.find('.')));
}

Output atlassian_crc(const Input& input) {
    constexpr std::size_t tail_size = 8;
    constexpr std::size_t prefix_size = 12;
    const std::string_view token = input.secret;
    if (token.size() < prefix_size + tail_size) return {};
    const std::string_view covered = token.substr(0, token.size() - tail_size);
    const std::string_view tail = token.substr(covered.size());
    if (!all_hex(tail)) return {};
    return judged(same_hex(tail, hex_of_crc(crc32(covered))), covered.substr(prefix_size));
}

/// The published description, "CRC-32 of the rest", leaves open whether the rest
/// has the prefix in it; either reading is proof when it holds.
Output bitbucket_crc(const Input& input) {
    constexpr std::size_t tail_size = 8;
    constexpr std::size_t prefix_size = 4;
    const std::string_view token = input.secret;
    if (token.size() < prefix_size + tail_size) return {};
    const std::string_view covered = token.substr(0, token.size() - tail_size);
    const std::string_view tail = token.substr(covered.size());
    if (!all_hex(tail)) return {};
    const std::string_view body = covered.substr(prefix_size);
    const bool holds = same_hex(tail, hex_of_crc(crc32(covered))) ||
                       same_hex(tail, hex_of_crc(crc32(body)));
    return judged(holds, body);
}

/// `glsa_`, 32 characters, `_`, and the CRC-32 of those 37 before the second
/// `_`, its bytes written least significant first.
Output grafana_crc(const Input& input) {
    constexpr std::size_t covered_size = 37;
    constexpr std::size_t prefix_size = 5;
    const std::string_view token = input.secret;
    if (token.size() != covered_size + 9 || token[covered_size] != '_') return {};
    const std::string_view covered = token.substr(0, covered_size);
    const bool holds =
        same_hex(token.substr(covered_size + 1), hex(little_endian(crc32(covered))));
    return judged(holds, covered.substr(prefix_size));
}

Output confluent_crc(const Input& input) {
    constexpr std::size_t prefix_size = 4;
    constexpr std::size_t tail_size = 6;
    const std::string_view token = input.secret;
    if (token.size() <= prefix_size + tail_size) return {};
    const std::string_view covered = token.substr(0, token.size() - tail_size);
    const std::string_view body = covered.substr(prefix_size);
    const std::string_view tail = token.substr(covered.size());
    const auto sum_of = [](std::string_view text) {
        return encode_base64(little_endian(crc32(text))).substr(0, tail_size);
    };
    return judged(sum_of(body) == tail || sum_of(covered) == tail, body);
}

Output zuplo_crc(const Input& input) {
    const std::string_view token = input.secret;
    const std::size_t last = token.rfind('_');
    const std::size_t first = token.find('_');
    if (last == std::string_view::npos || first == last || token.size() - last != 9) return {};
    const std::string_view body = token.substr(first + 1, last - first - 1);
    return judged(same_hex(token.substr(last + 1), hex_of_crc(crc32(body))), body);
}

/// An age identity is 32 bytes in bech32, written in upper case.
Output age_bech32(const Input& input) {
    const std::string_view token = trimmed(input.secret);
    if (bech32_holds(token)) return verified("bech32 checksum holds");
    const std::size_t split = token.rfind('1');
    if (split != std::string_view::npos &&
        !placeholder_reason(token.substr(split + 1)).empty()) {
        return placeholder();
    }
    return outcome(Evidence::bad_checksum, "bech32 checksum does not hold", -1);
}

}  // namespace stratascan::evidence::checks
