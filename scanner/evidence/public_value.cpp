#include "scanner/evidence/public_value.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/words.hpp"

namespace stratascan::evidence {

namespace {

constexpr auto npos = std::string_view::npos;

/// Where `value` stands in `around`; npos when it does not.
std::size_t place_in(std::string_view around, std::string_view value) noexcept {
    const bool inside =
        value.data() >= around.data() && value.data() < around.data() + around.size();
    return inside ? static_cast<std::size_t>(value.data() - around.data()) : around.find(value);
}

/// The line that `value` stands in, as far as `around` shows it.
std::string_view line_of(std::string_view around, std::string_view value) noexcept {
    const std::size_t at = place_in(around, value);
    if (at == npos) return {};
    const std::size_t begin = around.substr(0, at).rfind('\n');
    const std::size_t from = begin == npos ? 0 : begin + 1;
    return around.substr(from, around.find('\n', at) - from);
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [text](std::string_view word) {
        return text.find(word) != npos;
    });
}

/// `sha512-…`, `sha256:…`, as subresource integrity and image digests are written.
bool names_its_hash(std::string_view value) {
    constexpr std::array<std::string_view, 7> names = {"md5",    "sha1",    "sha224", "sha256",
                                                       "sha384", "sha512", "blake3"};
    const std::size_t mark = value.find_first_of("-:=");
    if (mark == npos || mark + 16 > value.size()) return false;
    return std::find(names.begin(), names.end(), lowered(value.substr(0, mark))) != names.end();
}

/// A hash by its length, under a name that says so. A password's hash is no hash of
/// this kind: it can be guessed.
bool is_named_hash(std::string_view value, std::string_view name) {
    constexpr std::array<std::size_t, 7> lengths = {32, 40, 56, 64, 96, 128, 16};
    constexpr std::array<std::string_view, 12> words = {
        "hash",   "md5",    "sha",      "sha1",   "sha256",      "sha512",
        "digest", "checksum", "etag", "commit", "fingerprint", "revision"};
    if (std::find(lengths.begin(), lengths.end(), value.size()) == lengths.end()) return false;
    if (!std::all_of(value.begin(), value.end(), is_hex_digit)) return false;
    bool hash = false;
    for (const Piece piece : pieces_of(name)) {
        const std::string word = lowered(piece);
        if (word == "password" || word == "passwd" || word == "pass" || word == "pwd") return false;
        hash = hash || std::find(words.begin(), words.end(), word) != words.end();
    }
    return hash;
}

/// In lock files a package's name may be that of a secret, and its checksum follows.
bool is_locked_checksum(std::string_view line, std::string_view value) {
    const std::size_t at = place_in(line, value);
    if (at == npos) return false;
    const std::string before = lowered(line.substr(0, at));
    return has_any(before, {"integrity", "checksum", "--hash=", "sha256:", "sha512-", "sha1-",
                            " h1:", "\"shasum\"", "narhash"});
}

/// What the first bytes of a value in base64 are, by DER (X.690) and by the form of
/// SSH's keys (RFC 4253, section 6.6).
std::string_view inside_base64(std::string_view value) {
    constexpr std::size_t enough = 64;  // characters, whole groups
    if (value.size() < enough) return {};
    const auto decoded = decode_base64(value.substr(0, enough));
    if (!decoded) return {};
    const std::string_view bytes = *decoded;
    const auto byte = [&bytes](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    for (const std::string_view kind : {"ssh-rsa", "ssh-ed25519", "ecdsa-sha2", "sk-ssh-ed25519",
                                        "sk-ecdsa-sha2", "ssh-dss"}) {
        if (bytes.substr(4).starts_with(kind) && bytes.starts_with(std::string_view("\0\0\0", 3))) {
            return "public key";
        }
    }
    // The contents of a SEQUENCE, whose length may take one to three bytes.
    const auto sequence = [&](std::size_t at) -> std::size_t {
        if (at + 4 > bytes.size() || byte(at) != 0x30) return npos;
        const unsigned length = byte(at + 1);
        if (length < 0x80) return at + 2;
        return length == 0x81 ? at + 3 : length == 0x82 ? at + 4 : npos;
    };
    const std::size_t outer = sequence(0);
    if (outer == npos) return {};
    const std::size_t inner = sequence(outer);
    if (inner == npos || inner + 5 > bytes.size()) return {};
    // SubjectPublicKeyInfo begins with an algorithm: a SEQUENCE that begins with an OID.
    if (byte(inner) == 0x06) return "public key";
    // A TBSCertificate begins with [0] and the version in it.
    if (bytes.substr(inner).starts_with(std::string_view("\xa0\x03\x02\x01", 4))) {
        return "certificate";
    }
    return {};
}

/// Hex digits of `text` as a number.
std::uint64_t hex_number(std::string_view text) noexcept {
    std::uint64_t number = 0;
    for (const char c : text) {
        const unsigned digit = is_digit(c) ? static_cast<unsigned>(c - '0')
                                           : static_cast<unsigned>(to_lower(c) - 'a') + 10;
        number = number * 16 + digit;
    }
    return number;
}

/// A UUID of a version that is made of the time, and a time at which there were
/// computers that made such (RFC 9562, sections 5.1 and 5.7); or one of no bits or
/// all. Those that say they are of other versions may be drawn, whatever they say.
bool is_clock_uuid(std::string_view value) noexcept {
    if (value.find_first_not_of("0-") == npos || value.find_first_not_of("fF-") == npos) return true;
    const std::uint64_t low = hex_number(value.substr(0, 8));
    const std::uint64_t middle = hex_number(value.substr(9, 4));
    const std::uint64_t high = hex_number(value.substr(15, 3));
    constexpr std::uint64_t second = 10'000'000;  // of version 1, which counts 100 ns
    constexpr std::uint64_t year = std::uint64_t{365} * 24 * 3600 * second;
    constexpr std::uint64_t from_1582_to_1970 = 0x01B21DD213814000;
    if (value[14] == '1') {
        const std::uint64_t time = (high << 48) | (middle << 32) | low;
        return time > from_1582_to_1970 + 20 * year && time < from_1582_to_1970 + 80 * year;
    }
    if (value[14] == '7') {
        const std::uint64_t milliseconds = (low << 16) | middle;
        return milliseconds > 45 * (year / 10'000) && milliseconds < 80 * (year / 10'000);
    }
    return false;
}

/// Long lines of the marks of code with next to no blanks: what stands there without quotes is a variable
/// that a program has renamed.
bool is_minified(std::string_view line, std::string_view value) noexcept {
    constexpr std::size_t long_line = 300;  // beside the value
    if (line.size() < long_line + value.size()) return false;
    const auto blanks = std::count_if(line.begin(), line.end(), is_blank);
    const auto marks = std::count_if(line.begin(), line.end(), [](char c) {
        return std::string_view("(){};,").find(c) != npos;
    });
    return static_cast<std::size_t>(blanks) * 20 < line.size() &&
           static_cast<std::size_t>(marks) * 20 > line.size();
}

}  // namespace

bool is_uuid(std::string_view value) noexcept {
    if (value.size() != 36) return false;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? value[i] != '-' : !is_hex_digit(value[i])) return false;
    }
    return true;
}

std::string_view public_reason(std::string_view value, std::string_view name,
                               std::string_view around, bool quoted) {
    if (is_uuid(value) && is_clock_uuid(value)) return "UUID";
    if (names_its_hash(value) || is_named_hash(value, name)) return "hash";
    const std::string_view line = line_of(around, value);
    if (is_locked_checksum(line, value)) return "checksum";
    if (const auto reason = inside_base64(value); !reason.empty()) return reason;
    const std::size_t at = place_in(around, value);
    constexpr std::size_t sight = 400;
    if (at != npos) {
        const std::size_t from = at > sight ? at - sight : 0;
        const std::string before = lowered(around.substr(from, at - from));
        if (has_any(before, {"test vector", "testvector", "test_vector", "known answer",
                             "ciphertext"})) {
            return "test vector";
        }
    }
    if (!quoted && is_minified(line, value)) return "minified code";
    return {};
}

}  // namespace stratascan::evidence
