// Any bytes as an ELF file: read_elf, read_dynamic and the look-up of offsets.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/program/elf.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::program;
    const std::string_view file(reinterpret_cast<const char*>(data), size);
    // The last byte says where the head ends; the rest is bytes further on.
    const std::size_t cut = size == 0 ? 0 : data[size - 1] * size / 256;
    const std::string_view head = file.substr(0, cut);
    auto elf = read_elf(head);
    if (!elf) return 0;
    read_dynamic(*elf, head, file.substr(cut), cut);
    read_dynamic(*elf, head, {}, 0);
    read_dynamic(*elf, head, file, ~std::uint64_t{0} - 8);
    for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{size}, ~std::uint64_t{0}}) {
        static_cast<void>(elf->loaded(offset));
    }
    static_cast<void>(elf->is_library());
    // Merged ranges are in order, apart, and do not wrap.
    for (std::size_t i = 0; i < elf->loads.size(); ++i) {
        const auto& range = elf->loads[i];
        if (range.offset + range.size < range.offset) __builtin_trap();
        if (i != 0 && elf->loads[i - 1].offset + elf->loads[i - 1].size >= range.offset) {
            __builtin_trap();
        }
    }
    return 0;
}
