#include "scanner/match/views/encoded_container.hpp"

#include <array>
#include <utility>

#include "scanner/match/views/digits.hpp"

namespace stratascan::views {

namespace {

using namespace std::string_view_literals;

// As in stretch.cpp: a line goes on when it has so many characters, behind so many bytes.
constexpr std::size_t least_line = 32;
constexpr std::size_t widest_break = 80;

const DigitValues& values_of(Encoding encoding) noexcept {
    return encoding == Encoding::hex ? hex_values : base64_values;
}

unsigned bits_of(Encoding encoding) noexcept { return encoding == Encoding::hex ? 4 : 6; }

// The formats of nested/recognise.hpp, by their magic. Tar has none in its first bytes, and
// the old lzma too little; what is plain in these a view shows anyway.
constexpr std::array magics = {
    "\x1f\x8b\x08"sv,    // gzip
    "\x28\xb5\x2f\xfd"sv,  // zstd
    "PK\3\4"sv,            // zip
    "\xfd" "7zXZ\0"sv,     // xz
    "BZh"sv,               // bzip2
    "LZIP\1"sv,            // lzip
    "\x04\x22\x4d\x18"sv,  // lz4
    "\x02\x21\x4c\x18"sv,  // lz4, legacy
    "7z\xbc\xaf"sv,         // 7z
    "Rar!\x1a\x07"sv,       // RAR
    "MSCF\0\0\0\0"sv,        // cabinet
    "# v2 git"sv, "# v3 git"sv,  // bundles
    "\x1f\x9d"sv,          // compress
    "!<arch>"sv,           // ar
    "\xed\xab\xee\xdb"sv,  // rpm
    "PACK\0\0\0"sv,        // git
    "SQLite "sv,
};

bool begins_container(std::string_view bytes) noexcept {
    for (const std::string_view magic : magics) {
        if (bytes.starts_with(magic)) return true;
    }
    // zlib: RFC 1950, 2.2, as every writer has it.
    if (bytes.size() < 2 || bytes[0] != '\x78') return false;
    const auto flags = static_cast<unsigned char>(bytes[1]);
    return (0x7800U + flags) % 31 == 0 && (flags & 0x20U) == 0;
}

// Whether the first byte is one of a container's, or of one that is base64: what is looked at is
// next to always something else.
constexpr std::array<bool, 256> may_begin = [] {
    std::array<bool, 256> firsts{};
    const auto add = [&](unsigned char first) {
        firsts[first] = true;
        firsts[static_cast<unsigned char>(evidence::base64_digits[first >> 2U])] = true;
        firsts[static_cast<unsigned char>(evidence::base64url_digits[first >> 2U])] = true;
    };
    for (const std::string_view magic : magics) add(static_cast<unsigned char>(magic[0]));
    add(0x78);  // zlib
    return firsts;
}();

// A text's first bytes; cut where a character is none.
std::string_view decoded(Encoding encoding, std::string_view characters,
                         std::array<char, container_sight>& out) noexcept {
    std::size_t size = 0;
    std::uint32_t group = 0;
    unsigned held = 0;
    for (const char c : characters.substr(0, container_sight)) {
        const std::uint8_t value = values_of(encoding)[static_cast<unsigned char>(c)];
        if (value == no_value) break;
        group = group << bits_of(encoding) | value;
        held += bits_of(encoding);
        if (held < 8) continue;
        held -= 8;
        out[size++] = static_cast<char>(group >> held & 0xffU);
    }
    return {out.data(), size};
}

}  // namespace

std::optional<ContainerWriting> container_at(Encoding encoding,
                                             std::string_view characters) noexcept {
    std::array<char, container_sight> once, twice;
    const std::string_view first = decoded(encoding, characters.substr(0, 2), once);
    if (first.empty() || !may_begin[static_cast<unsigned char>(first[0])]) return std::nullopt;
    const std::string_view bytes = decoded(encoding, characters, once);
    if (begins_container(bytes)) return ContainerWriting{encoding, false};
    const std::string_view inner = decoded(Encoding::base64, bytes, twice);
    if (inner.size() >= 6 && begins_container(inner)) return ContainerWriting{encoding, true};
    return std::nullopt;
}

std::size_t ContainerReader::read(std::string_view characters, std::string& bytes) {
    const DigitValues& values = values_of(writing_.outer);
    for (std::size_t at = 0; at < characters.size(); ++at) {
        const char c = characters[at];
        const std::uint8_t value = values[static_cast<unsigned char>(c)];
        const bool of_escape = escape_ && (c == 'n' || c == 'r');
        const bool counts = value != no_value && !of_escape;
        if (counts && between_ == 0) {
            ++line_;
            take(value, bytes);
            continue;
        }
        // Between lines a plus joins two strings, or the next line begins with it.
        const bool plus = counts && c == '+' && !plus_;
        if (counts && !plus) {
            ended_ = !broken_;
            if (ended_) return at;
            line_ = between_ = 0;
            broken_ = escape_ = false;
            if (std::exchange(plus_, false)) take(values['+'], bytes);
            ++line_;
            take(value, bytes);
        } else {
            ended_ = !goes_on(c);
            if (ended_) return at;
            plus_ = plus;
        }
    }
    return characters.size();
}

// A byte that is none of the characters: is it of what stands between two lines?
bool ContainerReader::goes_on(char c) {
    if (line_ < least_line || ++between_ > widest_break) return false;
    const bool of_escape = escape_ && (c == 'n' || c == 'r');
    escape_ = c == '\\';
    broken_ = broken_ || of_escape || c == '\n';
    return of_escape || " \t\r\n\\\"',;#*>|.+"sv.find(c) != std::string_view::npos;
}

void ContainerReader::take(unsigned value, std::string& bytes) {
    group_ = group_ << bits_of(writing_.outer) | value;
    held_ += bits_of(writing_.outer);
    if (held_ < 8) return;
    held_ -= 8;
    const auto byte = static_cast<unsigned char>(group_ >> held_ & 0xffU);
    if (writing_.twice) {
        take_inner(byte, bytes);
    } else {
        bytes += static_cast<char>(byte);
    }
}

// The inner text may be in lines, too; its end is no end of the outer.
void ContainerReader::take_inner(unsigned char c, std::string& bytes) {
    if (inner_ended_ || c == '\n' || c == '\r') return;
    const std::uint8_t value = base64_values[c];
    if (value == no_value) {
        inner_ended_ = true;
        return;
    }
    inner_group_ = inner_group_ << 6U | value;
    inner_held_ += 6;
    if (inner_held_ < 8) return;
    inner_held_ -= 8;
    bytes += static_cast<char>(inner_group_ >> inner_held_ & 0xffU);
}

}  // namespace stratascan::views
