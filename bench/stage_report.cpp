// What is done once a file, a finding or an image: programs, the join of layers,
// the report.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "bench/figures.hpp"
#include "bench/material.hpp"
#include "bench/stage.hpp"
#include "scanner/engine.hpp"
#include "scanner/image/join.hpp"
#include "scanner/layer/window.hpp"
#include "scanner/program/elf.hpp"
#include "scanner/program/identify.hpp"
#include "scanner/report/formats.hpp"
#include "scanner/report/report_writer.hpp"

namespace stratascan::bench {

namespace {

constexpr int join_layers = 20;
constexpr int members_a_layer = 2'000;
constexpr int findings_a_layer = 50;

/// The first bytes of this very program: an ELF file like those in a layer.
std::string own_head() {
    std::ifstream file("/proc/self/exe", std::ios::binary);
    std::string head(layer::margin, '\0');
    file.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(file.gcount()));
    return head;
}

void read_elf(benchmark::State& state) {
    const std::string head = own_head();
    for (auto round : state) {
        auto facts = program::read_elf(head);
        if (!facts) give_up("this program is no ELF file");
        program::read_dynamic(*facts, head, head, 0);
        benchmark::DoNotOptimize(facts->loads.data());
    }
}

// A file that has each of the first literals, as a shell or an interpreter would.
void judge(benchmark::State& state) {
    const auto engine = load_engine({});
    if (!engine) give_up(engine.error().message());
    const auto programs = engine->rules->shared_programs();
    const auto facts = program::read_elf(own_head());
    const auto literals =
        static_cast<std::uint32_t>(std::min<std::size_t>(8, programs->literals().size()));
    program::FileJudge judge(programs);
    for (auto round : state) {
        for (std::uint32_t i = 0; i < literals; ++i) judge.add({i, 4096 + 64 * i, {}, 0, {}});
        benchmark::DoNotOptimize(judge.judge(facts, "usr/bin/program", 0755));
    }
}

Finding make_finding(int number, const std::string& path) {
    Finding finding;
    finding.rule = "made-up-rule";
    finding.title = "A made-up rule's title";
    finding.path = path;
    finding.line = static_cast<std::uint64_t>(number);
    finding.offset = static_cast<std::uint64_t>(number) * 64;
    finding.length = 40;
    finding.redacted = "made…(40)";
    finding.secret_id = "hmac-sha256:" + std::string(64, 'a');
    return finding;
}

// Every layer has a third of its paths from the one below.
layer::LayerResult make_layer(int number, const std::string& digest) {
    layer::LayerResult layer;
    layer.digest = digest;
    layer.compression = "gzip";
    for (int i = 0; i < members_a_layer; ++i) {
        const int owner = i % 3 == 0 ? number - 1 : number;
        const std::string path = fmt::format("usr/lib/package{}/folder{}/file{}", owner, i % 40, i);
        const auto ordinal = static_cast<std::uint32_t>(i);
        layer.paths.entries.push_back(
            {layer::hash_path(path), ordinal, layer::EntryKind::file});
        if (i % (members_a_layer / findings_a_layer) == 1) {
            layer.findings.push_back({make_finding(i, path), ordinal});
        }
    }
    std::sort(layer.paths.entries.begin(), layer.paths.entries.end(),
              [](const auto& a, const auto& b) {
                  return std::pair(a.path, a.ordinal) < std::pair(b.path, b.ordinal);
              });
    layer.files = layer.members = members_a_layer;
    return layer;
}

struct MadeImage {
    source::ImageRef image;
    std::vector<layer::LayerResult> results;
};

MadeImage make_image() {
    MadeImage made;
    made.results.reserve(join_layers);
    for (int i = 0; i < join_layers; ++i) {
        source::LayerRef ref;
        ref.digest = ref.key = fmt::format("sha256:{:064x}", i);
        made.results.push_back(make_layer(i, ref.digest));
        made.image.layers.push_back(std::move(ref));
    }
    return made;
}

TargetReport join(const MadeImage& made) {
    std::vector<const layer::LayerResult*> layers;
    for (const layer::LayerResult& result : made.results) layers.push_back(&result);
    return image::join("image", made.image, layers, {}, false);
}

void join_image(benchmark::State& state) {
    const MadeImage made = make_image();
    for (auto round : state) benchmark::DoNotOptimize(join(made).findings.size());
    state.SetItemsProcessed(state.iterations() * join_layers * findings_a_layer);
}

template <typename Write>
void write(benchmark::State& state, Write writer) {
    Report report;
    report.targets.push_back(join(make_image()));
    for (auto round : state) benchmark::DoNotOptimize(writer(report).size());
    state.SetItemsProcessed(state.iterations() *
                            static_cast<std::int64_t>(report.targets.front().findings.size()));
}

}  // namespace

void register_program_stages() {
    add_stage("read-elf", "", [](auto& state) { read_elf(state); });
    add_stage("judge-file", "", [](auto& state) { judge(state); });
}

void register_report_stages() {
    add_stage("join", "finding", [](auto& state) { join_image(state); });
    add_stage("write-json", "finding",
              [](auto& state) { write(state, [](const Report& r) { return report::write_json(r); }); });
    add_stage("write-jsonl", "finding", [](auto& state) {
        write(state, [](const Report& r) { return report::write_jsonl(r); });
    });
    add_stage("write-table", "finding", [](auto& state) {
        write(state, [](const Report& r) { return report::write_table(r, {}); });
    });
}

}  // namespace stratascan::bench
