// Puts the file facts of a layer's windows together, in stream order, and reads its
// small documents as they pass: line by line, and bills of materials when they are whole.
#pragma once

#include <array>
#include <cstdint>
#include <map>
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
    [[nodiscard]] bool is_wanted(const FileFact& fact);
    void read_documents(const Window& window);
    bool begin(DocumentKind kind, const Member& member);
    void end_bill(SmallDocument& document);
    void feed(std::string_view bytes);
    void line(std::string_view text);
    void end();

    FileFacts facts_;
    std::array<std::size_t, 64> told_{};  // by kind
    bool open_ = false;
    std::string cut_;  // the beginning of a line; of a bill all of it
    bool too_long_ = false;
    std::size_t documents_ = 0, bills_ = 0, bill_text_ = 0;
    std::map<std::string, std::size_t, std::less<>> hosts_;  // how many files told each
};

}  // namespace stratascan::layer
