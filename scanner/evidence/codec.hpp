// The small encodings that tokens are made of: base64 in both alphabets, base58,
// hex, positional bases, CRC-32 and bech32. Decoders answer "not this encoding" with
// an empty optional, stand any bytes, and never allocate more than their input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stratascan::evidence {

inline constexpr std::string_view base36_digits = "0123456789abcdefghijklmnopqrstuvwxyz";
inline constexpr std::string_view base62_digits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
inline constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
inline constexpr std::string_view base64url_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// CRC-32 as in zlib and PNG (reflected, polynomial 0xEDB88320).
[[nodiscard]] std::uint32_t crc32(std::string_view bytes) noexcept;

/// `value` in a positional base of `digits.size()` digits, padded with the zero
/// digit to `width`.
[[nodiscard]] std::string in_base(std::uint64_t value, std::string_view digits, std::size_t width);

/// Bytes as hex digits, lower case.
[[nodiscard]] std::string hex(std::string_view bytes);

/// The four bytes of `value`, least significant first.
[[nodiscard]] std::string little_endian(std::uint32_t value);

/// Standard or URL-safe alphabet, mixed too; padding may be there or not, but
/// nothing may follow it. A group of one character is no base64.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

[[nodiscard]] std::string encode_base64(std::string_view bytes,
                                        std::string_view digits = base64_digits,
                                        bool padded = true);

/// Bitcoin's alphabet; at most 128 characters, each leading '1' a zero byte.
[[nodiscard]] std::optional<std::string> decode_base58(std::string_view text);
[[nodiscard]] std::string encode_base58(std::string_view bytes);

/// SHA-256 of the bytes: 32 raw bytes.
[[nodiscard]] std::string sha256(std::string_view bytes);

/// "SHA256:" and the unpadded base64 of the SHA-256, as ssh-keygen prints it.
[[nodiscard]] std::string ssh_fingerprint(std::string_view public_blob);

/// Whether `text` is a bech32 string (BIP 173, without its limit of 90) whose
/// checksum holds. `text` is all upper or all lower case.
[[nodiscard]] bool bech32_holds(std::string_view text);

/// The bech32 form of `bytes` under the human-readable part `prefix`, lower case.
[[nodiscard]] std::string encode_bech32(std::string_view prefix, std::string_view bytes);

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
[[nodiscard]] constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
[[nodiscard]] constexpr bool is_alpha(char c) noexcept { return is_lower(c) || is_upper(c); }
[[nodiscard]] constexpr bool is_hex_digit(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
[[nodiscard]] constexpr bool is_alnum(char c) noexcept { return is_alpha(c) || is_digit(c); }
[[nodiscard]] constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}
[[nodiscard]] constexpr char to_lower(char c) noexcept {
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] std::string lowered(std::string_view text);
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

/// At most `limit` bytes of outside text for a detail: printable ASCII only,
/// anything else becomes '?', a cut shows as "...".
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit);

}  // namespace stratascan::evidence
