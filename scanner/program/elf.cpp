// Reading ELF headers as the kernel does, not as a debugger does.
//
// What runs is decided by the program headers alone: a file without section
// headers runs, and so does one whose class or byte order marks are wrong, for
// Linux looks at e_machine, e_type and e_phentsize and never at those marks. So
// the marks are only the first guess here; the layout that counts is the one
// under which the program header table makes sense. A file under none of them
// keeps `segments_known` false, and then every byte of it counts as loaded:
// damage must not hide a program.
#include "scanner/program/elf.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <type_traits>

#include "scanner/program/elf_evidence.hpp"

namespace stratascan::program {
namespace {

constexpr std::string_view elf_magic{"\x7f" "ELF", 4};
constexpr std::size_t ident_size = 16;

constexpr std::uint16_t type_last = 4;  // ET_CORE; anything above is a guess gone wrong

constexpr std::uint32_t pt_load = 1;
constexpr std::uint32_t pt_dynamic = 2;
constexpr std::uint32_t pt_interp = 3;
constexpr std::uint32_t pt_note = 4;

constexpr std::uint64_t dt_null = 0;
constexpr std::uint64_t dt_needed = 1;
constexpr std::uint64_t dt_strtab = 5;
constexpr std::uint64_t dt_strsz = 10;
constexpr std::uint64_t dt_soname = 14;
constexpr std::uint64_t dt_flags_1 = 0x6ffffffb;
constexpr std::uint64_t df_1_pie = 0x08000000;

// No honest file comes near these; they keep a hostile one cheap.
constexpr std::size_t max_dynamic_entries = 4096;
constexpr std::size_t max_needed = 1024;
constexpr std::size_t max_dynamic_string = 4096;

struct Layout {
    bool is64 = true;
    bool big_endian = false;
};

/// Numbers from bytes, in the file's byte order. Every read is checked.
class Reader {
public:
    Reader(std::string_view bytes, Layout layout) : bytes_(bytes), layout_(layout) {}

    template <typename T>
    [[nodiscard]] std::optional<T> at(std::uint64_t offset) const {
        static_assert(std::is_unsigned_v<T>);
        if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return std::nullopt;
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            const std::size_t place = layout_.big_endian ? i : sizeof(T) - 1 - i;
            value = value << 8U | static_cast<unsigned char>(bytes_[offset + place]);
        }
        return static_cast<T>(value);
    }

