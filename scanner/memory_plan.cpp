#include "scanner/memory_plan.hpp"

namespace stratascan {

std::uint64_t inner_decoders_within(std::uint64_t bytes) {
    return std::clamp(bytes, inner_decoder_memory, layer::large_decoder_memory.xz_bytes);
}

Plan make_plan(const Options& options, unsigned threads, std::size_t layers,
               std::size_t at_once) {
    Plan plan;
    plan.threads = threads;
    const std::uint64_t spare = options.memory_bytes - base_memory;
    // Five eighths for decoders, the rest for slabs; a layer needs three windows to flow.
    const std::uint64_t decoders = spare / 8 * 5;
    const std::size_t most = std::max<std::uint64_t>(1, decoders / decoder_memory);
    plan.layers = std::clamp<std::size_t>(std::min(at_once, layers), 1, most);
    plan.decoders = decoders;
    const std::size_t slabs = (spare - decoders) / slab_memory;
    plan.tokens = std::clamp<std::size_t>(slabs / plan.layers, 2, std::size_t{2} * threads + 2);
    return plan;
}

StreamPlan make_stream_plan(const Options& options, unsigned threads) {
    constexpr std::uint64_t most_for_layer = layer::large_decoder_memory.xz_bytes + (1 << 20);
    const std::uint64_t spare = options.memory_bytes - base_memory;
    const std::uint64_t slabs = spare / 8;
    const std::uint64_t inner = spare / 8;
    const std::uint64_t decoders = spare - slabs - inner;
    const std::uint64_t for_layer = std::min(decoders / 2, most_for_layer);
    StreamPlan plan{make_plan(options, threads, 1, 1),
                    layer::decoder_memory_within(decoders - for_layer),
                    layer::decoder_memory_within(for_layer)};
    plan.plan.tokens = std::min<std::size_t>(plan.plan.tokens, slabs / slab_memory);
    plan.plan.inner_decoders = std::min(inner, layer::large_decoder_memory.xz_bytes);
    return plan;
}

}  // namespace stratascan
