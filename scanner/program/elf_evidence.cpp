#include "scanner/program/elf_evidence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/json.hpp"
#include "scanner/json/json_shape.hpp"
#include "scanner/nested/bytes.hpp"
#include "scanner/nested/git_zlib.hpp"

namespace stratascan::program {
namespace {

constexpr std::size_t longest_text = 256;
constexpr std::size_t most_comments = 8;
constexpr std::size_t most_crates = 4096;
constexpr std::size_t most_sections = 4096;
constexpr std::size_t largest_names = 64 << 10;
constexpr std::size_t largest_crate_section = 1 << 20;
constexpr std::size_t largest_crate_list = 8 << 20;

constexpr std::uint32_t note_build_id = 3, note_package = 0xcafe1a7e;
constexpr std::uint32_t section_symbols = 2;

std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t size, bool big) noexcept {
    return big ? nested::big_endian(bytes, at, size) : nested::little_endian(bytes, at, size);
}

std::string printable_text(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, longest_text)) {
        out += c >= ' ' && c <= '~' ? c : '?';
    }
    return out;
}

void read_package_note(std::string_view text, BinaryFacts& facts) {
    text = text.substr(0, text.find('\0'));
    const auto object = evidence::json_object(text);
    if (!object) return;
    const auto member = [&](const char* name) {
        return printable_text(evidence::json_string(*object, name));
    };
    PackageNote note{member("type"), member("name"), member("version"), member("architecture"),
                     member("os")};
    if (note.name.empty()) return;
    facts.note = std::move(note);
}

struct Section {
    std::uint64_t name = 0, type = 0, offset = 0, size = 0;
};

Section section_at(std::string_view table, std::size_t at, const ElfFacts& elf) {
    const std::string_view one = table.substr(at, elf.section_bytes);
    const bool big = elf.big_endian;
    if (elf.is64)
        return {number(one, 0, 4, big), number(one, 4, 4, big), number(one, 24, 8, big),
                number(one, 32, 8, big)};
    return {number(one, 0, 4, big), number(one, 4, 4, big), number(one, 16, 4, big),
            number(one, 20, 4, big)};
}

void read_comment(std::string_view bytes, BinaryFacts& facts) {
    while (!bytes.empty() && facts.comment.size() < most_comments) {
        const std::size_t end = std::min(bytes.find('\0'), bytes.size());
        std::string text = printable_text(bytes.substr(0, end));
        const bool known = std::find(facts.comment.begin(), facts.comment.end(), text) !=
                           facts.comment.end();
        if (!text.empty() && !known) facts.comment.push_back(std::move(text));
        bytes.remove_prefix(std::min(end + 1, bytes.size()));
    }
}

// A number of seven bits a byte, the lowest first, and so many bytes.
std::optional<std::string_view> take_go_text(std::string_view& in) {
    std::uint64_t size = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (in.empty() || shift > 28) return std::nullopt;
        const auto byte = static_cast<unsigned char>(in.front());
        in.remove_prefix(1);
        size |= std::uint64_t{byte & 0x7fU} << shift;
        if ((byte & 0x80U) == 0) break;
    }
    const std::string_view text = in.substr(0, static_cast<std::size_t>(size));
    in.remove_prefix(text.size());
    return text;
}

bool names_version(std::string_view name) {
    constexpr std::string_view word = "ersion";
    return name.ends_with(word) || name.ends_with("Tag") || name.ends_with("VERSION") ||
           name.ends_with("elease");
}

// "-X main.version=1.2 -X 'other.Name=value' -s -w", maybe in quotes as a whole.
void read_go_flags(std::string_view flags, GoBuild& build) {
    constexpr std::string_view mark = "-X";
    for (std::size_t at = flags.find(mark); at != flags.npos; at = flags.find(mark, at)) {
        at += mark.size();
        at = flags.find_first_not_of(" ='\"\\", at);
        if (at == flags.npos) return;
        const std::string_view rest = flags.substr(at);
        const std::string_view one = rest.substr(0, rest.find_first_of(" '\"\\"));
        const std::size_t equals = one.find('=');
        if (equals == one.npos || equals + 1 == one.size()) continue;
        if (!names_version(one.substr(0, equals)) || build.linked.size() >= most_comments) continue;
        // The end of a long name, so that its value is not what is cut.
        build.linked.push_back(printable_text(one.substr(equals - std::min(equals, longest_text / 2))));
    }
}

}  // namespace

void read_notes(std::string_view bytes, bool big_endian, BinaryFacts& facts) {
    const auto padded = [](std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; };
    while (bytes.size() >= 12) {
        const std::uint64_t owner_bytes = number(bytes, 0, 4, big_endian);
        const std::uint64_t text_bytes = number(bytes, 4, 4, big_endian);
        const auto type = static_cast<std::uint32_t>(number(bytes, 8, 4, big_endian));
        bytes.remove_prefix(12);
        const std::uint64_t skipped = padded(owner_bytes);
        if (skipped > bytes.size() || text_bytes > bytes.size() - skipped) return;
        const std::string_view owner = bytes.substr(0, owner_bytes);
        const std::string_view text = bytes.substr(skipped, text_bytes);
        if (owner == std::string_view("GNU\0", 4) && type == note_build_id && text.size() >= 4 &&
            text.size() <= 64 && facts.build_id.empty()) {
            facts.build_id = evidence::hex(text);
        }
        if (owner == std::string_view("FDO\0", 4) && type == note_package && !facts.note) {
            read_package_note(text, facts);
        }
        bytes.remove_prefix(std::min<std::uint64_t>(skipped + padded(text_bytes), bytes.size()));
    }
}

