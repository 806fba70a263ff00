// What holds of the constants of any bytes: however a file is cut, the same is told, the text
// is bounded by the file, and each value stands where it is said to come from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/nested/constants.hpp"
#include "tests/support/parsing.hpp"

namespace stratascan::test {

inline Parsed parse_constants(nested::ReadConstants read, std::string_view file,
                              std::size_t piece) {
    const auto parser = nested::make_constants_parser(read, "code", 8 << 20);
    bool stuck = false;
    Parsed parsed = parse(*parser, file, piece, stuck);
    if (stuck || parsed.members.size() > 1) __builtin_trap();
    return parsed;
}

inline void check_constants(nested::ReadConstants read, std::string_view file, std::size_t piece) {
    const Parsed whole = parse_constants(read, file, file.size() + 1);
    const Parsed cut = parse_constants(read, file, piece);
    if (!(whole.members == cut.members) || whole.damage != cut.damage) __builtin_trap();
    const nested::ConstantText made = read(file, 4 << 20);
    if (made.text.size() > 16 * file.size()) __builtin_trap();
    std::uint64_t before = 0;
    for (const layer::TextOrigin& one : made.origins) {
        if (one.at < before || one.at + one.bytes > made.text.size() ||
            one.from + one.from_bytes > file.size()) {
            __builtin_trap();
        }
        before = one.at;
        if (one.bytes == one.from_bytes && std::string_view(made.text).substr(one.at, one.bytes) !=
                                               file.substr(one.from, one.from_bytes)) {
            __builtin_trap();
        }
    }
    // Little memory is a gap, and no damage.
    static_cast<void>(read(file, 4096));
}

}  // namespace stratascan::test
