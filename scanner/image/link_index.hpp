// The links of all layers by what they point at. A layer lists its links by
// member; the question is always the other way round: which names lead here?
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "scanner/layer/layer_result.hpp"

namespace stratascan::image {

/// Borrows the layers' indexes. Sorted once, 16 bytes a link; read by any thread.
class LinkIndex {
public:
    struct Hit {
        int layer = 0;
        const layer::Link* link = nullptr;
    };

    using List = std::vector<layer::Link> layer::PathIndex::*;

    LinkIndex(const std::vector<const layer::PathIndex*>& layers, List list);

    [[nodiscard]] bool empty() const noexcept { return items_.empty(); }

    /// Links whose target is `target`, lowest layer first, in member order; at
    /// most `limit`.
    [[nodiscard]] std::vector<Hit> leading_to(std::string_view target, std::size_t limit) const;

private:
    struct Item {
        std::size_t hash;
        std::uint32_t layer;
        std::uint32_t index;
    };

    const std::vector<const layer::PathIndex*>* layers_;
    List list_;
    std::vector<Item> items_;
};

}  // namespace stratascan::image
