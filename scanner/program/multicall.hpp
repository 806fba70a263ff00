// The commands that one file holds, as its own table has them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "scanner/program/elf_evidence.hpp"

namespace stratascan::program {

struct Applets {
    std::vector<std::string> names;  ///< sorted
    std::string from;                ///< "table"; "usage texts": some may be missing
};

/// Of a toybox, exactly what its `--list` prints where the table is found. A file of
/// more than 8 MiB has none, nor one whose bytes are not all there.
[[nodiscard]] Applets toybox_applets(const ElfFacts& elf, const FileBytes& file);

/// Of a coreutils in Rust, all that it lists when it is started without arguments. Most
/// of the names are `known` (globs; "#" stands for digits). Of a file of any length, so
/// long as its first mebibytes, where relocations stand, its names and its last are there.
[[nodiscard]] Applets uutils_applets(const ElfFacts& elf, const FileBytes& file,
                                     std::span<const std::string> known);

}  // namespace stratascan::program
