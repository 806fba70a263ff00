// Which commands a coreutils in Rust holds. Its build makes a map of them, an array whose
// elements are a name (where it stands and how long it is) and the addresses of two
// functions (uutils, build.rs, `util_map`; phf, `OrderedMap`): four words. The compiler
// may put the functions first. The order is that of hashes.
#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/program/elf_image.hpp"
#include "scanner/program/multicall.hpp"
#include "scanner/program/version.hpp"

namespace stratascan::program {
namespace {

constexpr std::size_t most_segments = 16;
constexpr std::size_t longest_name = 32;
constexpr std::size_t shortest_table = 8;
constexpr std::size_t longest_table = 4096;
constexpr std::size_t element = 4;  // words

/// The name that the two words at `address` tell of; empty: they tell of none.
std::string_view name_at(const ElfImage& image, std::uint64_t address) {
    const auto size = image.value(address + image.word());
    if (!size || *size == 0 || *size > longest_name) return {};
    const auto text = image.pointer(address);
    if (!text || *text == 0) return {};
    const std::string_view name = image.bytes(*text, static_cast<std::size_t>(*size));
    const bool plain =
        std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~'; });
    return plain ? name : std::string_view();
}

bool are_functions(const ElfImage& image, std::uint64_t address) {
    for (const std::uint64_t at : {address, address + image.word()}) {
        const auto to = image.pointer(at);
        if (!to || *to == 0 || !image.is_loaded(*to)) return false;
    }
    return true;
}

/// The names of the elements from `address` on, up to the first that is none or that
/// repeats one.
std::set<std::string, std::less<>> table_at(const ElfImage& image, std::uint64_t address) {
    std::set<std::string, std::less<>> names;
    const std::uint64_t word = image.word();
    for (std::uint64_t at = address; names.size() < longest_table; at += element * word) {
        const std::string_view name = name_at(image, at);
        if (name.empty() ||
            !(are_functions(image, at + 2 * word) || are_functions(image, at - 2 * word)) ||
            !names.emplace(name).second) {
            break;
        }
    }
    return names;
}

}  // namespace

Applets uutils_applets(const ElfFacts& elf, const FileBytes& file,
                       std::span<const std::string> known) {
    if (elf.mappings.size() > most_segments) return {};
    const ElfImage image(elf, file);
    const auto is_known = [&](const std::string& name) {
        return std::ranges::any_of(
            known, [&](const std::string& glob) { return name_matches(glob, name); });
    };
    Applets best;
    // Where the table that was read last ends, of each place in an element: what is in it
    // begins none.
    std::array<std::uint64_t, element> ends{};
    image.each_word([&](std::uint64_t address) {
        std::uint64_t& end = ends[address / image.word() % element];
        if (address < end) return;
        const auto names = table_at(image, address);
        end = address + names.size() * element * image.word();
        const auto count = static_cast<std::size_t>(std::ranges::count_if(names, is_known));
        const bool is_table = names.size() >= shortest_table && count * 2 > names.size();
        if (!is_table || names.size() <= best.names.size()) return;
        best.names.assign(names.begin(), names.end());
    });
    if (!best.names.empty()) best.from = "table";
    return best;
}

}  // namespace stratascan::program
