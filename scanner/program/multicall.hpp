// The commands that one file holds, as its own table has them.
#pragma once

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

}  // namespace stratascan::program
