// A plan as the sieve's loops read it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "scanner/sieve/buckets.hpp"
#include "scanner/sieve/plan.hpp"
#include "scanner/sieve/required.hpp"

namespace stratascan::sieve {

/// The buckets in which a byte may stand at each place, for bytes under
/// 128. Bytes from 128 on are looked up as if their highest bit were not set;
/// later steps tell them apart.
using KeyTable = std::array<std::array<std::uint8_t, 128>, table_places>;

/// What the first step reads.
struct ByteTables {
    alignas(64) std::array<KeyTable, groups> keys{};    ///< of each group
    alignas(64) std::array<std::uint8_t, 128> kinds{};  ///< token_kind and so on
};
inline constexpr std::uint8_t token_kind = 1;
inline constexpr std::uint8_t print_kind = 2;
inline constexpr std::uint8_t digit_kind = 4;

/// One bit a hash of a key.
class KeyMap {
public:
    void add(std::uint32_t key) noexcept { bits_[slot(key) >> 3] |= bit(key); }
    [[nodiscard]] unsigned has(std::uint32_t key) const noexcept {
        const std::uint32_t place = slot(key);
        return (unsigned{bits_[place >> 3]} >> (place & 7U)) & 1U;
    }

private:
    static std::uint32_t slot(std::uint32_t key) noexcept { return (key * 0x9e3779b1U) >> 16; }
    static std::uint8_t bit(std::uint32_t key) noexcept {
        return static_cast<std::uint8_t>(1U << (slot(key) & 7U));
    }
    alignas(64) std::array<std::uint8_t, 8192> bits_{};
};

struct Tables {
    Tables() = default;
    explicit Tables(const Plan& plan);

    ByteTables bytes;
    KeyMap secret_keys, all_keys;
};

}  // namespace stratascan::sieve
