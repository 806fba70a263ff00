// Which commands a toybox holds. Its table is an array of structures that begin with
// pointers to a name and to a function (toybox, toys.h, struct toy_list), with a word
// of options and one of flags behind them. The first is toybox itself; the others are
// in order. `--list` prints those whose flags say where they are installed.
//
// In a position independent program the pointers are made by the loader, so they are
// read as it does: from the relocation's addend (RELA), or in place (REL, RELR, and
// programs with fixed addresses). System V ABI, "Relocation".
#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/nested/bytes.hpp"
#include "scanner/program/multicall.hpp"

namespace stratascan::program {
namespace {

constexpr std::size_t largest_file = 8 << 20;
constexpr std::size_t shortest_table = 30;
constexpr std::size_t most_segments = 16;
constexpr std::size_t longest_name = 32;
constexpr std::uint64_t installed = 15;  // TOYMASK_LOCATION
constexpr std::uint64_t dt_rela = 7, dt_rela_bytes = 8;

class Image {
public:
    Image(const ElfFacts& elf, const std::string& bytes)
        : elf_(elf), bytes_(bytes), word_(elf.is64 ? 8 : 4) {
        read_relocations();
    }

    [[nodiscard]] std::size_t word() const noexcept { return word_; }

    [[nodiscard]] std::optional<std::uint64_t> pointer(std::uint64_t address) const {
        if (const auto moved = addends_.find(address); moved != addends_.end())
            return moved->second;
        return value(address);
    }

    /// The name that the pointer at `address` leads to; empty: it leads to none.
    [[nodiscard]] std::string_view name(std::uint64_t address) const {
        const auto to = pointer(address);
        const auto at = to ? offset(*to) : std::nullopt;
        if (!at) return {};
        const std::string_view from = std::string_view(bytes_).substr(*at, longest_name + 1);
        const std::size_t end = from.find('\0');
        if (end == from.npos || end == 0) return {};
        const std::string_view text = from.substr(0, end);
        return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; })
                   ? text
                   : std::string_view();
    }

    /// As the file has it.
    [[nodiscard]] std::optional<std::uint64_t> value(std::uint64_t address) const {
        const auto at = offset(address);
        if (!at || bytes_.size() - *at < word_) return std::nullopt;
        return number(*at, word_);
    }

private:
    [[nodiscard]] std::uint64_t number(std::size_t at, std::size_t size) const {
        return elf_.big_endian ? nested::big_endian(bytes_, at, size)
                               : nested::little_endian(bytes_, at, size);
    }

    [[nodiscard]] std::optional<std::size_t> offset(std::uint64_t address) const {
        for (const Mapping& mapping : elf_.mappings) {
            if (address < mapping.address || address - mapping.address >= mapping.file.size)
                continue;
            const std::uint64_t at = mapping.file.offset + (address - mapping.address);
            if (at < bytes_.size()) return static_cast<std::size_t>(at);
        }
        return std::nullopt;
    }

    void read_relocations() {
        std::uint64_t table = 0, size = 0;
        for (std::uint64_t at = elf_.dynamic.offset;
             at + 2 * word_ <= bytes_.size() && at < elf_.dynamic.offset + elf_.dynamic.size;
             at += 2 * word_) {
            const std::uint64_t tag = number(static_cast<std::size_t>(at), word_);
            const std::uint64_t value = number(static_cast<std::size_t>(at) + word_, word_);
            if (tag == dt_rela) table = value;
            if (tag == dt_rela_bytes) size = value;
        }
        const auto from = table == 0 ? std::nullopt : offset(table);
        if (!from) return;
        const std::size_t entry = 3 * word_;
        const std::size_t end =
            *from + static_cast<std::size_t>(std::min<std::uint64_t>(size, bytes_.size() - *from));
        for (std::size_t at = *from; at + entry <= end; at += entry) {
            const std::uint64_t addend = number(at + 2 * word_, word_);
            if (addend != 0) addends_[number(at, word_)] = addend;
        }
    }

    const ElfFacts& elf_;
    const std::string& bytes_;
    std::size_t word_;
    std::map<std::uint64_t, std::uint64_t> addends_;
};

/// The entries from `address` on: "toybox", then names in order.
std::vector<std::string> table_at(const Image& image, std::uint64_t address) {
    std::vector<std::string> names;
    const std::size_t entry = 4 * image.word();
    std::string before;
    for (std::uint64_t at = address + entry;; at += entry) {
        const std::string_view name = image.name(at);
        const auto flags = image.value(at + 3 * image.word());
        if (name.empty() || !flags || name <= before) break;
        before = name;
        // The flags have 32 bits; they are at the low end of the word, or at its front.
        const std::uint64_t low = *flags & 0xffffffffU, high = *flags >> 32U;
        if (((low != 0 ? low : high) & installed) != 0) names.emplace_back(name);
    }
    return names;
}

/// "usage: NAME " of each help text; commands that have no text of their own lack.
std::vector<std::string> names_of_usages(std::string_view bytes) {
    constexpr std::string_view mark = "usage: ";
    std::vector<std::string> names;
    for (std::size_t at = bytes.find(mark); at != bytes.npos; at = bytes.find(mark, at)) {
        at += mark.size();
        const std::string_view from = bytes.substr(at, longest_name + 1);
        const std::string_view name = from.substr(0, from.find_first_of(" \n\0\t[", 0, 5));
        const bool plain = !name.empty() && name.size() <= longest_name && name[0] != '%' &&
                           std::all_of(name.begin(), name.end(), [](char c) {
                               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                                      c == '_' || c == '-' || c == '.';
                           });
        if (plain && name != "toybox") names.emplace_back(name);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

}  // namespace

Applets toybox_applets(const ElfFacts& elf, const FileBytes& file) {
    if (!file.read || file.size > largest_file || elf.mappings.size() > most_segments) return {};
    const auto bytes = file.read(0, static_cast<std::size_t>(file.size));
    if (!bytes || bytes->size() < file.size) return {};
    const Image image(elf, *bytes);
    Applets best;
    for (const Mapping& mapping : elf.mappings) {
        const std::uint64_t end = std::min<std::uint64_t>(mapping.file.size, largest_file);
        for (std::uint64_t at = 0; at + 4 * image.word() <= end; at += image.word()) {
            if (image.name(mapping.address + at) != "toybox") continue;
            auto names = table_at(image, mapping.address + at);
            if (names.size() > best.names.size()) best.names = std::move(names);
        }
    }
    best.from = "table";
    if (best.names.size() >= shortest_table) return best;
    best.names = names_of_usages(*bytes);
    best.from = "usage texts";
    return best.names.size() >= shortest_table ? best : Applets{};
}

}  // namespace stratascan::program
