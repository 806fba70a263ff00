// A platform says which machines an image is for: "linux/arm64/v8". The same
// machine goes by several names ("aarch64", "x86_64") and some variants say
// nothing ("arm64/v8" is every arm64), so platforms are brought to one form
// before they are compared.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "stratascan/error.hpp"

namespace stratascan::source {

struct Platform {
    std::string os;
    std::string arch;
    std::string variant;  ///< may be empty

    /// Neither os nor architecture is missing or "unknown" (BuildKit marks its
    /// attestations with the latter).
    [[nodiscard]] bool known() const noexcept;

    /// "os/arch" or "os/arch/variant"; empty when not known. Names from outside
    /// that hold anything but letters, digits and "._-" count as not known.
    [[nodiscard]] std::string text() const;
};

/// The one form of a platform: lower case, Go's names of architectures, no
/// variant that says nothing.
[[nodiscard]] Platform normalise_platform(Platform platform);

/// "os/arch" or "os/arch/variant", as a user asks for it; normalised.
[[nodiscard]] Result<Platform> parse_platform(std::string_view text);

/// Whether an image for `offered` is what `asked` asks for. No variant asked
/// for: any will do. Both are normalised.
[[nodiscard]] bool platform_matches(const Platform& asked, const Platform& offered);

}  // namespace stratascan::source
