// What became of everything in a file that some rule's pattern matched: the answer to
// "why is this reported?" and to "why is that not?".
//
// The file is scanned as the only one of a layer, so what a scan looks into is looked into
// here: encodings, and containers in each other. What `--stats` of a scan counts as dropped
// is what is told here, but for candidates that lack their digit: of these a scan passes
// most over before it looks, and here all are told.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/engine.hpp"
#include "stratascan/error.hpp"
#include "stratascan/report.hpp"

namespace stratascan::lint {

/// One candidate. Reported, or dropped for a reason.
struct Explained {
    /// Rule, place (inner_path, source, offset, length; a line, or 0 where there are none)
    /// and what is shown of it; evidence of a reported one.
    Finding finding;
    std::size_t containers = 0;  ///< steps of its inner_path that lead into containers
    std::string_view reason;     ///< why it was dropped; empty: reported
    std::string detail;          ///< which condition, which other rule; may be empty
};

struct Explanation {
    std::vector<Explained> candidates;  ///< by place, reported ones first
    std::uint64_t untold = 0;           ///< dropped ones that were too many
    std::vector<Gap> gaps;              ///< what of the file was not read
};

/// Looks at `text` as at the contents of the file of that path.
[[nodiscard]] Result<Explanation> explain(const Engine& engine, std::string_view text,
                                          std::string_view path, bool show_secrets);

}  // namespace stratascan::lint
