#include "stratascan/scanner.hpp"

#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "scanner/engine.hpp"
#include "scanner/image/image_facts.hpp"
#include "scanner/image/join.hpp"
#include "scanner/layer/clock.hpp"
#include "scanner/layer/layer_scan.hpp"
#include "scanner/layer/pairs.hpp"
#include "scanner/source/image_source.hpp"

namespace stratascan {

namespace {

namespace tbb = oneapi::tbb;

using LayerResults = std::map<std::string, layer::LayerResult>;

// The ceiling's share that is not slabs: the program and its libraries, rules,
// databases and regular expressions, findings, decoders. Measured, with room.
constexpr std::uint64_t base_memory = std::uint64_t{160} << 20;
// A layer's: its own decoder, those inside containers, the slabs that are being
// filled with what these make, and those kept for digests.
constexpr std::uint64_t inner_decoder_memory = std::uint64_t{16} << 20;
constexpr std::uint64_t decoder_memory = (std::uint64_t{50} << 20) + inner_decoder_memory;
constexpr std::uint64_t slab_memory = std::uint64_t{1280} << 10;
constexpr std::uint64_t least_memory = std::uint64_t{256} << 20;

/// How many layers and windows may be open at once under the ceiling.
struct Plan {
    unsigned threads = 1;
    std::size_t layers = 1;
    std::size_t tokens = 4;
    std::uint64_t decoders = 0;  ///< bytes for all decoders of all layers
    std::uint64_t inner_decoders = inner_decoder_memory;  ///< bytes of one layer's
};

// What one layer that is alone may give to decoders inside containers, from `bytes`.
// As much as `xz -9` takes, and no more than a layer's own decoder.
std::uint64_t inner_decoders_within(std::uint64_t bytes) {
    return std::clamp(bytes, inner_decoder_memory, layer::large_decoder_memory.xz_bytes);
}

Plan make_plan(const Options& options, unsigned threads, std::size_t layers) {
    Plan plan;
    plan.threads = threads;
    const std::uint64_t spare = options.memory_bytes - base_memory;
    // Five eighths for decoders, the rest for slabs; a layer needs three windows to flow.
    const std::uint64_t decoders = spare / 8 * 5;
    const std::size_t most = std::max<std::uint64_t>(1, decoders / decoder_memory);
    plan.layers = std::clamp<std::size_t>(std::min<std::size_t>(threads, layers), 1, most);
    plan.decoders = decoders;
    const std::size_t slabs = (spare - decoders) / slab_memory;
    plan.tokens = std::clamp<std::size_t>(slabs / plan.layers, 2, std::size_t{2} * threads + 2);
    return plan;
}

/// A stream has two decoders at work at once, that of the archive and that of the
/// layer in it, so they share what one layer's windows leave. Nothing of it
/// depends on the number of threads: what is refused is the same everywhere.
struct StreamPlan {
    Plan plan;
    layer::DecoderMemory archive, layer;
};

StreamPlan make_stream_plan(const Options& options, unsigned threads) {
    constexpr std::uint64_t most_for_layer = layer::large_decoder_memory.xz_bytes + (1 << 20);
    const std::uint64_t spare = options.memory_bytes - base_memory;
    const std::uint64_t slabs = spare / 8;
    const std::uint64_t inner = spare / 8;
    const std::uint64_t decoders = spare - slabs - inner;
    const std::uint64_t for_layer = std::min(decoders / 2, most_for_layer);
    StreamPlan plan{make_plan(options, threads, 1),
                    layer::decoder_memory_within(decoders - for_layer),
                    layer::decoder_memory_within(for_layer)};
    plan.plan.tokens = std::min<std::size_t>(plan.plan.tokens, slabs / slab_memory);
    plan.plan.inner_decoders = std::min(inner, layer::large_decoder_memory.xz_bytes);
    return plan;
}

std::string digest_algorithm(const source::LayerRef& layer) {
    return layer.digest.starts_with("sha512:") ? "sha512" : "sha256";
}

// What is attached to the images; a stream's blobs have passed.
std::vector<image::Attachment> attachments(source::ImageSource& source,
                                           const std::vector<source::ImageRef>& images) {
    return image::find_attachments(
        images, [&source](const source::LayerRef& layer) -> std::unique_ptr<source::BlobReader> {
            if (source.is_stream()) return nullptr;
            auto reader = source.open(layer);
            return reader ? std::move(*reader) : nullptr;
        });
}

class LocalScanner final : public Scanner {
public:
    LocalScanner(const Options& options, Engine engine, identity::SecretKey key)
        : options_(options), engine_(std::move(engine)), key_(std::move(key)),
          threads_(options.jobs != 0 ? options.jobs
                                     : std::max(1U, std::thread::hardware_concurrency())),
          slabs_(threads_ * 4), arena_(static_cast<int>(threads_)), workers_([this] {
              return layer::WindowScanner(*engine_.rules, *engine_.database,
                                          engine_.sieve.get(), key_,
                                          {options_.secrets, options_.programs,
                                           options_.show_secrets});
          }) {}

