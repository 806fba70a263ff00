// Headers of a tar member that readers do not agree on.
//
// A layer is unpacked by whoever runs it, and what one reader takes for a member is to
// another a part of a file: by a size that stands twice, by contents where a link has
// none. Nothing is missed by that here, for the whole stream is scanned; but which path
// a byte belongs to, and what a later layer hides, depends then on the reader, and is
// not for us to guess. The forms are those in which GNU tar 1.34, Python's tarfile, Go's
// archive/tar and libarchive were seen to differ, or say different things by their
// source; no writer is known to make any of them.
#pragma once

#include <cstddef>
#include <string_view>

namespace stratascan::layer {

/// What begins the reason of every gap about it.
inline constexpr std::string_view ambiguous_archive = "ambiguous-archive";

/// Longer runs of headers than this are not looked at; libarchive reads none.
inline constexpr std::size_t most_tar_headers = 4 << 20;

/// What readers disagree on in one member's headers: the blocks from the first extended
/// header (POSIX.1-2017, pax, "pax Extended Header"; GNU tar's `L` and `K`) to the
/// member's own, and whatever stands behind that. "" when they agree.
[[nodiscard]] std::string_view tar_ambiguity(std::string_view headers);

}  // namespace stratascan::layer
