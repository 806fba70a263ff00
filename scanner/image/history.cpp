// Which build step made which layer. A config lists its steps in `history`,
// the empty ones among them (ENV, CMD, LABEL) marked `empty_layer`; what is
// left pairs off with the layers in order. Squashed and hand-made images have
// too few or too many, so the pairing is checked and never trusted. Docker
// archives from before version 1.10 have no history: each layer brings its step.
#include <fmt/format.h>

#include "scanner/image/document.hpp"
#include "scanner/image/join.hpp"

namespace stratascan::image {

std::vector<std::string> build_steps(const source::ImageRef& image,
                                     std::vector<std::string>& notes) {
    std::vector<std::string> steps;
    steps.reserve(image.layers.size());
    for (const source::LayerRef& layer : image.layers) steps.push_back(layer.created_by);
    if (image.config.empty()) return steps;
    const Result<Document> config = parse_document(image.config);
    if (!config) return steps;
    const nlohmann::json* history = member(config->root, "history");
    if (history == nullptr || !history->is_array() || history->empty()) return steps;

    std::size_t count = 0;
    for (const nlohmann::json& entry : *history) {
        const nlohmann::json* empty = member(entry, "empty_layer");
        if (empty != nullptr && empty->is_boolean() && empty->get<bool>()) continue;
        if (count < steps.size()) steps[count] = string_member(entry, "created_by");
        ++count;
    }
    if (count != steps.size()) {
        notes.push_back(fmt::format(
            "the history tells of {} layers and the image has {}: build steps may be shifted",
            count, steps.size()));
    }
    return steps;
}

}  // namespace stratascan::image