    Result<Report> scan(std::span<const std::string> targets, Progress* progress,
                        std::stop_token stop) override;
    const Stats& stats() const noexcept override { return stats_; }
    const std::vector<std::string>& notes() const noexcept override { return engine_.notes; }

    Stats stats_;

private:
    layer::LayerScanContext context(const Plan& plan, Progress* progress, std::stop_token stop) {
        return {*engine_.rules, [this]() -> layer::WindowScanner& { return workers_.local(); },
                slabs_, plan.tokens, options_.limits, layer::GzipEngine::fastest, {},
                plan.inner_decoders, progress, std::move(stop)};
    }

    Result<void> scan_target(const std::string& target, Progress* progress, std::stop_token stop,
                             Report& report);
    Result<std::vector<source::ImageRef>> scan_stream(source::ImageSource& source,
                                                      Progress* progress, std::stop_token stop,
                                                      LayerResults& results);
    void scan_layers(source::ImageSource& source, std::vector<const source::LayerRef*> layers,
                     Progress* progress, std::stop_token stop, LayerResults& results);
    layer::LayerResult scan_blob(Result<std::unique_ptr<source::BlobReader>> blob,
                                 const std::string& algorithm,
                                 const layer::LayerScanContext& context);
    std::vector<Finding> scan_metadata(const source::ImageRef& image, std::vector<Gap>& gaps);
    void count(const layer::LayerResult& result, const layer::LayerTimes& times);
    void finish_stats(std::uint64_t start);

