// From blob to windows: decoders, the blob's digest, the walk over the tar.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "bench/figures.hpp"
#include "bench/material.hpp"
#include "bench/stage.hpp"
#include "scanner/layer/blob_stream.hpp"
#include "scanner/layer/decoder.hpp"
#include "scanner/layer/tar_walk.hpp"

namespace stratascan::bench {

namespace {

constexpr std::size_t output_size = 1 << 20;

void count_bytes(benchmark::State& state, std::size_t bytes) {
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
}

void decode(benchmark::State& state, const Material& material, const std::string& packed,
            layer::Compression compression, layer::GzipEngine engine) {
    std::vector<char> output(output_size);
    for (auto round : state) {
        layer::DecoderOptions options;
        options.gzip = engine;
        const auto decoder = layer::make_decoder(compression, options);
        std::string_view input = packed;
        std::size_t made = 0;
        for (;;) {
            std::span<char> room(output);
            const auto step = decoder->step(input, true, room);
            if (!step) give_up(step.error().message());
            made += output.size() - room.size();
            if (*step == layer::Step::end) break;
        }
        if (made != material.tar.size()) give_up("a decoder lost bytes of " + material.name);
    }
    count_bytes(state, material.tar.size());
}

std::vector<std::shared_ptr<const layer::Chunk>> chunks_of(std::string_view bytes) {
    std::vector<std::shared_ptr<const layer::Chunk>> chunks;
    while (!bytes.empty()) {
        auto chunk = std::make_shared<layer::Chunk>();
        chunk->memory = std::make_unique_for_overwrite<char[]>(layer::Chunk::headroom +
                                                               layer::Chunk::capacity);
        chunk->size = bytes.copy(chunk->memory.get() + layer::Chunk::headroom,
                                 layer::Chunk::capacity);
        bytes.remove_prefix(chunk->size);
        chunks.push_back(std::move(chunk));
    }
    return chunks;
}

void hash(benchmark::State& state, const std::string& blob) {
    const auto chunks = chunks_of(blob);
    for (auto round : state) {
        layer::BlobHasher hasher("sha256");
        for (const auto& chunk : chunks) hasher.push(chunk);
        benchmark::DoNotOptimize(hasher.finish());
    }
    count_bytes(state, blob.size());
}

// Includes what a blob that is not compressed costs on its way: the digest and
// one copy.
void walk(benchmark::State& state, const Material& material) {
    layer::SlabPool pool(4);
    for (auto round : state) {
        layer::BlobStream stream(std::make_unique<MemoryBlob>(material.tar), {}, nullptr);
        layer::TarWalk tar(stream, pool, {});
        for (;;) {
            auto window = tar.next();
            if (!window) give_up(window.error().message());
            if (!*window) break;
        }
        benchmark::DoNotOptimize(tar.members());
    }
    count_bytes(state, material.tar.size());
}

}  // namespace

void register_layer_stages(const Material& material) {
    using layer::Compression;
    using layer::GzipEngine;
    const auto add_decode = [&](const char* stage, const std::string& packed,
                                Compression compression, GzipEngine engine) {
        add_stage(stage, material.name, [&material, &packed, compression, engine](auto& state) {
            decode(state, material, packed, compression, engine);
        });
    };
    add_decode("decode.gzip", material.gzip, Compression::gzip, GzipEngine::fastest);
    add_decode("decode.gzip-zlib", material.gzip, Compression::gzip, GzipEngine::zlib);
    add_decode("decode.zstd", material.zstd, Compression::zstd, GzipEngine::fastest);
    add_stage("hash", material.name, [&material](auto& state) { hash(state, material.gzip); });
    add_stage("hash+copy+walk", material.name, [&material](auto& state) { walk(state, material); });
}

}  // namespace stratascan::bench
