// A plan as the sieve's loops read it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "scanner/sieve/plan.hpp"
#include "scanner/sieve/required.hpp"

namespace stratascan::sieve {

/// One bit a hash of a needle's first bytes from its key on: of six where it has
/// as many, else of the four that each has.
class KeyMap {
public:
    /// `bytes` as they stand in memory, each with bit 5 set; the first `size` count.
    void add(std::uint64_t bytes, std::size_t size) noexcept {
        const std::uint32_t place = size < 6 ? slot(bytes & 0xffffffffU) : slot(bytes & six);
        auto& bits = size < 6 ? of_four_ : of_six_;
        bits[place >> 3] |= static_cast<std::uint8_t>(1U << (place & 7U));
    }
    [[nodiscard]] unsigned has(std::uint64_t bytes) const noexcept {
        return held(of_four_, slot(bytes & 0xffffffffU)) | held(of_six_, slot(bytes & six));
    }

private:
    using Bits = std::array<std::uint8_t, 8192>;
    static constexpr std::uint64_t six = 0xffffffffffff;

    static std::uint32_t slot(std::uint64_t bytes) noexcept {
        return static_cast<std::uint32_t>((bytes * 0x9e3779b97f4a7c15U) >> 48);
    }
    static unsigned held(const Bits& bits, std::uint32_t place) noexcept {
        return (unsigned{bits[place >> 3]} >> (place & 7U)) & 1U;
    }

    alignas(64) Bits of_four_{}, of_six_{};
};

struct Tables {
    explicit Tables(const Plan& plan);

    ByteTables bytes;
    KeyMap secret_keys, all_keys;
};

}  // namespace stratascan::sieve
