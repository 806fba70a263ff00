// The layout of the block is POSIX.1-2017 pax, "ustar Interchange Format", with
// GNU's changes: "ustar  " as magic (then there is no prefix field), sizes past
// 8 GiB in base 256, and typeflag S for sparse files. Archives older than both
// (v7) have no magic at all.
#include "scanner/source/tar_header.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace stratascan::source {

namespace {

constexpr std::size_t checksum_at = 148;
constexpr std::size_t checksum_bytes = 8;

unsigned byte_at(TarBlock block, std::size_t at) noexcept {
    return std::to_integer<unsigned>(block[at]);
}

/// A text field: to its first NUL, or all of it.
std::string text_field(TarBlock block, std::size_t at, std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes && byte_at(block, at + i) != 0; ++i) {
        text += static_cast<char>(byte_at(block, at + i));
    }
    return text;
}

std::optional<std::uint64_t> octal_field(TarBlock block, std::size_t at, std::size_t bytes) {
    std::size_t i = 0;
    const auto is_padding = [&](std::size_t n) {
        return byte_at(block, at + n) == ' ' || byte_at(block, at + n) == 0;
    };
    while (i < bytes && is_padding(i)) ++i;
    std::uint64_t value = 0;
    for (; i < bytes && !is_padding(i); ++i) {
        const unsigned digit = byte_at(block, at + i) - unsigned{'0'};
        if (digit > 7) return std::nullopt;
        value = value << 3U | digit;  // 12 digits at most: 36 bits
    }
    for (; i < bytes; ++i) {
        if (!is_padding(i)) return std::nullopt;
    }
    return value;
}

/// Octal, or base 256 where the first bit is set. Negative sizes are none.
std::optional<std::uint64_t> size_field(TarBlock block, std::size_t at, std::size_t bytes) {
    const unsigned first = byte_at(block, at);
    if ((first & 0x80U) == 0) return octal_field(block, at, bytes);
    if ((first & 0x40U) != 0) return std::nullopt;
    std::uint64_t value = first & 0x3fU;
    for (std::size_t i = 1; i < bytes; ++i) {
        if (value > (std::numeric_limits<std::uint64_t>::max() >> 9U)) return std::nullopt;
        value = value << 8U | byte_at(block, at + i);
    }
    return value;
}

std::string prefix_of(TarBlock block) {
    const std::string magic = text_field(block, 257, 6);
    if (magic != "ustar") return {};
    const bool star = text_field(block, 508, 4) == "tar";
    return text_field(block, 345, star ? 131 : 155);
}

void take_record(std::string_view key, std::string_view value, PaxRecords& records) {
    if (key == "path") {
        records.path = value;
    } else if (key == "linkpath") {
        records.link = value;
    } else if (key == "size") {
        std::uint64_t size = 0;
        const char* const end = value.data() + value.size();
        const auto [stop, error] = std::from_chars(value.data(), end, size);
        if (error == std::errc() && stop == end) {
            records.size = size;
        } else {
            records.malformed = true;
        }
    } else if (key.starts_with("GNU.sparse.")) {
        records.sparse = true;
        if (key == "GNU.sparse.name") records.sparse_name = value;
    }
}

}  // namespace

bool is_zero_block(TarBlock block) noexcept {
    return std::ranges::all_of(block, [](std::byte b) { return b == std::byte{0}; });
}

bool is_header_block(TarBlock block) noexcept {
    const auto claimed = octal_field(block, checksum_at, checksum_bytes);
    if (!claimed || is_zero_block(block)) return false;
    std::uint64_t sum = 0;
    std::int64_t signed_sum = 0;
    for (std::size_t at = 0; at < block.size(); ++at) {
        const bool inside = at >= checksum_at && at < checksum_at + checksum_bytes;
        const unsigned value = inside ? unsigned{' '} : byte_at(block, at);
        sum += value;
        signed_sum += value > 127 ? static_cast<int>(value) - 256 : static_cast<int>(value);
    }
    return sum == *claimed ||
           (signed_sum >= 0 && static_cast<std::uint64_t>(signed_sum) == *claimed);
}

std::optional<TarHeader> parse_tar_header(TarBlock block) {
    if (!is_header_block(block)) return std::nullopt;
    const auto size = size_field(block, 124, 12);
    if (!size) return std::nullopt;
    TarHeader header;
    header.name = text_field(block, 0, 100);
    const std::string prefix = prefix_of(block);
    if (!prefix.empty()) header.name = prefix + '/' + header.name;
    header.link = text_field(block, 157, 100);
    header.size = *size;
    header.type = static_cast<char>(byte_at(block, 156));
    header.has_extension = header.type == 'S' && byte_at(block, 482) != 0;
    return header;
}

PaxRecords parse_pax_records(std::string_view body) {
    PaxRecords records;
    while (!body.empty() && body.front() != '\0') {
        std::size_t length = 0;
        const auto [stop, error] = std::from_chars(body.data(), body.data() + body.size(), length);
        const auto digits = static_cast<std::size_t>(stop - body.data());
        const bool sound = error == std::errc() && length <= body.size() &&
                           length >= digits + 3 && body[digits] == ' ' &&
                           body[length - 1] == '\n';
        if (!sound) {
            records.malformed = true;
            break;
        }
        const std::string_view record = body.substr(digits + 1, length - digits - 2);
        const std::size_t equals = record.find('=');
        if (equals == std::string_view::npos) {
            records.malformed = true;
        } else {
            take_record(record.substr(0, equals), record.substr(equals + 1), records);
        }
        body.remove_prefix(length);
    }
    return records;
}

}  // namespace stratascan::source
