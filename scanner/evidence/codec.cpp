// Base64 in the wild comes in two alphabets, with and without padding, and with
// bits set that a strict decoder would refuse. The decoder here is strict about
// the alphabet and the length, which tell base64 from other text, and lenient
// about padding and left-over bits, which only tell one writer from another.
#include "scanner/evidence/codec.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>

namespace stratascan::evidence {

namespace {

constexpr std::array<std::uint32_t, 256> crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t index = 0; index < 256; ++index) {
        std::uint32_t value = index;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value & 1U) != 0 ? (value >> 1U) ^ 0xEDB88320U : value >> 1U;
        }
        table[index] = value;
    }
    return table;
}();

constexpr std::uint8_t no_digit = 0xFF;

constexpr std::array<std::uint8_t, 256> base64_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(no_digit);
    for (std::size_t index = 0; index < 64; ++index) {
        values[static_cast<std::uint8_t>(base64_digits[index])] = static_cast<std::uint8_t>(index);
        values[static_cast<std::uint8_t>(base64url_digits[index])] =
            static_cast<std::uint8_t>(index);
    }
    return values;
}();

constexpr std::string_view bech32_digits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// One step of BIP 173's checksum, a BCH code over GF(32).
std::uint32_t bech32_step(std::uint32_t state, std::uint32_t value) noexcept {
    constexpr std::array<std::uint32_t, 5> generator = {0x3b6a57b2U, 0x26508e6dU, 0x1ea119faU,
                                                        0x3d4233ddU, 0x2a1462b3U};
    const std::uint32_t top = state >> 25U;
    std::uint32_t next = ((state & 0x1ffffffU) << 5U) ^ value;
    for (std::size_t bit = 0; bit < generator.size(); ++bit) {
        if (((top >> bit) & 1U) != 0) next ^= generator[bit];
    }
    return next;
}

std::uint32_t bech32_prefix_state(std::string_view prefix) noexcept {
    std::uint32_t state = 1;
    for (const char c : prefix) state = bech32_step(state, static_cast<std::uint8_t>(c) >> 5U);
    state = bech32_step(state, 0);
    for (const char c : prefix) state = bech32_step(state, static_cast<std::uint8_t>(c) & 31U);
    return state;
}

}  // namespace

std::uint32_t crc32(std::string_view bytes) noexcept {
    std::uint32_t value = 0xFFFFFFFFU;
    for (const char c : bytes) {
        value = crc_table[(value ^ static_cast<std::uint8_t>(c)) & 0xFFU] ^ (value >> 8U);
    }
    return value ^ 0xFFFFFFFFU;
}

std::string in_base(std::uint64_t value, std::string_view digits, std::size_t width) {
    std::string text;
    while (value != 0) {
        text.push_back(digits[value % digits.size()]);
        value /= digits.size();
    }
    while (text.size() < width) text.push_back(digits.front());
    std::reverse(text.begin(), text.end());
    return text;
}

std::string hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<std::uint8_t>(c);
        text.push_back(digits[byte >> 4U]);
        text.push_back(digits[byte & 15U]);
    }
    return text;
}

std::string little_endian(std::uint32_t value) {
    std::string bytes;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        bytes.push_back(static_cast<char>((value >> shift) & 0xFFU));
    }
    return bytes;
}

std::optional<std::string> decode_base64(std::string_view text) {
    std::size_t padding = 0;
    while (padding < 2 && !text.empty() && text.back() == '=') {
        text.remove_suffix(1);
        ++padding;
    }
    if (text.size() % 4 == 1) return std::nullopt;
    if (padding != 0 && (text.size() + padding) % 4 != 0) return std::nullopt;
    // Reserved in full, so that a decoded key leaves no copies behind in memory
    // that a growing buffer gave back.
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 3);
    std::uint32_t group = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const std::uint8_t value = base64_values[static_cast<std::uint8_t>(c)];
        if (value == no_digit) return std::nullopt;
        group = (group << 6U) | value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes.push_back(static_cast<char>((group >> bits) & 0xFFU));
        }
    }
    return bytes;
}

