// How the memory ceiling is shared out before the first byte is read: how many layers and
// windows may be open at once, and what decoders may take.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "scanner/layer/blob_stream.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan {

// The ceiling's share that is not slabs: the program and its libraries, rules,
// databases and regular expressions, findings, decoders. Measured, with room.
inline constexpr std::uint64_t base_memory = std::uint64_t{160} << 20;
// A layer's: its own decoder, those inside containers, the slabs that are being
// filled with what these make, and those kept of the layer and of what is inside containers.
inline constexpr std::uint64_t inner_decoder_memory = std::uint64_t{16} << 20;
inline constexpr std::uint64_t decoder_memory = (std::uint64_t{50} << 20) + inner_decoder_memory;
inline constexpr std::uint64_t slab_memory = std::uint64_t{1280} << 10;
/// Layers that are fetched at once, whatever the number of threads.
inline constexpr std::size_t remote_layers = 4;
inline constexpr std::uint64_t least_memory = std::uint64_t{256} << 20;

/// How many layers and windows may be open at once under the ceiling.
struct Plan {
    unsigned threads = 1;
    std::size_t layers = 1;
    std::size_t tokens = 4;
    std::uint64_t decoders = 0;  ///< bytes for all decoders of all layers
    std::uint64_t inner_decoders = inner_decoder_memory;  ///< bytes of one layer's
};

/// What one layer that is alone may give to decoders inside containers, from `bytes`.
/// As much as `xz -9` takes, and no more than a layer's own decoder.
[[nodiscard]] std::uint64_t inner_decoders_within(std::uint64_t bytes);

/// `at_once`: how many layers are worth being open, of those that there are.
[[nodiscard]] Plan make_plan(const Options& options, unsigned threads, std::size_t layers,
                             std::size_t at_once);

/// A stream has two decoders at work at once, that of the archive and that of the
/// layer in it, so they share what one layer's windows leave. Nothing of it
/// depends on the number of threads: what is refused is the same everywhere.
struct StreamPlan {
    Plan plan;
    layer::DecoderMemory archive, layer;
};

[[nodiscard]] StreamPlan make_stream_plan(const Options& options, unsigned threads);

}  // namespace stratascan