SectionFacts read_sections(const ElfFacts& elf, const FileBytes& file, BinaryFacts& facts) {
    SectionFacts said;
    const std::size_t least = elf.is64 ? 64 : 40;
    const std::uint64_t bytes = std::uint64_t{elf.section_bytes} * elf.section_count;
    if (elf.sections == 0 || elf.section_count == 0 || elf.section_bytes < least ||
        elf.sections >= file.size || bytes > file.size - elf.sections) {
        said.missing = said.stripped.emplace(true);
        return said;
    }
    if (elf.section_count > most_sections) return said;
    const auto table = file.read(elf.sections, static_cast<std::size_t>(bytes));
    if (!table || table->size() < bytes) return said;
    std::string names;
    if (elf.section_names < elf.section_count) {
        const Section one =
            section_at(*table, std::size_t{elf.section_names} * elf.section_bytes, elf);
        names =
            file.read(one.offset,
                      static_cast<std::size_t>(std::min<std::uint64_t>(one.size, largest_names)))
                .value_or("");
    }
    bool symbols = false;
    for (std::size_t at = 0; at < bytes; at += elf.section_bytes) {
        const Section section = section_at(*table, at, elf);
        symbols = symbols || section.type == section_symbols;
        if (section.name >= names.size()) continue;
        const std::string_view from = std::string_view(names).substr(section.name);
        const std::string_view name = from.substr(0, from.find('\0'));
        const auto contents = [&](std::size_t most) -> std::string {
            if (section.size > most) return {};
            return file.read(section.offset, static_cast<std::size_t>(section.size)).value_or("");
        };
        if (name == ".comment") read_comment(contents(4096), facts);
        if (name == ".gnu_debuglink") {
            const std::string link = contents(4096);
            facts.debug_link = printable_text(std::string_view(link).substr(0, link.find('\0')));
        }
        if (name == ".dep-v0" && facts.crates.empty()) {
            facts.crates = read_crates(contents(largest_crate_section));
        }
    }
    said.stripped = !symbols;
    return said;
}

std::vector<std::string> read_crates(std::string_view section) {
    nested::GitZlib zlib;
    std::string text;
    for (auto said = nested::GitZlib::Said::have_output;
         said == nested::GitZlib::Said::have_output;) {
        const std::size_t before = text.size();
        if (before >= largest_crate_list) return {};
        text.resize(before + (64 << 10));
        std::span<char> out(text.data() + before, text.size() - before);
        said = zlib.step(section, out);
        text.resize(text.size() - out.size());
        if (said == nested::GitZlib::Said::damaged || said == nested::GitZlib::Said::need_input) {
            return {};
        }
    }
    if (json::shape_of(text).depth > json::deepest) return {};
    const auto document = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
    if (!document.is_object()) return {};
    const auto list = document.find("packages");
    if (list == document.end() || !list->is_array()) return {};
    std::vector<std::string> crates;
    for (const nlohmann::json& one : *list) {
        if (!one.is_object() || crates.size() >= most_crates) continue;
        if (evidence::json_string(one, "kind") == "build") continue;  // not in the program
        const std::string name = printable_text(evidence::json_string(one, "name"));
        const std::string version = printable_text(evidence::json_string(one, "version"));
        if (!name.empty() && !version.empty()) {
            crates.push_back(fmt::format("{} {}", name, version));
        }
    }
    std::sort(crates.begin(), crates.end());
    return crates;
}

GoBuild read_go_build(std::string_view from_magic) {
    constexpr std::size_t head = 32, sentinel = 16;
    constexpr unsigned texts_inline = 2;
    GoBuild build;
    if (from_magic.size() < head || !from_magic.starts_with(go_build_magic) ||
        (static_cast<unsigned char>(from_magic[15]) & texts_inline) == 0) {
        return build;
    }
    std::string_view in = from_magic.substr(head);
    const auto version = take_go_text(in);
    if (!version || !version->starts_with("go")) return build;
    build.go_version = printable_text(*version);
    const auto lines = take_go_text(in);
    if (lines && lines->size() > sentinel) read_go_lines(lines->substr(sentinel), build);
    return build;
}

void read_go_lines(std::string_view lines, GoBuild& build) {
    const auto value_of = [](std::string_view line, std::string_view key) {
        return line.starts_with(key) ? std::optional(line.substr(key.size())) : std::nullopt;
    };
    while (!lines.empty()) {
        const std::size_t end = lines.find('\n');
        if (end == lines.npos) return;  // it may be cut
        const std::string_view line = lines.substr(0, end);
        lines.remove_prefix(end + 1);
        if (const auto path = value_of(line, "path\t"); path && build.main_package.empty()) {
            build.main_package = printable_text(*path);
        } else if (const auto module = value_of(line, "mod\t"); module && build.module.empty()) {
            const std::size_t tab = std::min(module->find('\t'), module->size());
            build.module = printable_text(module->substr(0, tab));
            const std::string_view rest = module->substr(std::min(tab + 1, module->size()));
            build.module_version = printable_text(rest.substr(0, rest.find('\t')));
        } else if (const auto flags = value_of(line, go_flags_line)) {
            if (build.linked.empty()) read_go_flags(*flags, build);
        } else if (const auto revision = value_of(line, go_revision_line)) {
            if (build.revision.empty()) build.revision = printable_text(*revision);
        }
    }
}

void merge(GoBuild& build, const GoBuild& more) {
    const auto take = [](std::string& into, const std::string& from) {
        if (into.empty()) into = from;
    };
    take(build.go_version, more.go_version);
    take(build.main_package, more.main_package);
    take(build.module, more.module);
    take(build.module_version, more.module_version);
    take(build.revision, more.revision);
    if (build.linked.empty()) build.linked = more.linked;
}

}  // namespace stratascan::program
