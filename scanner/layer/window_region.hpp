// For the parts of WindowScanner alone.
#pragma once

#include <cstdint>
#include <string_view>

#include "scanner/layer/window_scan.hpp"

namespace stratascan::layer {

// The run of bytes in sight that belongs together with a place, and what it is.
struct WindowScanner::Region {
    std::string_view text;
    std::uint64_t stream_begin = 0;  // of text
    const Piece* piece = nullptr;    // nullptr: between pieces
    std::uint32_t member = 0;
    bool has_member = false;
};

}  // namespace stratascan::layer
