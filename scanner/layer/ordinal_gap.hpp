// A gap, and the layer's member that it is in.
#pragma once

#include <cstdint>

#include "stratascan/report.hpp"

namespace stratascan::layer {

struct OrdinalGap {
    Gap gap;
    std::uint32_t ordinal = 0;
};

}  // namespace stratascan::layer