    Options options_;
    Engine engine_;
    identity::SecretKey key_;
    unsigned threads_;
    layer::SlabPool slabs_;
    tbb::task_arena arena_;
    tbb::enumerable_thread_specific<layer::WindowScanner> workers_;
    std::mutex stats_mutex_;
    std::map<std::string, std::uint64_t> gave_way_;  // in files, by the reason
};

Result<Report> LocalScanner::scan(std::span<const std::string> targets, Progress* progress,
                                  std::stop_token stop) {
    const std::uint64_t start = layer::now_ns();
    Report report;
    report.engine = {version(), engine_.ruleset};
    for (const std::string& target : targets) {
        if (auto done = scan_target(target, progress, stop, report); !done) {
            return std::unexpected(done.error());
        }
    }
    report.cancelled = stop.stop_requested();
    finish_stats(start);
    return report;
}

Result<void> LocalScanner::scan_target(const std::string& target, Progress* progress,
                                       std::stop_token stop, Report& report) {
    const source::StreamLimits around_archive{make_stream_plan(options_, threads_).archive,
                                              options_.limits.output_bytes,
                                              options_.limits.ratio};
    auto source = source::open_target(target, options_.platform, around_archive);
    if (!source) return std::unexpected(source.error());
    LayerResults results;
    std::vector<source::ImageRef> images;
    if ((*source)->is_stream()) {
        auto read = scan_stream(**source, progress, stop, results);
        if (!read) return std::unexpected(read.error());
        images = std::move(*read);
    } else {
        auto read = (*source)->images();
        if (!read) return std::unexpected(read.error());
        images = std::move(*read);
        if (const std::string folder = (*source)->directory(); !folder.empty()) {
            source::LayerRef ref;
            ref.key = folder;
            images.front().layers.push_back(ref);
            Plan plan = make_plan(options_, threads_, 1);
            plan.inner_decoders = inner_decoders_within(plan.decoders);
            arena_.execute([&] {
                results[folder] = layer::scan_directory(folder, context(plan, progress, stop));
            });
            count(results[folder], {});
        } else {
            std::map<std::string, const source::LayerRef*> unique;
            for (const source::ImageRef& image : images) {
                for (const source::LayerRef& layer : image.layers) {
                    if (layer.unavailable.empty()) unique.try_emplace(layer.key, &layer);
                }
            }
            std::vector<const source::LayerRef*> layers;
            for (const auto& [key, layer] : unique) layers.push_back(layer);
            scan_layers(**source, std::move(layers), progress, stop, results);
        }
    }
    const auto attached = options_.facts ? attachments(**source, images)
                                         : std::vector<image::Attachment>();
    for (source::ImageRef& image : images) {
        std::vector<const layer::LayerResult*> layers;
        for (const source::LayerRef& layer : image.layers) {
            const auto found = results.find(layer.key);
            layers.push_back(found == results.end() || !layer.unavailable.empty()
                                 ? nullptr
                                 : &found->second);
        }
        std::vector<Finding> metadata = scan_metadata(image, image.gaps);
        auto facts = options_.facts ? image::gather_facts(image, layers, metadata, attached)
                                    : std::shared_ptr<const image::ImageFacts>();
        // Metadata is scanned whatever was asked for: what is found there must not
        // stand in a build step that the report repeats.
        TargetReport joined = image::join(target, image, layers, std::move(metadata),
                                          stop.stop_requested());
        joined.facts = std::move(facts);
        if (!options_.secrets) {
            joined.findings.clear();
            joined.secrets_sought = false;
            joined.notes.emplace_back("secrets were not looked for");
        }
        if (!options_.programs) joined.notes.emplace_back("programs were not looked for");
        report.targets.push_back(std::move(joined));
    }
    return {};
}

// Blobs pass once, one after the other; windows of each are scanned on all
// threads.
Result<std::vector<source::ImageRef>> LocalScanner::scan_stream(source::ImageSource& source,
                                                                Progress* progress,
                                                                std::stop_token stop,
                                                                LayerResults& results) {
    // A reader that dies with the visit is lent to the scan, not given.
    class Lent final : public source::BlobReader {
    public:
        explicit Lent(source::BlobReader& reader) : reader_(reader) {}
        Result<std::size_t> read(std::span<std::byte> out) override { return reader_.read(out); }
        std::int64_t size() const noexcept override { return reader_.size(); }

    private:
        source::BlobReader& reader_;
    };
    const StreamPlan plan = make_stream_plan(options_, threads_);
    auto around = context(plan.plan, progress, stop);
    around.memory = plan.layer;
    const auto visit = [&](const std::string& key, source::BlobReader& reader) -> Result<void> {
        if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped before its end");
        if (progress != nullptr) {
            progress->layers_planned(1, static_cast<std::uint64_t>(std::max<std::int64_t>(reader.size(), 0)));
        }
        arena_.execute([&] {
            results[key] = scan_blob(std::make_unique<Lent>(reader), "sha256", around);
        });
        if (progress != nullptr) progress->layer_done(results[key].findings.size());
        return {};
    };
    if (auto streamed = source.stream(visit);
        !streamed && streamed.error().code != ErrorCode::cancelled) {
        return std::unexpected(streamed.error());
    }
    return source.images();
}

void LocalScanner::scan_layers(source::ImageSource& source,
                               std::vector<const source::LayerRef*> layers, Progress* progress,
                               std::stop_token stop, LayerResults& results) {
    // Largest first: the last one to end is then a small one.
    std::stable_sort(layers.begin(), layers.end(), [](const auto* a, const auto* b) {
        return a->size > b->size;
    });
    std::uint64_t bytes = 0;
    for (const auto* layer : layers) {
        bytes += static_cast<std::uint64_t>(std::max<std::int64_t>(layer->size, 0));
        results[layer->key];
    }
    if (progress != nullptr) progress->layers_planned(layers.size(), bytes);
    const Plan plan = make_plan(options_, threads_, layers.size());
    const auto scan_one = [&](const source::LayerRef& layer, layer::DecoderMemory memory,
                              std::uint64_t inner) {
        auto around = context(plan, progress, stop);
        around.memory = memory;
        around.inner_decoder_bytes = inner;
        layer::LayerResult result = scan_blob(source.open(layer), digest_algorithm(layer), around);
        if (progress != nullptr) progress->layer_done(result.findings.size());
        results.find(layer.key)->second = std::move(result);
    };
    arena_.execute([&] {
        std::atomic<std::size_t> next = 0;
        tbb::task_group group;
        for (std::size_t i = 0; i < plan.layers; ++i) {
            group.run([&] {
                for (std::size_t at = next++; at < layers.size(); at = next++) {
                    scan_one(*layers[at], {}, inner_decoder_memory);
                }
            });
        }
        group.wait();
        const std::uint64_t large = layer::large_decoder_memory.xz_bytes;
        const std::uint64_t inner =
            inner_decoders_within(plan.decoders > large ? plan.decoders - large : 0);
        for (const auto* layer : layers) {
            if (results.find(layer->key)->second.over_decoder_memory) {
                scan_one(*layer, layer::large_decoder_memory, inner);
            }
        }
    });
}

layer::LayerResult LocalScanner::scan_blob(Result<std::unique_ptr<source::BlobReader>> blob,
                                           const std::string& algorithm,
                                           const layer::LayerScanContext& context) {
    if (!blob) {
        layer::LayerResult result;
        result.state = LayerState::failed;
        result.state_reason = blob.error().message();
        result.gaps.push_back({{}, result.state_reason, 0});
        return result;
    }
    layer::LayerTimes times;
    layer::LayerResult result = layer::scan_layer(std::move(*blob), algorithm, context, times);
    if (!result.over_decoder_memory) count(result, times);
    return result;
}

std::vector<Finding> LocalScanner::scan_metadata(const source::ImageRef& image,
                                                 std::vector<Gap>& gaps) {
    std::vector<Finding> findings;
    for (const image::MetadataText& text : image::metadata_texts(image, gaps)) {
        auto found = workers_.local().scan_text(text.text);
        if (!found) {
            gaps.push_back({text.path, found.error().message(), text.text.size()});
            continue;
        }
        for (Finding& finding : *found) {
            finding.source = text.source;
            finding.path = text.path;
            finding.layer_index = text.layer_index;
            if (finding.pair) finding.pair->path = text.path;
            findings.push_back(std::move(finding));
        }
    }
    // The halves of a credential stand in variables of their own.
    layer::pair_variables(findings, *engine_.rules);
    return findings;
}

void LocalScanner::count(const layer::LayerResult& result, const layer::LayerTimes& times) {
    const std::scoped_lock lock(stats_mutex_);
    stats_.layers += 1;
    stats_.files += result.files;
    stats_.bytes += result.bytes;
    stats_.compressed_bytes += result.compressed_bytes;
    stats_.read_ns += times.read_ns;
    stats_.hash_ns += times.hash_ns;
    stats_.decode_ns += times.decode_ns;
    for (const auto& [reason, count] : result.dropped) gave_way_[std::string(reason)] += count;
    if (!times.decoder.empty()) stats_.gzip_decoder = times.decoder;
}

void LocalScanner::finish_stats(std::uint64_t start) {
    stats_.total_ns += layer::now_ns() - start;
    stats_.engine_level = engine_.database->level();
    stats_.windows = stats_.engine_bytes = stats_.sieved_bytes = 0;
    stats_.scan_ns = stats_.confirm_ns = stats_.raw_hits = stats_.confirmed = 0;
    stats_.dropped = gave_way_;
    for (const layer::WindowScanner& worker : workers_) {
        const layer::ScanCounters& counters = worker.counters();
        for (const auto& [reason, count] : counters.dropped) {
            stats_.dropped[std::string(reason)] += count;
        }
        stats_.windows += counters.windows;
        stats_.engine_bytes += counters.engine_bytes;
        stats_.sieved_bytes += counters.sieved_bytes;
        stats_.scan_ns += counters.scan_ns;
        stats_.confirm_ns += counters.confirm_ns;
        stats_.raw_hits += counters.hits;
        stats_.confirmed += counters.confirmed;
    }
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0) {
        stats_.peak_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
    }
}

}  // namespace

Result<std::unique_ptr<Scanner>> Scanner::create(const Options& options) {
    const std::uint64_t start = layer::now_ns();
    if (options.memory_bytes < least_memory) {
        return fail(ErrorCode::invalid_argument, "the memory ceiling must be 256 MiB or more");
    }
    auto key = identity::SecretKey::load(options.key_file);
    if (!key) return std::unexpected(key.error());
    auto engine = load_engine(options.rule_files);
    if (!engine) return std::unexpected(engine.error());
    auto scanner = std::make_unique<LocalScanner>(options, std::move(*engine), std::move(*key));
    scanner->stats_.start_ns = layer::now_ns() - start;
    return scanner;
}

}  // namespace stratascan
