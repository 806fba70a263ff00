// One 512-byte header block of a tar archive, and the records of a PAX header.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stratascan::source {

inline constexpr std::size_t tar_block_bytes = 512;
using TarBlock = std::span<const std::byte, tar_block_bytes>;

struct TarHeader {
    std::string name;         ///< prefix joined on; as stored otherwise
    std::string link;         ///< of hard and symbolic links
    std::uint64_t size = 0;   ///< of the data that the header claims to have
    char type = '0';          ///< typeflag; '\0' of old archives as it is
    bool has_extension = false;  ///< GNU sparse: further blocks of the map follow
};

/// What a PAX header overrides, as far as it matters here.
struct PaxRecords {
    std::optional<std::string> path;
    std::optional<std::string> link;
    std::optional<std::uint64_t> size;
    bool sparse = false;
    std::optional<std::string> sparse_name;  ///< goes before `path`
    bool malformed = false;
};

[[nodiscard]] bool is_zero_block(TarBlock block) noexcept;

/// Whether the block's checksum holds: of unsigned bytes, or of signed ones as
/// some old programs summed them.
[[nodiscard]] bool is_header_block(TarBlock block) noexcept;

/// Nothing when the checksum or the size field does not hold.
[[nodiscard]] std::optional<TarHeader> parse_tar_header(TarBlock block);

/// Records are "length key=value\n", the length in decimal and counting itself.
[[nodiscard]] PaxRecords parse_pax_records(std::string_view body);

}  // namespace stratascan::source
