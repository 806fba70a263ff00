// Which literals must stand in every match of a pattern, and the proof that
// given ones do. RE2's prefilter turns a pattern into an and-or tree of required
// strings; anchors suffice when the pattern cannot match a text in which every
// required string is present but those that contain an anchor.
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

/// Whether every match of `pattern` contains one of `literals`.
[[nodiscard]] bool anchors_suffice(const std::string& pattern, const Anchors& anchors);

}  // namespace stratascan::match
