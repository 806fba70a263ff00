// Tables of commands that are made of pointers. Those that real compilers made are in the
// recipes `program-toybox` and `program-uutils`.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scanner/program/elf_image.hpp"
#include "scanner/program/multicall.hpp"

namespace stratascan::program {
namespace {

using namespace std::string_literals;

FileBytes file_of(const std::string& bytes) { return {{{0, bytes}}, bytes.size()}; }

/// One that has lost its bytes from `begin` to `end`.
FileBytes with_hole(const std::string& bytes, std::size_t begin, std::size_t end) {
    const std::string_view all = bytes;
    FileBytes file{{{0, all.substr(0, begin)}, {end, all.substr(end)}}, bytes.size()};
    std::erase_if(file.parts, [](const FileBytes::Part& part) { return part.bytes.empty(); });
    return file;
}

void put(std::string& bytes, std::size_t at, std::uint64_t value) {
    for (std::size_t i = 0; i < 8; ++i) bytes[at + i] = static_cast<char>(value >> 8 * i);
}

constexpr std::uint64_t base = 0x400000;  // of the address where the file is loaded
constexpr std::size_t names_at = 0x20000, code_at = 0x30000, table_at = 0x60000;
constexpr std::size_t relocations_at = 0x1000, dynamic_at = 0x70000;

/// A program of which only the table and what it needs is there.
struct Program64 {
    std::string bytes = std::string(0x80000, '\0');
    ElfFacts elf;

    Program64() {
        elf.type = 2;
        elf.mappings = {{base, {0, bytes.size()}}};
    }

