// Any bytes as an ELF file's evidence: notes, Go's build information, sections, the
// list of crates, the tables of a toybox and of coreutils in Rust; and as a script's or a
// module's beginning.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/program/elf_evidence.hpp"
#include "scanner/program/multicall.hpp"
#include "scanner/program/script.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan;
    using namespace stratascan::program;
    if (size < 1) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    BinaryFacts facts;
    read_notes(bytes, data[0] % 2 == 1, facts);
    const std::string magic = std::string(go_build_magic) + std::string(bytes);
    const GoBuild build = read_go_build(magic);
    GoBuild lines;
    read_go_lines(bytes, lines);
    merge(lines, build);
    for (const std::string& linked : lines.linked) {
        if (linked.find('=') == std::string::npos) std::abort();
    }
    static_cast<void>(read_crates(bytes));
    static_cast<void>(script_interpreter(bytes));
    for (const char* path :
         {"a/pip-1.dist-info/METADATA", "npm/package.json", "specifications/a-1.gemspec"}) {
        if (const auto module = read_module(path, bytes); module && module->name.empty())
            std::abort();
    }
    const auto elf = read_elf(bytes);
    if (!elf) return 0;
    // In two parts, whose border moves with the size.
    const std::size_t border = bytes.size() / 3;
    FileBytes file{{{0, bytes.substr(0, border)}, {border, bytes.substr(border)}}, bytes.size()};
    std::erase_if(file.parts, [](const FileBytes::Part& part) { return part.bytes.empty(); });
    static_cast<void>(read_sections(*elf, file, facts));
    const Applets applets = toybox_applets(*elf, file);
    if (applets.names.empty() != applets.from.empty()) std::abort();
    const std::string known[] = {"cat", "ls", "sha#sum", "yes"};
    const Applets commands = uutils_applets(*elf, file, known);
    if (commands.names.empty() != commands.from.empty()) std::abort();
    return 0;
}
