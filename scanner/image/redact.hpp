// Takes the secrets that were found in an image's metadata out of the texts
// that a report shows of it. A build step is shown beside each layer and each
// finding, and `ENV TOKEN=…` is a build step.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/image/join.hpp"
#include "stratascan/report.hpp"

namespace stratascan::image {

/// Holds secrets in the clear for as long as an image is joined.
class Redactor {
public:
    /// `found` are the findings in `texts`, by source and path; `has_more`: not all of them.
    Redactor(const std::vector<MetadataText>& texts, const std::vector<Finding>& found,
             bool has_more);

    /// `text` with each known secret replaced by its redacted form.
    [[nodiscard]] std::string clean(std::string_view text) const;

    /// The build step of a layer, cleaned. Withheld as a whole where it holds a
    /// secret in a form that can't be cut out.
    [[nodiscard]] std::string clean_step(int layer_index, std::string_view step) const;

private:
    std::vector<std::pair<std::string, std::string>> secrets_;  ///< clear, redacted; longest first
    std::vector<int> withheld_;                                 ///< layers, sorted
    bool withhold_all_ = false;
};

}  // namespace stratascan::image
