// SHA-256 (FIPS 180-4) of two streams at once. The processor's instructions for it take several
// cycles each and wait for one another within a stream; a second stream fills the gaps: 3.5 GB/s
// in place of 1.8 on one core of the machine of bench/README.md. OpenSSL has one stream a call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace stratascan::layer {

inline constexpr std::size_t sha256_block = 64;

struct Sha256State {
    std::array<std::uint32_t, 8> words = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    [[nodiscard]] std::string hex() const;
};

/// Whether this processor has the instructions.
[[nodiscard]] bool has_sha256_lanes() noexcept;

/// Takes `blocks` whole blocks into the state. REQUIRES has_sha256_lanes().
void add_blocks(Sha256State& state, const unsigned char* data, std::size_t blocks) noexcept;
/// Likewise of two streams.
void add_blocks(Sha256State& first, const unsigned char* first_data, Sha256State& second,
                const unsigned char* second_data, std::size_t blocks) noexcept;

/// Writes what ends a stream of `bytes` bytes behind its last bytes, of which fewer than a block
/// are left, and says how many whole blocks these make then. `rest` has room for two blocks.
std::size_t pad_sha256(unsigned char* rest, std::uint64_t bytes) noexcept;

}  // namespace stratascan::layer
