#include "scanner/nested/recognise.hpp"

#include <zlib.h>

#include <array>
#include <bit>

#include "scanner/layer/lz4_legacy.hpp"
#include "scanner/layer/lzw.hpp"
#include "scanner/nested/archive_parser.hpp"
#include "scanner/nested/bytes.hpp"
#include "scanner/nested/class_file.hpp"
#include "scanner/nested/pyc.hpp"
#include "scanner/nested/recognise_weak.hpp"
#include "scanner/nested/sqlite_file.hpp"
#include "scanner/nested/tar_header.hpp"
#include "scanner/nested/upx.hpp"

namespace stratascan::nested {

namespace {

using namespace std::string_view_literals;

// RFC 1952, 2.3: deflate is the only method. Three flags are reserved; Python, Go and busybox
// don't look at them, zlib and GNU gzip refuse what has one.
bool is_gzip(std::string_view head) {
    return head.size() >= 10 && head.starts_with("\x1f\x8b\x08"sv);
}

// RFC 8878, 3.1.1.1: of the descriptor's bits one is reserved. A skippable frame at
// the beginning counts when a frame may follow it.
bool is_zstd(std::string_view head) {
    if (head.size() < 6) return false;
    if (head.starts_with("\x28\xb5\x2f\xfd"sv)) {
        return (static_cast<unsigned char>(head[4]) & 0x08U) == 0;
    }
    if ((static_cast<unsigned char>(head[0]) & 0xf0U) != 0x50U ||
        head.substr(1, 3) != "\x2a\x4d\x18"sv || head.size() < 8) {
        return false;
    }
    const std::uint64_t next = 8 + little_endian(head, 4, 4);
    return next >= head.size() || is_zstd(head.substr(static_cast<std::size_t>(next)));
}

// Behind "BZh" and the block size stands a block or the end of an empty stream.
bool is_bzip2(std::string_view head) {
    return head.size() >= 10 && head.starts_with("BZh") && head[3] >= '1' && head[3] <= '9' &&
           (head.substr(4, 6) == "\x31\x41\x59\x26\x53\x59"sv ||
            head.substr(4, 6) == "\x17\x72\x45\x38\x50\x90"sv);
}

// The xz file format, 2.1.1: the stream flags have a checksum.
bool is_xz(std::string_view head) {
    if (head.size() < 12 || !head.starts_with("\xfd" "7zXZ\0"sv)) return false;
    const auto* flags = reinterpret_cast<const Bytef*>(head.data() + 6);
    return crc32(0, flags, 2) == little_endian(head, 8, 4);
}

// The lzip manual, "File format": version 1, and the dictionary's size in a byte, of which
// the low bits are the logarithm of 4 KiB to 512 MiB.
bool is_lzip(std::string_view head) {
    if (head.size() < 26 || !head.starts_with("LZIP\x01")) return false;
    const unsigned log = static_cast<unsigned char>(head[5]) & 0x1fU;
    return log >= 12 && log <= 29;
}

// lz4_Frame_format.md: the version is 1, reserved bits are 0, blocks have four sizes. A legacy
// frame has a magic only.
bool is_lz4(std::string_view head) {
    if (head.size() >= 8 && head.starts_with(layer::Lz4Legacy::magic)) return true;
    if (head.size() < 7 || !head.starts_with("\x04\x22\x4d\x18"sv)) return false;
    const auto flags = static_cast<unsigned char>(head[4]), block = static_cast<unsigned char>(head[5]);
    return (flags & 0xc2U) == 0x40U && (block & 0x8fU) == 0 && block >> 4U >= 4;
}

// APPNOTE.TXT, 4.4.3 to 4.4.5: the version that a reader needs, times ten, ends at 6.3; of the
// flags some are reserved.
constexpr std::uint64_t newest_zip = 63;
constexpr std::uint64_t zip_flags_known = 0x286f;

bool is_zip_version(std::string_view header) { return little_endian(header, 4, 1) <= newest_zip; }
bool is_zip_method(std::string_view header) {
    const auto method = little_endian(header, 8, 2);
    return method <= 20 || (method >= 92 && method <= 99);
}

// APPNOTE.TXT, 4.3.7 and 4.3.16; and 8.5.3 to 8.5.5, the marks that the first header may have in
// front. Readers begin at the directory and don't ask what this header says of itself: one of its
// fields may be wrong.
bool is_zip(std::string_view head) {
    if (head.starts_with("PK00") || head.starts_with("PK\7\10"sv)) head.remove_prefix(4);
    if (head.starts_with("PK\5\6\0\0\0\0"sv)) return head.size() >= 22;
    if (head.size() < zip_header_size || !head.starts_with("PK\3\4"sv)) return false;
    const bool flags = (little_endian(head, 6, 2) & ~zip_flags_known) == 0;
    return (is_zip_version(head) ? 1 : 0) + (is_zip_method(head) ? 1 : 0) + (flags ? 1 : 0) >= 2;
}

bool is_cpio(std::string_view head) {
    if (head.starts_with("070701") || head.starts_with("070702")) {
        return head.size() >= 110 && head.substr(6, 104).find_first_not_of(
                                         "0123456789abcdefABCDEF") == head.npos;
    }
    return head.starts_with("070707") && head.size() >= 76 &&
           head.substr(6, 70).find_first_not_of("01234567") == head.npos;
}

// Two bytes of magic are few: the name must end where its size says, and not before.
bool is_binary_cpio(std::string_view head) {
    constexpr std::size_t fixed = 26;
    const bool big = head.starts_with(big_binary_cpio);
    if (head.size() <= fixed || (!big && !head.starts_with(little_binary_cpio))) return false;
    const std::uint64_t name = big ? big_endian(head, 20, 2) : little_endian(head, 20, 2);
    const std::size_t end = head.find('\0', fixed);
    if (end == head.npos) return fixed + name > head.size();
    return name > 1 && end == fixed + name - 1;
}

// 7zFormat.txt, "SignatureHeader": a version whose first number is 0, and the CRC-32 of the 20
// bytes that lead to the header proper.
bool is_seven_zip(std::string_view head) {
    if (head.size() < 32 || !head.starts_with("7z\xbc\xaf\x27\x1c\0"sv)) return false;
    const auto* start = reinterpret_cast<const Bytef*>(head.data() + 12);
    return crc32(0, start, 20) == little_endian(head, 8, 4);
}

// RAR's technote: versions 1.5 to 4, and 5.
bool is_rar(std::string_view head) {
    return head.starts_with("Rar!\x1a\x07\0"sv) || head.starts_with("Rar!\x1a\x07\x01\0"sv);
}

// [MS-CAB], 2.1: a reserved field, and version 1.3.
bool is_cabinet(std::string_view head) {
    return head.size() >= 36 && head.starts_with("MSCF\0\0\0\0"sv) &&
           head.substr(24, 2) == "\x03\x01";
}

// Linux, Documentation/filesystems/squashfs.rst and fs/squashfs/squashfs_fs.h: version 4.0, and
// a block's size and its logarithm.
bool is_squashfs(std::string_view head) {
    if (head.size() < 96 || !head.starts_with("hsqs")) return false;
    const auto size = little_endian(head, 12, 4), log = little_endian(head, 22, 2);
    return little_endian(head, 28, 4) == 4 && log >= 12 && log <= 20 && size == 1U << log;
}

// xar's "Headers": the header's size and version 1.
bool is_xar(std::string_view head) {
    return head.size() >= 28 && head.starts_with("xar!") && big_endian(head, 4, 2) >= 28 &&
           big_endian(head, 6, 2) == 1;
}

// gitformat-bundle(5).
bool is_git_bundle(std::string_view head) {
    return head.starts_with("# v2 git bundle\n") || head.starts_with("# v3 git bundle\n");
}

bool is_rpm(std::string_view head) {
    return head.size() >= 112 && head.starts_with("\xed\xab\xee\xdb"sv) &&
           head.substr(96, 4) == "\x8e\xad\xe8\x01"sv;
}

// The SQLite file format, 4.1: the magic, the format's version, and a page's size.
bool is_sqlite_wal(std::string_view head) {
    if (head.size() < 32 || big_endian(head, 0, 4) >> 1U != 0x377f0682 >> 1U) return false;
    const std::uint64_t page = big_endian(head, 8, 4);
    return big_endian(head, 4, 4) == 3'007'000 && page >= 512 && page <= 65536 &&
           std::has_single_bit(page);
}

// gitformat-pack(5): versions 2 and 3 differ in nothing that is read here.
bool is_git_pack(std::string_view head) {
    if (head.size() < 12 || !head.starts_with("PACK")) return false;
    const std::uint64_t version = big_endian(head, 4, 4);
    return version == 2 || version == 3;
}

}  // namespace

bool is_zip_header(std::string_view header) noexcept {
    if (!header.starts_with("PK\3\4"sv)) return false;
    return is_zip_version(header) && is_zip_method(header) && little_endian(header, 26, 2) > 0;
}

Format recognise(std::string_view head) {
    if (is_gzip(head)) return Format::gzip;
    if (is_zstd(head)) return Format::zstd;
    if (is_xz(head)) return Format::xz;
    if (is_bzip2(head)) return Format::bzip2;
    if (is_lzip(head)) return Format::lzip;
    if (is_lz4(head)) return Format::lz4;
    if (layer::is_compress(head)) return Format::compress;
    if (is_zip(head)) return Format::zip;
    if (head.size() >= 68 && head.starts_with("!<arch>\n") && head.substr(66, 2) == "`\n") {
        return Format::ar;
    }
    if (is_rpm(head)) return Format::rpm;
    if (is_cpio(head) || is_binary_cpio(head)) return Format::cpio;
    if (is_tar_block(head.substr(0, tar_block))) return Format::tar;
    if (is_git_pack(head)) return Format::git_pack;
    if (is_git_bundle(head)) return Format::git_bundle;
    if (is_seven_zip(head)) return Format::seven_zip;
    if (is_rar(head)) return Format::rar;
    if (is_cabinet(head)) return Format::cabinet;
    if (is_squashfs(head)) return Format::squashfs;
    if (is_xar(head)) return Format::xar;
    if (read_sqlite_header(head)) return Format::sqlite;
    if (is_sqlite_wal(head)) return Format::sqlite_wal;
    if (find_upx(head)) return Format::upx;
    if (is_class_file(head)) return Format::class_file;
    if (is_pyc(head)) return Format::pyc;
    if (head.starts_with("#!")) return Format::script;
    if (head.starts_with("\x7f" "ELF")) return Format::elf;
    if (is_zlib(head)) return Format::zlib;
    if (is_lzma(head)) return Format::lzma;
    return Format::none;
}

std::string_view to_string(Format format) noexcept {
    constexpr std::array<std::string_view, 30> names = {
        "none", "gzip", "zlib", "zstd", "bzip2", "xz", "lzip", "lzma", "lz4", "compress", "tar", "zip",
        "ar",   "cpio", "rpm",  "git pack", "git bundle", "SQLite", "SQLite log",
        "UPX", "class file", ".pyc", "script", "ELF", "7z", "RAR", "cabinet", "squashfs",
        "xar", "git object"};
    return names[static_cast<std::size_t>(format)];
}

}  // namespace stratascan::nested