std::string encode_base64(std::string_view bytes, std::string_view digits, bool padded) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    std::uint32_t group = 0;
    unsigned bits = 0;
    for (const char c : bytes) {
        group = (group << 8U) | static_cast<std::uint8_t>(c);
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            text.push_back(digits[(group >> bits) & 63U]);
        }
    }
    if (bits != 0) text.push_back(digits[(group << (6U - bits)) & 63U]);
    while (padded && text.size() % 4 != 0) text.push_back('=');
    return text;
}

namespace {
constexpr std::string_view base58_digits =
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::size_t longest_base58 = 128;

/// `digits` of base `from`, most significant first, in base `to`, leading zeros kept.
std::string in_other_base(std::string_view digits, unsigned from, unsigned to) {
    std::string others;  // least significant first
    for (const char digit : digits) {
        unsigned carry = static_cast<unsigned char>(digit);
        for (char& other : others) {
            carry += static_cast<unsigned char>(other) * from;
            other = static_cast<char>(carry % to);
            carry /= to;
        }
        for (; carry > 0; carry /= to) others.push_back(static_cast<char>(carry % to));
    }
    for (std::size_t i = 0; i < digits.size() && digits[i] == 0; ++i) others.push_back(0);
    return {others.rbegin(), others.rend()};
}
}  // namespace

std::optional<std::string> decode_base58(std::string_view text) {
    if (text.size() > longest_base58) return std::nullopt;
    std::string digits;
    for (const char c : text) {
        const std::size_t digit = base58_digits.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        digits.push_back(static_cast<char>(digit));
    }
    return in_other_base(digits, 58, 256);
}

std::string encode_base58(std::string_view bytes) {
    std::string text = in_other_base(bytes, 256, 58);
    for (char& c : text) c = base58_digits[static_cast<unsigned char>(c)];
    return text;
}

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string ssh_fingerprint(std::string_view public_blob) {
    return "SHA256:" + encode_base64(sha256(public_blob), base64_digits, false);
}

bool bech32_holds(std::string_view text) {
    const std::string lower = lowered(text);
    const std::size_t split = lower.rfind('1');
    if (split == std::string::npos || split == 0 || lower.size() - split < 7) return false;
    const bool mixed = std::any_of(text.begin(), text.end(), is_upper) &&
                       std::any_of(text.begin(), text.end(), is_lower);
    if (mixed) return false;
    std::uint32_t state = bech32_prefix_state(std::string_view(lower).substr(0, split));
    for (const char c : std::string_view(lower).substr(split + 1)) {
        const std::size_t value = bech32_digits.find(c);
        if (value == std::string_view::npos) return false;
        state = bech32_step(state, static_cast<std::uint32_t>(value));
    }
    return state == 1;
}

std::string encode_bech32(std::string_view prefix, std::string_view bytes) {
    std::string values;
    std::uint32_t group = 0;
    unsigned bits = 0;
    for (const char c : bytes) {
        group = (group << 8U) | static_cast<std::uint8_t>(c);
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            values.push_back(static_cast<char>((group >> bits) & 31U));
        }
    }
    if (bits != 0) values.push_back(static_cast<char>((group << (5U - bits)) & 31U));
    std::uint32_t state = bech32_prefix_state(prefix);
    for (const char c : values) state = bech32_step(state, static_cast<std::uint8_t>(c));
    for (int step = 0; step < 6; ++step) state = bech32_step(state, 0);
    state ^= 1U;
    std::string text(prefix);
    text.push_back('1');
    for (const char c : values) text.push_back(bech32_digits[static_cast<std::uint8_t>(c)]);
    for (unsigned step = 0; step < 6; ++step) {
        text.push_back(bech32_digits[(state >> (5U * (5U - step))) & 31U]);
    }
    return text;
}

std::string lowered(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
    return lower;
}

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string printable(std::string_view text, std::size_t limit) {
    std::string shown;
    for (const char c : text.substr(0, limit)) {
        shown.push_back(c >= ' ' && c <= '~' ? c : '?');
    }
    if (text.size() > limit) shown += "...";
    return shown;
}

}  // namespace stratascan::evidence