    /// An address or offset: 4 or 8 bytes wide, as the class says.
    [[nodiscard]] std::optional<std::uint64_t> word(std::uint64_t offset) const {
        if (layout_.is64) return at<std::uint64_t>(offset);
        if (const auto narrow = at<std::uint32_t>(offset)) return *narrow;
        return std::nullopt;
    }

private:
    std::string_view bytes_;
    Layout layout_;
};

FileRange clamped(std::uint64_t offset, std::uint64_t size) {
    return {offset, std::min(size, std::numeric_limits<std::uint64_t>::max() - offset)};
}

struct HeaderPlaces {
    std::uint64_t entry, table, entry_size, entry_count;  // in the file header
    std::uint64_t size;                                   // of one program header
    std::uint64_t offset, address, file_size;             // in a program header
    std::uint64_t sections, section_size;                 // in the file header
};

constexpr HeaderPlaces places32{24, 28, 42, 44, 32, 4, 8, 16, 32, 46};
constexpr HeaderPlaces places64{24, 32, 54, 56, 56, 8, 16, 32, 40, 58};

constexpr const HeaderPlaces& places_of(Layout layout) {
    return layout.is64 ? places64 : places32;
}

struct Table {
    std::uint64_t offset = 0;
    std::uint16_t count = 0;
};

/// The program header table under `layout`, or nothing when it makes no sense
/// under it or lies out of sight.
std::optional<Table> find_table(std::string_view head, Layout layout) {
    const Reader reader(head, layout);
    const HeaderPlaces& places = places_of(layout);
    const auto type = reader.at<std::uint16_t>(ident_size);
    const auto table = reader.word(places.table);
    const auto entry_size = reader.at<std::uint16_t>(places.entry_size);
    const auto count = reader.at<std::uint16_t>(places.entry_count);
    if (!type || !table || !entry_size || !count) return std::nullopt;
    if (*type > type_last || *entry_size != places.size || *count == 0) return std::nullopt;
    const std::uint64_t bytes = places.size * *count;
    if (*table > head.size() || head.size() - *table < bytes) return std::nullopt;
    return Table{*table, *count};
}

std::array<Layout, 4> guesses(std::string_view head) {
    const bool is64 = head[4] != 1;
    const bool big = head[5] == 2;
    return {Layout{is64, big}, Layout{!is64, big}, Layout{is64, !big}, Layout{!is64, !big}};
}

/// Merges ranges that touch or overlap, in file order, so that a look-up can
/// halve them.
std::vector<FileRange> merged(const std::vector<Mapping>& mappings) {
    std::vector<FileRange> ranges;
    ranges.reserve(mappings.size());
    for (const Mapping& mapping : mappings) ranges.push_back(mapping.file);
    std::ranges::sort(ranges, {}, &FileRange::offset);
    std::vector<FileRange> result;
    for (const FileRange& range : ranges) {
        if (!result.empty() && range.offset - result.back().offset <= result.back().size) {
            FileRange& last = result.back();
            last.size = std::max(last.size, range.offset - last.offset + range.size);
        } else {
            result.push_back(range);
        }
    }
    return result;
}

void read_program_headers(ElfFacts& facts, std::string_view head, const Reader& reader,
                          Layout layout, Table table) {
    const HeaderPlaces& places = places_of(layout);
    for (std::uint64_t i = 0; i < table.count; ++i) {
        const std::uint64_t header = table.offset + i * places.size;
        const auto type = reader.at<std::uint32_t>(header);
        const auto offset = reader.word(header + places.offset);
        const auto address = reader.word(header + places.address);
        const auto size = reader.word(header + places.file_size);
        if (!type || !offset || !address || !size) return;
        if (*type == pt_interp) facts.has_interpreter = true;
        if (*type == pt_dynamic) {
            facts.has_dynamic = true;
            facts.dynamic = clamped(*offset, *size);
        }
        if (*type == pt_note && *offset < head.size()) {
            const std::string_view notes =
                head.substr(static_cast<std::size_t>(*offset),
                            static_cast<std::size_t>(std::min<std::uint64_t>(*size, head.size())));
            read_notes(notes, layout.big_endian, facts.binary);
        }
        if (*type == pt_load && *size != 0) {
            facts.mappings.push_back({*address, clamped(*offset, *size)});
        }
    }
    facts.loads = merged(facts.mappings);
    facts.segments_known = true;
}

/// UPX leaves its mark right behind the program headers, where a file that
/// merely speaks of UPX has none.
bool is_packed(std::string_view head, std::uint64_t headers_end) {
    constexpr std::uint64_t mark_reach = 256;
    constexpr std::uint64_t stub_reach = 4096;
    const auto reach = [&](std::uint64_t length) {
        return head.substr(0, std::min<std::uint64_t>(head.size(), length));
    };
    return reach(std::min(headers_end, stub_reach) + mark_reach).contains("UPX!") ||
           reach(stub_reach).contains("$Info: This file is packed with the UPX");
}

/// Bytes of the file by file offset, as far as they are in sight.
struct Sight {
    std::string_view head;
    std::string_view bytes;
    std::uint64_t at;

