// A pack: "PACK", a version, a count, the objects, and the hash of all of it.
// An object has a header of its type and its size inflated, for a delta where its
// base is, and a zlib stream; nothing says where that ends. gitformat-pack(5).
//
// Objects are shown as they pass. Deltas need bases, so the pack is gathered beside
// that, as far as memory goes: at its end, or where no more can be gathered, what
// deltas make is shown, each base before those made from it. Of deltas behind that
// place only what they insert is shown, and a gap says so. Behind a damaged object
// the next place is looked for where one inflates to its size with a right checksum.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "scanner/nested/archive_parser.hpp"
#include "scanner/nested/git_object.hpp"

namespace stratascan::nested {

/// In front of each object's zlib stream.
struct PackHeader {
    GitKind kind = GitKind::none;  ///< none: a delta
    std::uint64_t size = 0;        ///< inflated; of a delta, not of what it makes
    std::uint64_t distance = 0;    ///< back to its base; 0: the base is known by id
    GitId base;
    std::size_t bytes = 0;         ///< of this header
};
/// The longest header: a size, and a distance or an id.
inline constexpr std::size_t longest_pack_header = 64;
inline constexpr std::size_t pack_begin_bytes = 12;

/// `at`: where `bytes` stand in the pack.
[[nodiscard]] std::optional<PackHeader> read_pack_header(std::string_view bytes,
                                                         std::uint64_t at, GitHash hash) noexcept;

/// An object of a gathered pack.
struct PackEntry {
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    /// Why a delta's result was not shown; shown: it was, or it is no delta.
    enum class Fate : std::uint8_t { shown, no_base, too_large, damaged, too_long };

    std::uint64_t offset = 0;       ///< of its header
    std::uint64_t size = 0;         ///< as in PackHeader
    std::uint32_t packed = 0;       ///< bytes with its header, as far as they fit
    std::uint32_t base = none;      ///< an entry, or a place in the list of ids
    std::uint32_t child = none, sibling = none;  ///< deltas made from it; from its base
    std::uint8_t header = 0;        ///< bytes of the header
    GitKind kind = GitKind::none;   ///< of the object; none: not known yet
    bool by_id = false;             ///< `base` is a place in the list of ids
    Fate fate = Fate::shown;
};

/// Of the memory that one pack may take: what is gathered of it, what deltas need
/// at once, and the largest object that is held whole.
struct PackMemory {
    std::uint64_t gathered = 0, cache = 0, object = 0;
    [[nodiscard]] static PackMemory within(std::uint64_t bytes) noexcept {
        return {bytes / 2, bytes / 8, bytes / 16};
    }
};

/// Objects of the pack become members "blob ID" and the like; those that are too
/// large to be known by id "blob at byte N", deltas without base "delta at byte N".
[[nodiscard]] std::unique_ptr<ArchiveParser> make_git_pack_parser(GitHistory& history,
                                                                  std::uint32_t repository,
                                                                  GitHash hash,
                                                                  std::uint64_t memory);

/// The same of the pack in a bundle (gitformat-bundle(5)).
[[nodiscard]] std::unique_ptr<ArchiveParser> make_git_bundle_parser(GitHistory& history,
                                                                    std::uint32_t repository,
                                                                    std::uint64_t memory);

}  // namespace stratascan::nested
