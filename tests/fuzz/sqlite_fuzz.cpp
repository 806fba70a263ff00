// Any bytes as a SQLite database, or as its write-ahead log. The first two say which, the page's
// size and how the file is cut; the header in front of the rest is a sound one, so that pages are
// met.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/nested/sqlite.hpp"
#include "scanner/nested/sqlite_schema.hpp"
#include "tests/support/parsing.hpp"

namespace {

using namespace stratascan;

test::Parsed parse(const std::string& file, std::size_t piece, bool log) {
    const auto parser = log ? nested::make_sqlite_wal_parser(8 << 20)
                            : nested::make_sqlite_parser(8 << 20);
    bool stuck = false;
    test::Parsed parsed = test::parse(*parser, file, piece, stuck);
    if (stuck) __builtin_trap();
    return parsed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 102) return 0;
    std::string file(reinterpret_cast<const char*>(data) + 2, size - 2);
    const char page = data[0] % 2 == 0 ? '\2' : '\4';  // pages of 512 or 1024 bytes
    const bool log = data[0] % 4 >= 2;
    if (log) {
        file.replace(0, 12, "\x37\x7f\x06\x82\0\x2d\xe2\x18\0\0\0\0", 12);
        file[10] = page;
    } else {
        file.replace(0, 16, "SQLite format 3\0", 16);
        file[16] = page;
        file[17] = file[20] = '\0';
        file.replace(28, 4, 4, '\0');
    }
    const test::Parsed whole = parse(file, file.size() + 1, log);
    const test::Parsed cut = parse(file, 1 + data[1], log);
    if (!(whole.members == cut.members) || whole.damage != cut.damage) __builtin_trap();
    std::uint64_t made = 0;
    for (const auto& member : whole.members) made += member.contents.size();
    // Names stand in front of each value, and a value may be a single bit of the header.
    if (made > 300 * file.size()) __builtin_trap();
    static_cast<void>(nested::sqlite_columns(file));
    return 0;
}
