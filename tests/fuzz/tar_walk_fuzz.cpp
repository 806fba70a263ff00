// Any bytes as a layer: windows tile the stream, places are owned once, pieces
// stand in order and name members that the window has.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "scanner/layer/tar_walk.hpp"
#include "tests/support/blobs.hpp"

namespace {

void require(bool holds) {
    if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::layer;
    if (size == 0) return 0;
    std::string blob(reinterpret_cast<const char*>(data) + 1, size - 1);
    // Zeros in front bring what follows to a slab's end.
    const std::size_t blocks = data[0] < 200 ? 0 : 2048 - (data[0] - 200U) % 8;
    blob.insert(0, blocks * 512, '\0');
    SlabPool pool(4);
    BlobStream stream(stratascan::test::blob_of(blob), {}, nullptr);
    TarWalk walk(stream, pool, {500});
    std::uint64_t end = 0, owned = 0;
    std::uint32_t members = 0;
    bool last = false;
    for (;;) {
        const auto window = walk.next();
        require(window.has_value());
        if (!*window) break;
        const Window& seen = **window;
        require(!last && seen.begin == end && seen.own_begin() == owned);
        last = seen.last;
        end = seen.end;
        owned = seen.own_end();
        for (const Member& member : seen.members) {
            require(member.fresh ? member.ordinal == members++ : member.ordinal < members);
        }
        std::uint64_t before = 0;
        for (const Piece& piece : seen.pieces) {
            require(piece.begin < piece.end && piece.begin >= before && piece.begin < seen.end);
            require(piece.member < seen.members.size());
            before = piece.end;
        }
    }
    require(last && owned == end && end == stream.stream_bytes() && members == walk.members());
    return 0;
}
