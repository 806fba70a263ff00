// Which rules' findings belong together, by the rules' numbers.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace stratascan::match {

struct PairRule {
    std::vector<std::uint32_t> ids;  ///< rules of the other half; sorted
    std::uint32_t within = 0;        ///< bytes
};

/// By the rule that has the secret half.
using PairRules = std::map<std::uint32_t, PairRule>;

}  // namespace stratascan::match
