// What elf.hpp promises: headers read in both classes and byte orders, damage
// never hides bytes, nothing outside the head is touched.
#include "scanner/program/elf.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace stratascan::program {
namespace {

struct Segment {
    std::uint32_t type = 1;
    std::uint64_t offset = 0;
    std::uint64_t address = 0;
    std::uint64_t size = 0;
};

constexpr std::uint32_t load = 1;
constexpr std::uint32_t dynamic = 2;
constexpr std::uint32_t interpreter = 3;

/// Writes ELF files one field at a time.
class ElfWriter {
public:
    ElfWriter(bool is64, bool big_endian) : is64_(is64), big_(big_endian) {}

    void number(std::uint64_t value, unsigned size) {
        for (unsigned i = 0; i < size; ++i) {
            const unsigned shift = 8 * (big_ ? size - 1 - i : i);
            bytes_.push_back(static_cast<char>(value >> shift & 0xffU));
        }
    }
    void word(std::uint64_t value) { number(value, is64_ ? 8 : 4); }

    std::string file(std::uint16_t type, const std::vector<Segment>& segments) {
        bytes_ = std::string("\x7f" "ELF");
        bytes_ += static_cast<char>(is64_ ? 2 : 1);
        bytes_ += static_cast<char>(big_ ? 2 : 1);
        bytes_ += std::string(10, '\0');
        number(type, 2);
        number(62, 2);
        number(1, 4);
        word(0x401000);             // e_entry
        word(is64_ ? 64 : 52);      // e_phoff
        word(0);                    // e_shoff
        number(0, 4);
        number(is64_ ? 64 : 52, 2);
        number(is64_ ? 56 : 32, 2);
        number(segments.size(), 2);
        number(0, 6);
        for (const Segment& segment : segments) add(segment);
        return bytes_;
    }

    std::string dynamic_table(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& tags) {
        bytes_.clear();
        for (const auto& [tag, value] : tags) {
            word(tag);
            word(value);
        }
        return bytes_;
    }

private:
    void add(const Segment& segment) {
        number(segment.type, 4);
        if (is64_) number(4, 4);
        word(segment.offset);
        word(segment.address);
        word(segment.address);
        word(segment.size);
        word(segment.size);
        if (!is64_) number(4, 4);
        word(4096);
    }

