// A table of contents and the tar that it is held against. The first byte says how the text is
// cut on its way; wherever that is, the same is gathered. Names of the tar stand behind a NUL,
// one a line: those of kind file, of no bytes. A table that says just that of every name, and
// no more, agrees; one without a name of the tar does not.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/contents_check.hpp"
#include "scanner/layer/whiteout.hpp"
#include "tests/support/contents.hpp"

namespace {

using namespace stratascan;

// Those of the tar, normalised, each once. JSON has no others than those in ASCII as they stand.
std::vector<layer::Member> members_of(std::string_view lines) {
    std::set<std::string> names;
    while (!lines.empty() && names.size() < 64) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        const std::string name = layer::normalise_path(lines.substr(0, end));
        const bool plain =
            std::ranges::all_of(name, [](unsigned char c) { return c >= ' ' && c < 0x7f; });
        if (plain && !name.empty() && name != layer::estargz_table_name &&
            layer::read_whiteout(name).kind == layer::EntryKind::file) {
            names.insert(name);
        }
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    std::vector<layer::Member> members;
    for (const std::string& name : names) members.push_back(test::file_named(name));
    return members;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t nul = std::min(bytes.find('\0'), bytes.size());
    const std::string_view text = bytes.substr(0, nul);
    const layer::TableText whole = test::table_text(text, bytes.size());
    const layer::TableText cut = test::table_text(text, std::size_t{data[0]} + 1);
    if (whole.text() != cut.text() || whole.may_be_table() != cut.may_be_table()) __builtin_trap();

    std::size_t told = 0;
    const layer::TableReading reading =
        layer::read_contents_table(text, [&](layer::TableEntry&) { ++told; });
    if (told > 0 && !reading.is_table) __builtin_trap();

    std::vector<layer::Member> members = members_of(bytes.substr(std::min(nul + 1, bytes.size())));
    test::gaps_of(members, whole);
    const layer::TableText honest = test::table_text(test::honest_table(members));
    if (!test::gaps_of(members, honest).empty()) __builtin_trap();
    if (members.empty()) return 0;
    members.pop_back();
    if (test::gaps_of(members, honest).empty()) __builtin_trap();
    return 0;
}
