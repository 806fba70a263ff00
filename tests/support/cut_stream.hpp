// A stream cut into windows wherever a test wants them: what slabs of a mebibyte
// would take long to show at every place.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/window_builder.hpp"

namespace stratascan::test {

/// A file in the stream.
struct StreamPart {
    std::size_t begin = 0, end = 0;
};

/// The windows of `stream`, whose payloads end at `cuts` (ascending) and where it
/// ends. What is no part belongs to nobody.
inline std::vector<layer::Window> windows_of(std::string_view stream,
                                             const std::vector<StreamPart>& parts,
                                             std::vector<std::size_t> cuts,
                                             layer::SlabPool& slabs) {
    layer::WindowBuilder builder;
    for (const StreamPart& part : parts) {
        layer::Member member;
        member.path = "part" + std::to_string(part.begin);
        const std::uint32_t ordinal = builder.add_member(member);
        builder.add_piece({part.begin, part.end, 0, ordinal, layer::PieceKind::contents});
    }
    cuts.push_back(stream.size());
    std::vector<layer::FilledSlab> filled;
    for (const std::size_t cut : cuts) {
        layer::FilledSlab slab;
        slab.slab = slabs.acquire();
        slab.begin = filled.empty() ? 0 : filled.back().end;
        slab.end = cut;
        std::memcpy(slab.slab->payload(), stream.data() + slab.begin, cut - slab.begin);
        if (!filled.empty()) layer::carry_context(filled.back(), slab);
        filled.push_back(std::move(slab));
    }
    std::vector<layer::Window> windows;
    for (std::size_t i = 0; i < filled.size(); ++i) {
        windows.push_back(builder.assemble(std::move(filled[i]), i + 1 == filled.size()));
    }
    return windows;
}

}  // namespace stratascan::test
