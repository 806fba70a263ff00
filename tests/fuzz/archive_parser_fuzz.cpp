// Any bytes as an archive, or as what one may stand behind: the first byte picks the format,
// the second how the bytes are cut. However that is, the parser finds the same members and ends.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/nested/archive_parser.hpp"
#include "scanner/nested/recognise.hpp"
#include "tests/support/parsing.hpp"

namespace {

using namespace stratascan;

std::unique_ptr<nested::ArchiveParser> make(unsigned format) {
    switch (format % 7) {
        case 0: return nested::make_tar_parser();
        case 1: return nested::make_zip_parser();
        case 2: return nested::make_ar_parser();
        case 3: return nested::make_cpio_parser();
        case 4: return nested::make_rpm_parser();
        case 5: return nested::make_script_parser();
        default: return nested::make_elf_parser();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    // A copy that ends where the bytes do, so that a sanitizer sees every step beyond.
    const std::string archive(reinterpret_cast<const char*>(data) + 2, size - 2);
    static_cast<void>(nested::recognise(
        std::string_view(archive).substr(0, nested::recognised_within)));
    const std::size_t piece = 1 + data[1] % 67, open_end = data[1];
    bool stuck = false;
    const auto whole =
        test::parse(*make(data[0]), archive, archive.size() + 1, stuck, open_end, true);
    if (stuck) __builtin_trap();
    const auto cut = test::parse(*make(data[0]), archive, piece, stuck, open_end, true);
    if (stuck || whole.members != cut.members || whole.damage != cut.damage) __builtin_trap();
    if (whole.aside != cut.aside || whole.headers != cut.headers) __builtin_trap();
    return 0;
}
