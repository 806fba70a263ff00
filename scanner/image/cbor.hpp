// CBOR as signatures use it (RFC 8949): whole numbers, byte and text strings, arrays, maps,
// tags and simple values, all of definite length. Floating-point numbers and indefinite
// lengths are not read: what has them is none of ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::image {

struct CborValue {
    enum class Kind : std::uint8_t { number, bytes, text, array, map, simple };

    Kind kind = Kind::simple;
    std::int64_t number = 0;             ///< of a number; the value of a simple one
    std::string_view text;               ///< of bytes and text: a part of what was parsed
    std::vector<CborValue> items;        ///< of a map: key, value, key, value, …
    std::optional<std::uint64_t> tag;    ///< the innermost, where it is tagged

    /// The value of a map's key, or nullptr.
    [[nodiscard]] const CborValue* find(std::int64_t key) const;
    [[nodiscard]] const CborValue* find(std::string_view key) const;
    /// A map has a key twice: readers disagree about which one counts.
    [[nodiscard]] bool repeats_a_key() const;
};

inline constexpr int deepest_cbor = 16;
inline constexpr std::size_t most_cbor_values = 10'000;

/// Nothing where `bytes` are not exactly one value within the bounds. The views in it are
/// valid as long as `bytes` are.
[[nodiscard]] std::optional<CborValue> parse_cbor(std::string_view bytes);

/// A head: the major type (0 to 7) and its argument, in the shortest form.
[[nodiscard]] std::string cbor_head(unsigned major, std::uint64_t argument);

}  // namespace stratascan::image
