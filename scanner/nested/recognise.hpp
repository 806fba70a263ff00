// What a file's first bytes say it is. Names are never asked. Two magic bytes are
// not enough to take a file for a container: as many of a header's fields as have
// few valid values must have one of them, so that a file of another kind seldom
// costs a decoder its start, and never a gap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stratascan::nested {

enum class Format : std::uint8_t {
    none, gzip, zlib, zstd, bzip2, xz, lzip, lzma, lz4, compress, tar, zip, ar, cpio, rpm, git_pack,
    git_bundle,
    sqlite, sqlite_wal, upx,
    class_file, pyc,  ///< compiled code, whose constants are written out
    script, elf,  ///< something that starts, which a container may stand behind
    seven_zip, rar, cabinet, squashfs, xar,  ///< not opened, which is a gap
    git_object,  ///< inflated; recognise() never says so, it needs its zlib stream
};

/// So many bytes of a file are asked for, if it has them.
inline constexpr std::size_t recognised_within = 512;
inline constexpr std::size_t zip_header_size = 30;

[[nodiscard]] Format recognise(std::string_view head);

/// As an element of a finding's inner path, and in words.
[[nodiscard]] std::string_view to_string(Format format) noexcept;

[[nodiscard]] constexpr bool is_compression(Format format) noexcept {
    return format == Format::gzip || format == Format::zlib || format == Format::zstd ||
           format == Format::bzip2 || format == Format::xz || format == Format::lzip ||
           format == Format::lzma || format == Format::lz4 || format == Format::compress;
}

/// No container itself, and no member of it counts: it has one at most.
[[nodiscard]] constexpr bool has_constants(Format format) noexcept {
    return format == Format::class_file || format == Format::pyc;
}

/// No container itself, but one may stand behind it.
[[nodiscard]] constexpr bool may_have_appended(Format format) noexcept {
    return format == Format::script || format == Format::elf || format == Format::none;
}

/// What nothing here can open.
[[nodiscard]] constexpr bool is_unopened(Format format) noexcept {
    return format >= Format::seven_zip && format <= Format::xar;
}

/// The first bytes of cpio's oldest form, in both orders of bytes.
inline constexpr std::string_view little_binary_cpio = "\xc7\x71", big_binary_cpio = "\x71\xc7";

/// Whether the fixed part of a local file header makes sense.
/// REQUIRES: header.size() >= zip_header_size.
[[nodiscard]] bool is_zip_header(std::string_view header) noexcept;

}  // namespace stratascan::nested
