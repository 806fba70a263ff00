// What a store of many findings costs and how fast it answers:
// `store_bench FINDINGS FILE`. A FILE that is there is asked as it is.
//
// The store is made through its own interface, from a seed, so that it is the same every
// time: layers of 100 findings, 5 programs and 200 members; images of 5 layers, of which
// 3 come from a pool of bases that all share; 20 images a repository, a tag each. Of the
// secrets two in three are met once, the others come from a pool; paths repeat as they do
// in trees of packages. Each question is asked 20 times with other values by a connection
// of its own that has asked nothing yet; the median is printed, and the slowest.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>

#include "bench/figures.hpp"
#include "scanner/layer/clock.hpp"
#include "scanner/source/digest.hpp"
#include "scanner/store/store.hpp"

namespace {

using namespace stratascan;
namespace fs = std::filesystem;

constexpr std::size_t findings_a_layer = 100;
constexpr std::size_t programs_a_layer = 5;
constexpr std::size_t members_a_layer = 200;
constexpr std::size_t layers_an_image = 5;
constexpr std::size_t bases_an_image = 3;
constexpr std::size_t images_a_repository = 20;
constexpr std::size_t rules_in_all = 400;
constexpr store::Time day = 86'400;
constexpr int times = 20;

const store::Ruleset rules{"sha256:bench", "bench-key", "0", "sha256:bench", true, true};

std::string digest(std::string_view what, std::size_t number) {
    return source::compute_digest("sha256", fmt::format("{} {}", what, number));
}

// As random as an HMAC behind its first eight bytes. Those rise, so that what is made one
// after the other lies together: a store that grew over years is made in minutes.
std::string secret_id(std::size_t number) {
    return fmt::format("hmac-sha256:{:016x}{}", number, digest("secret", number).substr(7, 48));
}

/// Layer `number`, whatever was made before it.
layer::LayerResult make_layer(std::size_t number, std::size_t findings_in_all) {
    std::mt19937_64 random(number);
    layer::LayerResult result;
    result.digest = digest("layer", number);
    result.compression = "gzip";
    result.files = result.members = members_a_layer;
    for (std::size_t i = 0; i < findings_a_layer; ++i) {
        Finding finding;
        // Some rules meet much, most little: the square of an even draw.
        const double drawn = static_cast<double>(random() % 10'000) / 10'000;
        finding.rule = fmt::format("rule-{}", static_cast<std::size_t>(drawn * drawn * rules_in_all));
        finding.title = "A secret of the kind that " + finding.rule + " finds";
        finding.severity = Severity::high;
        finding.path = fmt::format("srv/app-{:07}/config/{}.env",
                                   number * findings_a_layer / 4 + random() % 25,
                                   random() % 50);
        finding.line = random() % 400;
        finding.offset = random() % 20'000;
        finding.length = 40;
        finding.redacted = "abc_**** (40 characters)";
        const bool once = random() % 3 != 0;
        finding.secret_id = secret_id(once ? 1'000'000'000 + number * findings_a_layer + i
                                           : random() % (findings_in_all / 20 + 1));
        if (i == 0) {
            finding.public_fingerprint = fmt::format("SHA256:{}", number);
            finding.evidence_detail = fmt::format("account {:012}", number);
        }
        result.findings.push_back({std::move(finding), static_cast<std::uint32_t>(i)});
    }
    for (std::size_t i = 0; i < programs_a_layer; ++i) {
        Program program;
        program.program = fmt::format("program-{}", random() % 60);
        program.version = fmt::format("{}.{}.{}", random() % 9, random() % 30, random() % 10);
        program.path = fmt::format("usr/bin/{}", program.program);
        result.programs.push_back({std::move(program), static_cast<std::uint32_t>(i)});
    }
    for (std::size_t i = 0; i < members_a_layer; ++i) {
        result.paths.entries.push_back(
            {layer::hash_path(fmt::format("{} {}", number, i)), static_cast<std::uint32_t>(i), {}});
    }
    std::sort(result.paths.entries.begin(), result.paths.entries.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    return result;
}

template <typename T>
T sure(Result<T> result) {
    if (!result) bench::give_up(result.error().message());
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

void make_store(store::Store& store, std::size_t findings) {
    const std::size_t layers = findings / findings_a_layer;
    const std::size_t bases = std::max<std::size_t>(bases_an_image, layers / 50);
    std::vector<store::LayerId> ids;
    for (std::size_t i = 0; i < layers; ++i) {
        ids.push_back(sure(store.put_layer(make_layer(i, findings), rules, true)));
    }
    std::size_t own = bases;
    for (std::size_t image = 0; own + (layers_an_image - bases_an_image) <= layers; ++image) {
        std::mt19937_64 random(image);
        std::vector<std::size_t> chosen;
        for (std::size_t i = 0; i < bases_an_image; ++i) chosen.push_back(random() % bases);
        while (chosen.size() < layers_an_image) chosen.push_back(own++);
        store::ImageRecord record;
        record.manifest.digest = digest("manifest", image);
        record.manifest.platform = "linux/amd64";
        record.ruleset = rules;
        record.complete = true;
        record.facts.info.digest = record.manifest.digest;
        for (const std::size_t layer : chosen) {
            record.facts.layers.push_back({digest("layer", layer), "", 1000,
                                           fmt::format("RUN make step-{}", layer), "", "",
                                           LayerState::failed});
            record.manifest.layers.push_back({digest("layer", layer), "", 1000});
            record.layers.emplace_back(ids[layer]);
            // A tenth of what a lower layer has is hidden.
            if (record.layers.size() > bases_an_image) continue;
            for (std::uint32_t n = 0; n < findings_a_layer; n += 10) {
                record.hidden.push_back({static_cast<int>(record.layers.size()) - 1, n, false,
                                         Visibility::deleted, 4});
            }
        }
        const auto repository = sure(store.begin_repository(
            {"registry.example", fmt::format("team/app-{}", image / images_a_repository), "app"},
            day));
        sure(store.record_image(repository, record, day));
        sure(store.observe_tag(repository, fmt::format("v{}", image), record.manifest.digest, day));
        sure(store.finish_repository(repository, store::LookState::partial, "", day));
    }
}

void ask(const std::string& file, const std::string& name,
         const std::function<store::Question(std::size_t)>& question) {
    std::vector<double> taken;
    std::size_t matches = 0;
    for (int i = 0; i < times; ++i) {
        // Opening counts: it is what a user waits for.
        const std::uint64_t start = layer::now_ns();
        auto store = sure(store::Store::open(file, false));
        auto asked = question(static_cast<std::size_t>(i));
        asked.limit = 10'000;
        matches += sure(store->find(asked)).matches.size();
        taken.push_back(static_cast<double>(layer::now_ns() - start) / 1e6);
    }
    bench::print_figure("store.find." + name, bench::median(taken), "ms");
    bench::print_figure("store.find." + name + ".slowest",
                        *std::max_element(taken.begin(), taken.end()), "ms");
    bench::print_figure("store.find." + name + ".places",
                        static_cast<double>(matches) / times, "places");
}

void ask_all(const std::string& file, std::size_t findings) {
    const std::size_t layers = findings / findings_a_layer;
    const auto layer_of = [layers](std::size_t i) { return layers / times * i + layers / 50; };
    ask(file, "nothing", [](std::size_t i) {
        return store::Question{.secret_ids = {secret_id(5'000'000'000'000 + i)}};
    });
    ask(file, "secret-once", [&](std::size_t i) {
        return store::Question{
            .secret_ids = {make_layer(layer_of(i), findings).findings[7].finding.secret_id}};
    });
    ask(file, "secret-often", [&](std::size_t i) {
        return store::Question{.secret_ids = {secret_id(i)}};
    });
    ask(file, "fingerprint", [&](std::size_t i) {
        return store::Question{.fingerprints = {fmt::format("SHA256:{}", layer_of(i))}};
    });
    ask(file, "account", [&](std::size_t i) {
        return store::Question{.account = fmt::format("{:012}", layer_of(i))};
    });
    ask(file, "path", [&](std::size_t i) {
        return store::Question{.path = fmt::format("srv/app-{:07}/**", i * 1000)};
    });
    ask(file, "program-of-image", [&](std::size_t i) {
        return store::Question{.program = fmt::format("program-{}", i),
                               .image = fmt::format("team/app-{}", i)};
    });
    ask(file, "rule-of-tag", [&](std::size_t i) {
        return store::Question{.rule = "rule-3", .image = fmt::format("team/app-0:v{}", i)};
    });
    ask(file, "layer", [&](std::size_t i) {
        return store::Question{.layer = digest("layer", layer_of(i))};
    });
    ask(file, "base-layer",
        [&](std::size_t i) { return store::Question{.layer = digest("layer", i)}; });
    ask(file, "rule-10000-places",
        [&](std::size_t i) { return store::Question{.rule = fmt::format("rule-{}", 350 + i)}; });
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) bench::give_up("usage: store_bench FINDINGS FILE");
    const std::size_t findings = std::strtoull(argv[1], nullptr, 10);
    const std::string file = argv[2];
    const bool fresh = !fs::exists(file);
    if (fresh) {
        const std::uint64_t start = layer::now_ns();
        auto store = sure(store::Store::open(file, true));
        make_store(*store, findings);
        const double seconds = static_cast<double>(layer::now_ns() - start) / 1e9;
        bench::print_figure("store.made", seconds, "s");
        bench::print_figure("store.findings-a-second", static_cast<double>(findings) / seconds,
                            "findings/s");
    }
    std::error_code error;
    const double bytes = static_cast<double>(fs::file_size(file, error));
    bench::print_figure("store.bytes-a-million", bytes / static_cast<double>(findings),
                        "MB");
    ask_all(file, findings);
    bench::print_figure("store.peak-rss", static_cast<double>(bench::peak_memory()) / 1e6, "MB");
    return 0;
}
