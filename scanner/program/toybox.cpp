// Which commands a toybox holds. Its table is an array of structures that begin with
// pointers to a name and to a function (toybox, toys.h, struct toy_list), with a word
// of options and one of flags behind them. The first is toybox itself; the others are
// in order. `--list` prints those whose flags say where they are installed.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/program/elf_image.hpp"
#include "scanner/program/multicall.hpp"

namespace stratascan::program {
namespace {

constexpr std::size_t largest_file = 8 << 20;
constexpr std::size_t shortest_table = 30;
constexpr std::size_t most_segments = 16;
constexpr std::size_t longest_name = 32;
constexpr std::uint64_t installed = 15;  // TOYMASK_LOCATION

/// The entries from `address` on: "toybox", then names in order.
std::vector<std::string> table_at(const ElfImage& image, std::uint64_t address) {
    std::vector<std::string> names;
    const std::size_t entry = 4 * image.word();
    std::string before;
    for (std::uint64_t at = address + entry;; at += entry) {
        const std::string_view name = image.name(at, longest_name);
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
    if (file.size > largest_file || !file.is_whole() || elf.mappings.size() > most_segments)
        return {};
    const ElfImage image(elf, file);
    Applets best;
    image.each_word([&](std::uint64_t address) {
        if (image.name(address, longest_name) != "toybox") return;
        auto names = table_at(image, address);
        if (names.size() > best.names.size()) best.names = std::move(names);
    });
    best.from = "table";
    if (best.names.size() >= shortest_table) return best;
    const auto bytes = file.read(0, static_cast<std::size_t>(file.size));
    best.names = names_of_usages(bytes.value_or(std::string()));
    best.from = "usage texts";
    return best.names.size() >= shortest_table ? best : Applets{};
}

}  // namespace stratascan::program
