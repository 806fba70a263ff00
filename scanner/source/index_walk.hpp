// From index.json down to every image that it leads to.
#pragma once

#include <vector>

#include "scanner/source/candidate.hpp"

namespace stratascan::source {

/// Every manifest that `index` leads to, nested indexes in place, in order. What
/// cannot be read still has a candidate, whose gaps say why.
[[nodiscard]] std::vector<Candidate> walk_index(const BlobStore& store, const OciDocument& index,
                                                const Selection& selection, Budget& budget);

}  // namespace stratascan::source