    [[nodiscard]] std::string_view from(std::uint64_t offset) const {
        if (offset >= at && offset - at < bytes.size()) return bytes.substr(offset - at);
        if (offset < head.size()) return head.substr(offset);
        return {};
    }
};

struct DynamicTable {
    std::vector<std::uint64_t> needed;
    std::optional<std::uint64_t> soname, strings, strings_size;
    bool is_pie = false;
};

DynamicTable read_entries(std::string_view bytes, Layout layout) {
    const Reader reader(bytes, layout);
    const std::uint64_t width = layout.is64 ? 8 : 4;
    DynamicTable table;
    for (std::size_t i = 0; i < max_dynamic_entries; ++i) {
        const auto tag = reader.word(2 * width * i);
        const auto value = reader.word(2 * width * i + width);
        if (!tag || !value || *tag == dt_null) break;
        if (*tag == dt_needed && table.needed.size() < max_needed) table.needed.push_back(*value);
        if (*tag == dt_soname) table.soname = value;
        if (*tag == dt_strtab) table.strings = value;
        if (*tag == dt_strsz) table.strings_size = value;
        if (*tag == dt_flags_1) table.is_pie = (*value & df_1_pie) != 0;
    }
    return table;
}

std::optional<std::uint64_t> file_offset(const ElfFacts& facts, std::uint64_t address) {
    for (const Mapping& mapping : facts.mappings) {
        if (address < mapping.address || address - mapping.address >= mapping.file.size) continue;
        return mapping.file.offset + (address - mapping.address);
    }
    return std::nullopt;
}

std::optional<std::string> string_at(std::string_view strings, std::uint64_t offset) {
    if (offset >= strings.size()) return std::nullopt;
    const std::string_view rest = strings.substr(offset, max_dynamic_string);
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    return std::string(rest.substr(0, end));
}

}  // namespace

bool ElfFacts::loaded(std::uint64_t file_offset) const noexcept {
    if (!segments_known) return true;
    const auto after = std::ranges::upper_bound(loads, file_offset, {}, &FileRange::offset);
    if (after == loads.begin()) return false;
    const FileRange& range = *std::prev(after);
    return file_offset - range.offset < range.size;
}

bool ElfFacts::is_library() const noexcept {
    constexpr std::uint16_t et_dyn = 3;
    return segments_known && type == et_dyn && !has_interpreter && !is_pie;
}

std::optional<ElfFacts> read_elf(std::string_view head) {
    if (!head.starts_with(elf_magic) || head.size() <= ident_size) return std::nullopt;
    const auto layouts = guesses(head);
    Layout layout = layouts.front();
    std::optional<Table> table;
    for (const Layout& guess : layouts) {
        table = find_table(head, guess);
        if (!table) continue;
        layout = guess;
        break;
    }
    const Reader reader(head, layout);
    ElfFacts facts;
    facts.is64 = layout.is64;
    facts.big_endian = layout.big_endian;
    facts.type = reader.at<std::uint16_t>(ident_size).value_or(0);
    facts.machine = reader.at<std::uint16_t>(ident_size + 2).value_or(0);
    facts.entry = reader.word(places_of(layout).entry).value_or(0);
    std::uint64_t headers_end = ident_size;
    if (table) {
        read_program_headers(facts, head, reader, layout, *table);
        headers_end = table->offset + places_of(layout).size * table->count;
    }
    const HeaderPlaces& places = places_of(layout);
    facts.sections = reader.word(places.sections).value_or(0);
    facts.section_bytes = reader.at<std::uint16_t>(places.section_size).value_or(0);
    facts.section_count = reader.at<std::uint16_t>(places.section_size + 2).value_or(0);
    facts.section_names = reader.at<std::uint16_t>(places.section_size + 4).value_or(0);
    facts.packed = is_packed(head, headers_end);
    return facts;
}

void read_dynamic(ElfFacts& facts, std::string_view head, std::string_view bytes,
                  std::uint64_t at) {
    if (!facts.has_dynamic) return;
    const Sight sight{head, bytes, at};
    const std::string_view entries =
        sight.from(facts.dynamic.offset)
            .substr(0, std::min<std::uint64_t>(facts.dynamic.size, std::string_view::npos));
    if (entries.empty()) return;
    const DynamicTable table = read_entries(entries, {facts.is64, facts.big_endian});
    facts.is_pie = table.is_pie;
    if (!table.strings) return;
    const auto strings_offset = file_offset(facts, *table.strings);
    if (!strings_offset) return;
    const std::string_view strings =
        sight.from(*strings_offset).substr(0, table.strings_size.value_or(std::string_view::npos));
    if (strings.empty()) return;
    facts.dynamic_read = true;
    facts.needed.clear();
    for (const std::uint64_t offset : table.needed) {
        if (auto name = string_at(strings, offset)) facts.needed.push_back(std::move(*name));
    }
    if (table.soname) facts.soname = string_at(strings, *table.soname).value_or("");
}

}  // namespace stratascan::program
