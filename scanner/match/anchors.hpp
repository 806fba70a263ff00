// Literals of which every match of a pattern has one, found where a rule does not
// name its own. RE2's prefilter turns a pattern into an and-or tree of required
// strings; a set of them suffices when the pattern cannot match a text in which
// all the others are present. Whether it does is proved again in regex_tree.
#pragma once

#include <string>
#include <vector>

#include "stratascan/error.hpp"

namespace stratascan::match {

struct Anchors {
    std::vector<std::string> literals;
    bool nocase = false;
};

inline constexpr std::size_t shortest_anchor = 4;

/// The fewest, longest literals of at least `shortest_anchor` bytes of which
/// every match has one. An Error when the pattern requires none.
[[nodiscard]] Result<Anchors> derive_anchors(const std::string& pattern);

}  // namespace stratascan::match
