// Executables packed by UPX: a program that unpacks another one when it starts.
// Behind the program headers of the packed file stand
//   l_info  checksum (4), "UPX!", size of the loader (2), version (1), format (1)
//   p_info  program id (4), size of the original file (4), size of a block (4)
//   blocks  unpacked size (4), packed size (4), method, filter, its parameter, 0,
//           then the packed bytes
// with numbers in the byte order of the program. The first block is the original's
// ELF header and program headers; the blocks behind it hold its load segments one
// after the other; the loader follows, and behind it what no segment loads. UPX's
// src/stub/src/include/linux.h and p_lx_elf.cpp.
//
// A filter changed the operands of calls and jumps in a code segment so that it
// packs better. It is not undone: texts stand as they were, code does not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/nested/archive_parser.hpp"

namespace stratascan::nested {

struct UpxStart {
    std::size_t blocks = 0;  ///< where the first one begins
    bool big_endian = false;
    std::uint64_t file_size = 0;   ///< of the original, bytes
    std::uint64_t block_size = 0;  ///< unpacked, at most
};

inline constexpr std::size_t upx_block_header = 12;

struct UpxBlock {
    std::uint64_t unpacked = 0, packed = 0;  ///< bytes
    unsigned method = 0;
};

/// Of a file's first bytes; nothing where they are no ELF file packed by UPX by a
/// method that is known.
[[nodiscard]] std::optional<UpxStart> find_upx(std::string_view head) noexcept;

/// Nothing where no packer would write such a header.
/// REQUIRES: header.size() >= upx_block_header.
[[nodiscard]] std::optional<UpxBlock> read_upx_block(std::string_view header,
                                                     bool big_endian) noexcept;

/// The block's bytes; nothing where they are damaged or not of that size.
/// REQUIRES: packed.size() == block.packed.
[[nodiscard]] std::optional<std::string> unpack_upx(const UpxBlock& block,
                                                    std::string_view packed);

/// One member, "UPX": the original as its program headers place it, with zeros in
/// the holes, then what no segment loads. A block and what it unpacks to are held
/// in at most `memory` bytes.
[[nodiscard]] std::unique_ptr<ArchiveParser> make_upx_parser(std::uint64_t memory);

}  // namespace stratascan::nested
