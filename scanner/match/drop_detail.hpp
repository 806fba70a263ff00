// More on why a candidate became no finding than drop_reason.hpp's few words: which of
// the rule's conditions it was, and how far from it. For a reader; nothing goes by it.
#pragma once

#include <string>
#include <string_view>

#include "scanner/match/ruleset.hpp"
#include "scanner/match/second_look.hpp"

namespace stratascan::match {

/// Of a candidate in `text` that the rule dropped; empty where the reason says it all.
/// `path` is the file's, as the look was told it.
[[nodiscard]] std::string drop_detail(const CompiledRule& compiled, const Dropped& one,
                                      std::string_view text, std::string_view path);

}  // namespace stratascan::match
