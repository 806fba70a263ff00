// What became of everything in a text that some rule's pattern matched: the answer
// to "why is this reported?" and to "why is that not?".
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
    std::uint32_t rule = 0;
    std::uint64_t offset = 0, length = 0;  ///< of the secret, or of what would be it
    std::uint64_t line = 0;                ///< from 1; 0 in a text with NUL bytes
    std::string shown;                     ///< redacted, or in the clear if asked for
    std::string_view reason;               ///< why it was dropped; empty: reported
    std::string detail;                    ///< which condition, which other rule; may be empty
    Finding finding;                       ///< of a reported one
};

struct Explanation {
    std::vector<Explained> candidates;  ///< by offset, reported ones first
    std::uint64_t hits = 0;             ///< places that some rule's literal led to
};

/// Looks at `text` as at the contents of one file of that path. REQUIRES: fewer
/// than 4 GiB.
[[nodiscard]] Result<Explanation> explain(const Engine& engine, std::string_view text,
                                          std::string_view path, bool show_secrets);

}  // namespace stratascan::lint
