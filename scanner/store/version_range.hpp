// Ranges of versions: "<7.88", ">=1.2,<2", "=1.36.1", "1.36.1". Every part must hold.
//
// Versions of programs follow no one scheme, so they are compared as most package
// managers do: runs of digits as numbers, runs of letters as text, the rest parts them. A
// version that goes on with letters after a separator, or with "rc", "beta", "alpha" or
// "pre", is older than the bare one; one that goes on with digits or, as OpenSSL's 1.0.2k, with a letter, newer.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "stratascan/error.hpp"

namespace stratascan::store {

[[nodiscard]] std::strong_ordering compare_versions(std::string_view left,
                                                    std::string_view right) noexcept;

class VersionRange {
public:
    /// `invalid_argument` when it is none.
    [[nodiscard]] static Result<VersionRange> parse(std::string_view text);

    /// An empty version, one that is not known, is in no range.
    [[nodiscard]] bool holds(std::string_view version) const noexcept;

private:
    enum class Sign : std::uint8_t { less, less_equal, greater, greater_equal, equal, not_equal };
    struct Part {
        Sign sign = Sign::equal;
        std::string version;
    };
    std::vector<Part> parts_;
};

}  // namespace stratascan::store
