// Any text as a container in base64 or hex, from wherever one seems to begin: however the
// text is cut, the same bytes come of it, and no more of them than it has characters.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/match/views/encoded_container.hpp"

namespace {

using namespace stratascan::views;

struct Read {
    std::string bytes;
    std::size_t used = 0;
    bool ended = false;
};

Read read(ContainerWriting writing, std::string_view text, std::size_t piece) {
    ContainerReader reader(writing);
    Read all;
    while (!text.empty() && !reader.ended()) {
        const std::string_view part = text.substr(0, piece);
        const std::size_t used = reader.read(part, all.bytes);
        if (used > part.size() || (used < part.size() && !reader.ended())) __builtin_trap();
        all.used += used;
        text.remove_prefix(used);
    }
    all.ended = reader.ended();
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string_view all = text;
    int opened = 0;
    for (std::size_t at = 0; at < all.size() && opened < 4; ++at) {
        for (const Encoding encoding : {Encoding::base64, Encoding::hex}) {
            const auto writing = container_at(encoding, all.substr(at));
            if (!writing) continue;
            ++opened;
            const Read whole = read(*writing, all.substr(at), all.size());
            const Read cut = read(*writing, all.substr(at), 1 + data[0] % 64U);
            if (whole.bytes != cut.bytes || whole.used != cut.used || whole.ended != cut.ended) {
                __builtin_trap();
            }
            if (whole.bytes.size() > all.size() || whole.bytes.empty()) __builtin_trap();
        }
    }
    return 0;
}
