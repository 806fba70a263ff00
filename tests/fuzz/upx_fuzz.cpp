// Any bytes as a program packed by UPX: however they are cut, the same comes out of
// it, nothing is shown twice or outside of its member, and it ends.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/nested/upx.hpp"
#include "tests/support/parsing.hpp"

namespace {

std::string unpack(std::string_view file, std::size_t piece) {
    using namespace stratascan;
    const auto parser = nested::make_upx_parser(1 << 20);
    bool stuck = false;
    const test::Parsed parsed = test::parse(*parser, file, piece, stuck);
    if (stuck || parsed.members.size() > 1) __builtin_trap();
    std::string all;
    for (const test::ParsedMember& member : parsed.members) {
        if (!member.ended) __builtin_trap();
        all += member.contents;
    }
    for (const std::string& gap : parsed.damage) all += '\n' + gap;
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > (1U << 16)) return 0;
    const std::string_view file(reinterpret_cast<const char*>(data), size);
    // What it claims to be larger than this is a hole, and holes cost time alone.
    if (const auto start = stratascan::nested::find_upx(file.substr(0, 512));
        start && start->file_size > (8U << 20)) {
        return 0;
    }
    if (unpack(file, size) != unpack(file, 7)) __builtin_trap();
    return 0;
}