    bool is64_;
    bool big_;
    std::string bytes_;
};

class ElfLayouts : public testing::TestWithParam<std::pair<bool, bool>> {
protected:
    ElfWriter writer_{GetParam().first, GetParam().second};
};

TEST_P(ElfLayouts, ReadsHeadersAndLoadSegments) {
    const std::string file = writer_.file(2, {{interpreter, 500, 500, 20},
                                              {load, 0x1000, 0x401000, 0x500},
                                              {load, 0, 0x400000, 0x800}});
    const auto elf = read_elf(file);
    ASSERT_TRUE(elf);
    EXPECT_EQ(elf->is64, GetParam().first);
    EXPECT_EQ(elf->big_endian, GetParam().second);
    EXPECT_EQ(elf->type, 2);
    EXPECT_EQ(elf->machine, 62);
    EXPECT_EQ(elf->entry, 0x401000U);
    EXPECT_TRUE(elf->has_interpreter);
    EXPECT_TRUE(elf->segments_known);
    EXPECT_TRUE(elf->loaded(0));
    EXPECT_TRUE(elf->loaded(0x7ff));
    EXPECT_FALSE(elf->loaded(0x800));
    EXPECT_TRUE(elf->loaded(0x1000));
    EXPECT_FALSE(elf->loaded(0x1500));
}

TEST_P(ElfLayouts, ReadsNeededAndSonameThroughTheirAddresses) {
    const std::string strings = std::string("\0libc.so.6\0libx.so.1\0", 21);
    const std::string table = writer_.dynamic_table(
        {{1, 1}, {14, 11}, {5, 0x10400}, {10, strings.size()}, {0, 0}});
    std::string file = writer_.file(
        3, {{load, 0, 0x10000, 0x800}, {dynamic, 0x600, 0x10600, table.size()}});
    file.resize(0x800);
    file.replace(0x400, strings.size(), strings);
    file.replace(0x600, table.size(), table);
    auto elf = read_elf(file);
    ASSERT_TRUE(elf);
    read_dynamic(*elf, file, {}, 0);
    EXPECT_TRUE(elf->dynamic_read);
    EXPECT_EQ(elf->soname, "libx.so.1");
    EXPECT_EQ(elf->needed, std::vector<std::string>{"libc.so.6"});
    EXPECT_TRUE(elf->is_library());
}

INSTANTIATE_TEST_SUITE_P(AllLayouts, ElfLayouts,
                         testing::Values(std::pair{true, false}, std::pair{true, true},
                                         std::pair{false, false}, std::pair{false, true}));

TEST(Elf, IsEmptyForWhatIsNoElf) {
    EXPECT_FALSE(read_elf(""));
    EXPECT_FALSE(read_elf("\x7f" "ELF"));
    EXPECT_FALSE(read_elf("#!/bin/sh\nexec true\n"));
}

TEST(Elf, CountsEveryByteAsLoadedWhenTheTableIsOutOfSight) {
    std::string file = ElfWriter(true, false).file(2, {{load, 0, 0, 16}});
    file[33] = '\x7f';  // e_phoff points far behind the head
    const auto elf = read_elf(file);
    ASSERT_TRUE(elf);
    EXPECT_FALSE(elf->segments_known);
    EXPECT_TRUE(elf->loaded(1U << 30));
    EXPECT_FALSE(elf->is_library());
}

TEST(Elf, SurvivesEveryTruncation) {
    const std::string file = ElfWriter(true, true).file(
        3, {{load, 0, 0, 0x100}, {dynamic, 0x40, 0x40, 0x100}});
    for (std::size_t length = 0; length <= file.size(); ++length) {
        const std::string head = file.substr(0, length);
        auto elf = read_elf(head);
        if (elf) read_dynamic(*elf, head, head, 0);
    }
}

// Linux never looks at these marks, so a file with wrong ones still runs.
TEST(Elf, ReadsTheLayoutThatRunsWhenClassAndByteOrderLie) {
    std::string file = ElfWriter(true, false).file(2, {{load, 0, 0, 0x100}});
    file[4] = 1;
    file[5] = 2;
    const auto elf = read_elf(file);
    ASSERT_TRUE(elf);
    EXPECT_TRUE(elf->is64);
    EXPECT_FALSE(elf->big_endian);
    EXPECT_TRUE(elf->segments_known);
    EXPECT_EQ(elf->type, 2);
}

TEST(Elf, ClampsSegmentsThatWrapRound) {
    const std::string file = ElfWriter(true, false).file(
        2, {{load, 0x1000, 0, ~std::uint64_t{0}}, {load, ~std::uint64_t{0}, 0, 16}});
    const auto elf = read_elf(file);
    ASSERT_TRUE(elf);
    EXPECT_FALSE(elf->loaded(0xfff));
    EXPECT_TRUE(elf->loaded(0x1000));
    EXPECT_TRUE(elf->loaded(~std::uint64_t{0} - 1));
}

TEST(Elf, MergesSegmentsThatTouch) {
    const auto elf = read_elf(ElfWriter(true, false).file(
        2, {{load, 0x200, 0, 0x100}, {load, 0x100, 0, 0x100}, {load, 0x150, 0, 0x20}}));
    ASSERT_TRUE(elf);
    ASSERT_EQ(elf->loads.size(), 1U);
    EXPECT_EQ(elf->loads[0].offset, 0x100U);
    EXPECT_EQ(elf->loads[0].size, 0x200U);
}

TEST(Elf, TellsAStaticPositionIndependentProgramFromALibrary) {
    ElfWriter writer(true, false);
    const std::string table = writer.dynamic_table({{0x6ffffffb, 0x08000000}, {0, 0}});
    const std::string file =
        writer.file(3, {{load, 0, 0, 0x4000}, {dynamic, 0x3000, 0x3000, table.size()}});
    auto elf = read_elf(file);
    ASSERT_TRUE(elf);
    EXPECT_TRUE(elf->is_library());
    read_dynamic(*elf, file, table, 0x3000);
    EXPECT_TRUE(elf->is_pie);
    EXPECT_FALSE(elf->is_library());
    EXPECT_FALSE(elf->dynamic_read) << "there was no string table in sight";
}

TEST(Elf, SeesAPackersMarkBehindTheHeadersOnly) {
    std::string file = ElfWriter(true, false).file(2, {{load, 0, 0, 0x1000}});
    EXPECT_TRUE(read_elf(file + std::string(4, 'c') + "UPX!")->packed);
    EXPECT_FALSE(read_elf(file + std::string(5000, 'c') + "UPX!")->packed);
    EXPECT_FALSE(read_elf(file)->packed);
}

}  // namespace
}  // namespace stratascan::program
