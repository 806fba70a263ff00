// Puts the file facts of a layer's windows together, in stream order, and reads its
// small documents line by line as they pass.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "scanner/layer/fact_spotter.hpp"
#include "scanner/layer/file_facts.hpp"
#include "scanner/layer/window.hpp"

namespace stratascan::layer {

class FactCollector {
public:
    /// Windows of the layer's own stream come in order; others are passed over.
    void add(const Window& window, SpottedFacts& spotted);

    /// All that was seen. Call once, at the end.
    [[nodiscard]] FileFacts take();

private:
    void read_documents(const Window& window);
    void feed(std::string_view bytes);
    void line(std::string_view text);
    void end();

    FileFacts facts_;
    std::array<std::size_t, 64> told_{};  // by kind
    bool open_ = false;
    std::string cut_;  // the beginning of a line
    bool too_long_ = false;
};

}  // namespace stratascan::layer
