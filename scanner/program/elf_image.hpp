// A file's bytes by the addresses that they are loaded at, and the pointers in them as
// the loader leaves them.
//
// In a position independent program pointers are made when it is loaded, so they are read
// as the loader does: from the relocation's addend (RELA), or in place (REL, RELR, and
// programs with fixed addresses). System V ABI, "Relocation".
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/program/elf_evidence.hpp"

namespace stratascan::program {

/// Reads of a file what it is asked for and nothing else, for the middle of a long one may
/// be gone: then what lies there is not told. Not thread-safe; `elf` and `file` must outlive it.
class ElfImage {
public:
    /// Reads the relocations: of at most 4 MiB, from where the dynamic section says.
    ElfImage(const ElfFacts& elf, const FileBytes& file);

    /// Bytes of a pointer: 4 or 8.
    [[nodiscard]] std::size_t word() const noexcept { return word_; }

    /// The pointer at `address`, as the loader leaves it.
    [[nodiscard]] std::optional<std::uint64_t> pointer(std::uint64_t address) const;

    /// The word at `address`, as the file has it.
    [[nodiscard]] std::optional<std::uint64_t> value(std::uint64_t address) const;

    /// `size` bytes at `address`, at most 64; empty where not all of them are there.
    [[nodiscard]] std::string_view bytes(std::uint64_t address, std::size_t size) const;

    /// The name up to a NUL that the pointer at `address` leads to: 1 to `longest`
    /// printable characters without a space (`longest` below 64); empty: none is there.
    [[nodiscard]] std::string_view name(std::uint64_t address, std::size_t longest) const;

    /// Whether something is loaded at `address` that the file has bytes for.
    [[nodiscard]] bool is_loaded(std::uint64_t address) const;

    /// Calls `visit` with each address that a word can be at and that the file still has
    /// bytes for, a segment after the other.
    void each_word(const std::function<void(std::uint64_t address)>& visit) const;

private:
    [[nodiscard]] std::optional<std::uint64_t> offset(std::uint64_t address) const;
    /// At a place in the file; at most 64 bytes.
    [[nodiscard]] std::string_view at(std::uint64_t offset, std::size_t size) const;
    [[nodiscard]] std::uint64_t number(std::string_view bytes) const;
    void read_relocations();

    const ElfFacts& elf_;
    const FileBytes& file_;
    std::size_t word_;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> addends_;  // by address, sorted
    mutable const FileBytes::Part* part_ = nullptr;        // where the last byte was
    mutable std::map<std::uint64_t, std::string> joined_;  // of two parts, by offset
};

}  // namespace stratascan::program
