#include "scanner/image/link_index.hpp"

#include <algorithm>
#include <functional>
#include <tuple>

namespace stratascan::image {

LinkIndex::LinkIndex(const std::vector<const layer::PathIndex*>& layers, List list)
    : layers_(&layers), list_(list) {
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
        if (layers[layer] == nullptr) continue;
        const std::vector<layer::Link>& links = layers[layer]->*list_;
        for (std::size_t index = 0; index < links.size(); ++index) {
            items_.push_back({std::hash<std::string_view>{}(links[index].target),
                              static_cast<std::uint32_t>(layer),
                              static_cast<std::uint32_t>(index)});
        }
    }
    std::sort(items_.begin(), items_.end(), [](const Item& left, const Item& right) {
        return std::tie(left.hash, left.layer, left.index) <
               std::tie(right.hash, right.layer, right.index);
    });
}

std::vector<LinkIndex::Hit> LinkIndex::leading_to(std::string_view target,
                                                  std::size_t limit) const {
    std::vector<Hit> hits;
    if (items_.empty()) return hits;
    const std::size_t hash = std::hash<std::string_view>{}(target);
    auto item = std::lower_bound(
        items_.begin(), items_.end(), hash,
        [](const Item& candidate, std::size_t wanted) { return candidate.hash < wanted; });
    // Texts of equal hash can be made on purpose, so their number is bounded, too.
    std::size_t looks = limit + 1024;
    for (; item != items_.end() && item->hash == hash && hits.size() < limit && looks > 0;
         ++item, --looks) {
        const layer::Link& link = ((*layers_)[item->layer]->*list_)[item->index];
        if (link.target == target) hits.push_back({static_cast<int>(item->layer), &link});
    }
    return hits;
}

}  // namespace stratascan::image
