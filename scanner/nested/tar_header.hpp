// One block of a tar archive, and the records of a pax header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stratascan::nested {

inline constexpr std::size_t tar_block = 512;

struct TarBlock {
    char type = '0';
    std::uint32_t mode = 0;
    std::uint64_t size = 0;  ///< of what stands behind the header
    bool more_sparse = false;  ///< GNU: a block of the sparse map stands behind the header
    std::string name;
};

/// Whether a block's checksum holds: the sum of its bytes, the field itself taken
/// for spaces. POSIX.1-2017, pax, "ustar Interchange Format". Old writers summed
/// signed bytes. A name may be empty where the format is named.
[[nodiscard]] bool is_tar_block(std::string_view block) noexcept;

/// Nothing when it is no header, or says something that cannot be.
[[nodiscard]] std::optional<TarBlock> read_tar_block(std::string_view block);

struct PaxRecords {
    std::optional<std::string> path;
    std::optional<std::uint64_t> size;
    bool sparse_map_in_contents = false;  ///< GNU's sparse format 1.0
};

/// Of "LENGTH KEY=VALUE\n" lines those that a walk over members needs. A sparse
/// file's own name stands in a record of GNU's. Stops at the first damaged line.
[[nodiscard]] PaxRecords read_pax(std::string_view records);

}  // namespace stratascan::nested