    /// The names stand one behind the other without anything between them.
    void add_table(const std::vector<std::string>& names, bool relocated, bool functions_first) {
        std::size_t name = names_at, place = table_at, relocation = relocations_at;
        const auto pointer = [&](std::size_t at, std::uint64_t to) {
            if (!relocated) return put(bytes, at, to);
            put(bytes, relocation, base + at);
            put(bytes, relocation + 8, 8);  // R_X86_64_RELATIVE
            put(bytes, relocation + 16, to);
            relocation += 24;
        };
        for (const std::string& text : names) {
            bytes.replace(name, text.size(), text);
            const std::size_t text_at = place + (functions_first ? 16 : 0);
            const std::size_t functions = place + (functions_first ? 0 : 16);
            pointer(text_at, base + name);
            put(bytes, text_at + 8, text.size());
            pointer(functions, base + code_at + name % 64);
            pointer(functions + 8, base + code_at + name % 32);
            name += text.size();
            place += 32;
        }
        if (!relocated) return;
        elf.dynamic = {dynamic_at, 64};
        put(bytes, dynamic_at, 7);  // DT_RELA
        put(bytes, dynamic_at + 8, base + relocations_at);
        put(bytes, dynamic_at + 16, 8);  // DT_RELASZ
        put(bytes, dynamic_at + 24, relocation - relocations_at);
    }
};

const std::vector<std::string> commands{"arch", "cat", "echo",        "env",
                                        "ls",   "rm",  "sha3-224sum", "yes"};
const std::vector<std::string> known{"arch", "cat", "echo", "env", "ls", "sha#-#sum"};

TEST(Uutils, TheTableIsFollowedWhereverPointersAreMade) {
    for (const bool relocated : {false, true}) {
        for (const bool functions_first : {false, true}) {
            Program64 made;
            made.add_table(commands, relocated, functions_first);
            const Applets found = uutils_applets(made.elf, file_of(made.bytes), known);
            EXPECT_EQ(found.names, commands) << relocated << functions_first;
            EXPECT_EQ(found.from, "table");
        }
    }
}

TEST(Uutils, ATableOfNamesThatMostlyNobodyKnowsIsNone) {
    Program64 made;
    made.add_table({"a", "b", "cat", "d", "e", "echo", "env", "ls"}, true, false);
    const Applets found = uutils_applets(made.elf, file_of(made.bytes), known);
    EXPECT_TRUE(found.names.empty());
    EXPECT_EQ(found.from, "");
    Program64 few;
    few.add_table({"arch", "cat", "echo", "env"}, true, false);
    EXPECT_TRUE(uutils_applets(few.elf, file_of(few.bytes), known).names.empty());
}

TEST(Uutils, OfALongFileNothingButItsPartsIsNeeded) {
    Program64 made;
    made.add_table(commands, true, false);
    EXPECT_EQ(uutils_applets(made.elf, with_hole(made.bytes, 0x40000, 0x60000), known).names,
              commands);
    EXPECT_EQ(uutils_applets(made.elf, with_hole(made.bytes, 0x10000, 0x1fc00), known).names,
              commands);
    // Without relocations, names or the table itself there is nothing to tell.
    EXPECT_TRUE(uutils_applets(made.elf, with_hole(made.bytes, 0, 0x10000), known).names.empty());
    EXPECT_TRUE(
        uutils_applets(made.elf, with_hole(made.bytes, 0x20000, 0x30000), known).names.empty());
    EXPECT_TRUE(
        uutils_applets(made.elf, with_hole(made.bytes, 0x60000, 0x70000), known).names.empty());
}

TEST(Uutils, HostileTablesCostLittle) {
    // Every word is a length and a pointer to a name at once.
    Program64 made;
    made.elf.mappings = {{0, {0, made.bytes.size()}}};
    for (std::size_t at = 0; at + 8 <= made.bytes.size(); at += 8) put(made.bytes, at, 8);
    put(made.bytes, 8, 0x6161616161616161);
    EXPECT_TRUE(uutils_applets(made.elf, file_of(made.bytes), known).names.empty());
    made.elf.mappings.assign(1000, {0, {0, made.bytes.size()}});
    EXPECT_TRUE(uutils_applets(made.elf, file_of(made.bytes), known).names.empty());
}

TEST(ElfImage, TellsOnlyWhatIsLoadedAndThere) {
    Program64 made;
    put(made.bytes, 0x100, base + 0x200);
    made.bytes.replace(0x200, 5, "name\0"s);
    const FileBytes whole = file_of(made.bytes);
    const ElfImage image(made.elf, whole);
    EXPECT_EQ(image.pointer(base + 0x100), base + 0x200);
    EXPECT_EQ(image.name(base + 0x100, 32), "name");
    EXPECT_EQ(image.name(base + 0x100, 3), "") << "longer than a name may be";
    EXPECT_EQ(image.pointer(base - 8), std::nullopt);
    EXPECT_EQ(image.value(base + made.bytes.size() - 4), std::nullopt) << "half of it is there";
    EXPECT_TRUE(image.is_loaded(base));
    EXPECT_FALSE(image.is_loaded(base + made.bytes.size()));
    // Across the border of two parts, and where the second is gone.
    put(made.bytes, 0xfffc, 0x1122334455667788);
    const std::string_view all = made.bytes;
    const FileBytes parted{{{0, all.substr(0, 0x10000)}, {0x10000, all.substr(0x10000)}},
                           all.size()};
    const ElfImage again(made.elf, parted);
    EXPECT_EQ(again.value(base + 0xfffc), 0x1122334455667788U);
    EXPECT_EQ(again.value(base + 0xfff0), 0U);
    EXPECT_EQ(again.value(base + 0x10004), 0U);
    const FileBytes cut = with_hole(made.bytes, 0x10000, 0x10001);
    EXPECT_EQ(ElfImage(made.elf, cut).value(base + 0xfffc), std::nullopt);
    EXPECT_EQ(parted.read(0xfffc, 8), made.bytes.substr(0xfffc, 8));
    EXPECT_EQ(parted.read(0xfffc, 1 << 20), made.bytes.substr(0xfffc));
    EXPECT_EQ(cut.read(0xfffc, 8), made.bytes.substr(0xfffc, 4));
    EXPECT_EQ(cut.read(0x10000, 8), std::nullopt);
}

TEST(Toybox, HostileTablesCostLittle) {
    // Every word of the file but the first points to the name "toybox" at its beginning.
    std::string bytes(1 << 20, '\0');
    bytes.replace(0, 7, "toybox\0"s);
    ElfFacts elf;
    elf.type = 2;
    elf.mappings = {{0, {0, bytes.size()}}};
    EXPECT_TRUE(toybox_applets(elf, file_of(bytes)).names.empty());
    elf.mappings.assign(1000, {0, {0, bytes.size()}});
    EXPECT_TRUE(toybox_applets(elf, file_of(bytes)).names.empty());
}

}  // namespace
}  // namespace stratascan::program
