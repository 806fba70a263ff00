#include "scanner/nested/tar_header.hpp"

#include "scanner/nested/bytes.hpp"

namespace stratascan::nested {

namespace {

std::string_view text(std::string_view field) { return field.substr(0, field.find('\0')); }

// Octal digits, or base 256 where the first byte's highest bit says so (GNU). A
// size of more than 62 bits is none.
std::optional<std::uint64_t> number(std::string_view field) {
    if ((static_cast<unsigned char>(field[0]) & 0x80U) == 0) {
        const std::string_view digits_only = text(field);
        if (digits_only.find_first_not_of(' ') == digits_only.npos) return 0;
        return digits(digits_only, 8);
    }
    if (field.size() < 12) return std::nullopt;
    if (static_cast<unsigned char>(field[0]) != 0x80 ||
        field.substr(1, 3).find_first_not_of('\0') != field.npos) {
        return std::nullopt;
    }
    const std::uint64_t value = big_endian(field, 4, 8);
    if (value >> 62 != 0) return std::nullopt;
    return value;
}

}  // namespace

bool is_tar_block(std::string_view block) noexcept {
    if (block.size() < tar_block) return false;
    if (block[0] == '\0' && block.substr(257, 5) != "ustar") return false;
    const auto claimed = digits(block.substr(148, 8), 8);
    if (!claimed) return false;
    constexpr std::int64_t own_field = std::int64_t{8} * ' ';
    std::int64_t plain = own_field, as_signed = own_field;
    for (std::size_t i = 0; i < tar_block; ++i) {
        if (i >= 148 && i < 156) continue;
        plain += static_cast<unsigned char>(block[i]);
        as_signed += static_cast<signed char>(block[i]);
    }
    const auto sum = static_cast<std::int64_t>(*claimed);
    return sum == plain || sum == as_signed;
}

std::optional<TarBlock> read_tar_block(std::string_view block) {
    if (!is_tar_block(block)) return std::nullopt;
    const auto size = number(block.substr(124, 12));
    if (!size) return std::nullopt;
    TarBlock read;
    read.size = *size;
    read.mode = static_cast<std::uint32_t>(number(block.substr(100, 8)).value_or(0));
    read.type = block[156] == '\0' ? '0' : block[156];
    read.name = text(block.substr(0, 100));
    // POSIX has the front of a long name in a field of its own; GNU has other
    // things there.
    if (block.substr(257, 6) == std::string_view("ustar\0", 6)) {
        const std::string_view prefix = text(block.substr(345, 155));
        if (!prefix.empty()) read.name = std::string(prefix) + '/' + read.name;
    }
    read.more_sparse = read.type == 'S' && block[482] != '\0';
    return read;
}

PaxRecords read_pax(std::string_view records) {
    PaxRecords read;
    while (!records.empty()) {
        const std::size_t space = records.find(' ');
        constexpr std::size_t most_digits = 20;
        if (space > most_digits) break;  // npos is, too
        const auto length = digits(records.substr(0, space), 10);
        if (!length || *length <= space + 1 || *length > records.size()) break;
        const std::string_view line =
            records.substr(space + 1, static_cast<std::size_t>(*length) - space - 2);
        records.remove_prefix(static_cast<std::size_t>(*length));
        const std::size_t equals = line.find('=');
        if (equals == line.npos) break;
        const std::string_view key = line.substr(0, equals), value = line.substr(equals + 1);
        if (key == "GNU.sparse.name" || (key == "path" && !read.path)) read.path = value;
        if (key == "size") read.size = digits(value, 10);
        if (key == "GNU.sparse.major") read.sparse_map_in_contents = value == "1";
    }
    return read;
}

}  // namespace stratascan::nested
