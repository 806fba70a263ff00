// Any bytes as a file of a layer, looked into: however they are cut, the same comes
// out of it, and it ends.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/nested/nest.hpp"

namespace {

using namespace stratascan;

struct Seen {
    std::string windows, gaps;
    std::uint64_t members = 0, output = 0;
};

void take(nested::Nest& nest, Seen& seen) {
    while (auto window = nest.take()) {
        seen.windows += std::to_string(window->stream) + ':';
        seen.windows += window->bytes().substr(window->context);
        std::uint64_t before = 0;
        for (const auto& piece : window->pieces) {
            if (piece.begin < before || piece.end <= piece.begin) __builtin_trap();
            if (piece.member >= window->members.size()) __builtin_trap();
            before = piece.end;
        }
    }
}

Seen look_into(std::string_view file, std::size_t piece) {
    layer::SlabPool pool(4);
    nested::NestLimits limits;
    limits.output_bytes = 4 << 20;
    limits.members = 1000;
    nested::Nest nest(pool, limits);
    Seen seen;
    nest.open({"file", 0, layer::EntryKind::file, false});
    while (nest.is_open() && !file.empty()) {
        const std::string_view part = file.substr(0, piece);
        file.remove_prefix(part.size());
        nest.give(part);
        while (nest.run()) take(nest, seen);
    }
    nest.close();
    while (nest.run()) take(nest, seen);
    if (nest.is_open()) __builtin_trap();
    nest.finish();
    take(nest, seen);
    for (const auto& gap : nest.gaps()) seen.gaps += gap.gap.reason + '\n';
    seen.members = nest.counts().members;
    seen.output = nest.counts().output_bytes;
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string file(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Seen whole = look_into(file, file.size() + 1);
    const Seen cut = look_into(file, 1 + data[0]);
    // How much a decoder makes before it tells of damage depends on how it is fed.
    if (!whole.gaps.empty() || !cut.gaps.empty()) return 0;
    if (whole.members != cut.members || whole.output != cut.output) __builtin_trap();
    if (whole.windows != cut.windows) __builtin_trap();
    return 0;
}
