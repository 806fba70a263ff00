// Just enough of ELF to say what kind of file it is and which of its bytes are
// loaded: the file header and the program headers. Section headers are never
// needed; they may be missing, wrong or hostile.
// Format: System V ABI, chapters 4 and 5; 32 and 64 bit, both byte orders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stratascan/report.hpp"

namespace stratascan::program {

struct FileRange {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;  ///< clamped so that offset + size does not wrap
};

/// Where a load segment's bytes appear in memory; PT_DYNAMIC speaks in these
/// addresses.
struct Mapping {
    std::uint64_t address = 0;
    FileRange file;
};

struct ElfFacts {
    bool is64 = true;
    bool big_endian = false;
    std::uint16_t type = 0;     ///< e_type: 2 ET_EXEC, 3 ET_DYN
    std::uint16_t machine = 0;  ///< e_machine
    std::uint64_t entry = 0;
    bool has_interpreter = false;        ///< PT_INTERP is present
    bool has_dynamic = false;            ///< PT_DYNAMIC is present
    FileRange dynamic;                   ///< of PT_DYNAMIC
    std::vector<FileRange> loads;        ///< of PT_LOAD, in file order, merged
    std::vector<Mapping> mappings;       ///< the same segments one by one, with their addresses
    /// False: the headers are damaged or out of sight, every byte counts as loaded.
    bool segments_known = false;
    // The section header table, as the file header has it:
    std::uint64_t sections = 0;  ///< file offset; 0: there is none
    std::uint16_t section_bytes = 0, section_count = 0;
    std::uint16_t section_names = 0;  ///< which section holds the names
    BinaryFacts binary;          ///< of the notes that are in the head
    bool packed = false;                 ///< a packer's marks are in the head ("UPX!")
    // From PT_DYNAMIC, when its bytes and those of DT_STRTAB were in sight:
    bool dynamic_read = false;
    bool is_pie = false;                 ///< DF_1_PIE
    std::string soname;
    std::vector<std::string> needed;

    [[nodiscard]] bool loaded(std::uint64_t file_offset) const noexcept;
    /// A shared library, as far as can be told: ET_DYN without interpreter, that
    /// is not marked as a position independent executable.
    [[nodiscard]] bool is_library() const noexcept;
};

/// Reads the headers from the file's first bytes (`head` may be the whole file).
/// Empty when this is no ELF file. Never reads outside `head`, whatever it holds.
[[nodiscard]] std::optional<ElfFacts> read_elf(std::string_view head);

/// Fills in what PT_DYNAMIC tells, from bytes of the file that start at file
/// offset `at`. Strings are taken from `head` (offset 0) or from `bytes`,
/// whichever holds the string table.
void read_dynamic(ElfFacts& facts, std::string_view head, std::string_view bytes, std::uint64_t at);

}  // namespace stratascan::program
