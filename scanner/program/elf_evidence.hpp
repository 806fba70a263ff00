// What an ELF file says of its own build: notes, sections that a linker or packager
// added, and what Go's linker wrote into it. Evidence only: whoever makes a file can
// write all of it.
//
// Notes and Go's build information are loaded, so they are there without section
// headers. The rest is known by the section headers alone, and where they are
// missing that is said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/program/elf.hpp"
#include "scanner/program/file_bytes.hpp"
#include "stratascan/report.hpp"

namespace stratascan::program {

/// Notes as a PT_NOTE segment has them (System V ABI, "Note Section"): the build-id
/// (owner "GNU", type 3) and the package note (owner "FDO", type 0xcafe1a7e).
void read_notes(std::string_view bytes, bool big_endian, BinaryFacts& facts);

struct SectionFacts {
    std::optional<bool> stripped;  ///< no symbol table; nothing: not seen
    bool missing = false;          ///< there are no section headers
};
/// Adds `comment`, `debug_link` and `crates`. Bounded: what it reads of a file, and
/// what it inflates, is at most some MiB.
[[nodiscard]] SectionFacts read_sections(const ElfFacts& elf, const FileBytes& file,
                                         BinaryFacts& facts);

/// cargo-auditable's section `.dep-v0`: zlib round JSON, 8 MiB at most
/// (github.com/rust-secure-code/cargo-auditable, PARSING.md). "name version" of each
/// crate that is in the program; empty for anything else.
[[nodiscard]] std::vector<std::string> read_crates(std::string_view section);

/// Texts that stand in what Go's linker says of a build, and nowhere else.
inline constexpr std::string_view go_build_magic = "\xff Go buildinf:";
inline constexpr std::string_view go_flags_line = "build\t-ldflags=";
inline constexpr std::string_view go_revision_line = "build\tvcs.revision=";

/// From the magic on (Go, src/debug/buildinfo/buildinfo.go): the form that Go 1.18
/// and later write, with its texts in place. What is out of sight is not told.
[[nodiscard]] GoBuild read_go_build(std::string_view from_magic);
/// Lines of it: "path\t…", "mod\t…", "build\tKEY=VALUE".
void read_go_lines(std::string_view lines, GoBuild& build);
/// Adds what `build` does not have yet.
void merge(GoBuild& build, const GoBuild& more);

}  // namespace stratascan::program
