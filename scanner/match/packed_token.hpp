// Tokens in files that hold strings with nothing between them: a Go program keeps all of
// its texts in one row, a .pyc has the next constant's type behind one and a length in
// front of it, SQLite's columns touch. A rule's boundaries never hold there; a token that
// is known by its own bytes is found all the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "scanner/match/regex_tree.hpp"

namespace stratascan::match {

/// Bytes by which one is told at least, of its `least`.
inline constexpr std::size_t packed_prefix = 4;

/// How long a rule's token is, if it can be told without what stands beside it.
struct PackedToken {
    std::uint32_t least = 0, most = 0;  ///< bytes
};

/// Nothing where the pattern asks for more than the token, where text could look like
/// one by chance, or where its length may be nearly anything.
[[nodiscard]] std::optional<PackedToken> packed_token(const RegexNode& pattern);

/// First bytes of a file that `holds_packed_strings` needs.
inline constexpr std::size_t packed_head = 4;
/// Whether a file that begins so may hold strings with nothing between them: ELF, PE,
/// Mach-O, WebAssembly, Dalvik, Java classes, .pyc, SQLite and its write-ahead log.
[[nodiscard]] bool holds_packed_strings(std::string_view head) noexcept;

}  // namespace stratascan::match
