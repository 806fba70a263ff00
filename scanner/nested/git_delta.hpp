// A delta makes an object out of another: two sizes, then instructions that copy a
// run of the base or insert bytes of their own. gitformat-pack(5), "Deltified
// representation".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stratascan::nested {

/// The object that `delta` makes of `base`; nothing if the delta is damaged, made
/// for another base, or makes more than `most` bytes.
[[nodiscard]] std::optional<std::string> apply_delta(std::string_view base,
                                                     std::string_view delta, std::uint64_t most);

/// The size of what `delta` makes, by its first bytes (20 are enough).
[[nodiscard]] std::optional<std::uint64_t> delta_result_size(std::string_view delta) noexcept;

/// The bytes that a delta brings itself, without its base; it may be cut anywhere.
/// A zero stands between those that are apart in the object.
class DeltaLiterals {
public:
    /// Adds to `out` what is inserted in the next bytes of the delta.
    void take(std::string_view delta, std::string& out);

private:
    unsigned sizes_left_ = 2;  // varints in front of the instructions
    unsigned skip_ = 0;        // bytes of a copy instruction
    unsigned insert_ = 0;      // bytes still to come
    bool damaged_ = false;
};

}  // namespace stratascan::nested
