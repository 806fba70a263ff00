#include "scanner/scan_engine.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include "scanner/image/join.hpp"
#include "scanner/image/kept_results.hpp"
#include "scanner/image/variable_users.hpp"
#include "scanner/layer/clock.hpp"
#include "scanner/layer/pairs.hpp"
#include "scanner/layer/told_texts.hpp"

namespace stratascan {

namespace {

unsigned threads_of(const Options& options) {
    return options.jobs != 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());
}

// Where so many threads are more than the library would have by itself.
std::optional<oneapi::tbb::global_control> leave_for(std::size_t threads) {
    constexpr auto limit = oneapi::tbb::global_control::max_allowed_parallelism;
    if (threads <= oneapi::tbb::global_control::active_value(limit)) return std::nullopt;
    return std::optional<oneapi::tbb::global_control>(std::in_place, limit, threads);
}

// What is left out of a window can't be counted as exactly as what is over a file's limit, so a
// low one of those is met behind it.
std::uint64_t findings_of_window(const Options::Limits& limits) {
    return std::max(limits.findings_a_file, Options::Limits().findings_a_file);
}

layer::LayerResult failed_layer(std::string why) {
    layer::LayerResult result;
    result.state = LayerState::failed;
    result.state_reason = std::move(why);
    result.gaps.push_back({{}, result.state_reason, 0});
    return result;
}

}  // namespace

std::string digest_algorithm(const std::string& digest) {
    return digest.starts_with("sha512:") ? "sha512" : "sha256";
}

ScanEngine::ScanEngine(const Options& options, Engine engine, identity::SecretKey key,
                       std::unique_ptr<Sandbox> sandbox, unsigned guests)
    : options_(options), engine_(std::move(engine)), key_(std::move(key)),
      threads_(threads_of(options)), slabs_(std::size_t{threads_} * 4),
      sandbox_(std::move(sandbox)),
      more_threads_(leave_for(threads_ - 1 + std::max(1U, guests))),
      // One thread more than the pool's own: who scans, or the guests in its place.
      arena_(static_cast<int>(threads_ - 1 + std::max(1U, guests)), std::max(1U, guests)),
      gate_(arena_, *sandbox_),
      workers_([this] {
          return layer::WindowScanner(*engine_.rules, *engine_.database, engine_.sieve.get(),
                                      key_,
                                      {options_.secrets, options_.programs,
                                       options_.show_secrets, false,
                                       findings_of_window(options_.limits)});
      }) {}

Result<std::unique_ptr<ScanEngine>> ScanEngine::create(const Options& options, unsigned guests) {
    const std::uint64_t start = layer::now_ns();
    if (options.memory_bytes < least_memory) {
        return fail(ErrorCode::invalid_argument, "the memory ceiling must be 256 MiB or more");
    }
    if (options.limits.ratio == 0) {
        return fail(ErrorCode::invalid_argument, "the limit of compression must be 1 or more");
    }
    // A sweep is nothing without what it keeps.
    std::string unkept;
    auto key = guests > 0 ? identity::SecretKey::load(options.key_file)
                          : identity::SecretKey::load_or_pass(options.key_file, unkept);
    if (!key) return std::unexpected(key.error());
    auto sandbox = Sandbox::create(options.sandbox);
    if (!sandbox) return std::unexpected(sandbox.error());
    auto engine = read_inside(**sandbox, [&] { return load_engine(options.rule_files); });
    if (!engine) return std::unexpected(engine.error());
    std::unique_ptr<ScanEngine> made(new ScanEngine(options, std::move(*engine), std::move(*key),
                                                    std::move(*sandbox), guests));
    if (!unkept.empty()) {
        made->options_.store_path.clear();
        made->engine_.notes.push_back("secrets are named for this run alone, and nothing is kept: " +
                                      unkept);
    }
    made->stats_.start_ns = layer::now_ns() - start;
    return made;
}

store::Ruleset ScanEngine::ruleset() const {
    const std::string name = results_name(engine_, options_);
    return {name, key_.public_id(), version(), name, options_.secrets, options_.programs};
}

layer::LayerScanContext ScanEngine::context(const Plan& plan, Progress* progress,
                                            std::stop_token stop) {
    // Threads of the pool may have been refused when they came.
    const auto scanner = [this]() -> layer::WindowScanner& {
        sandbox_->require();
        return workers_.local();
    };
    return {*engine_.rules, scanner,
            slabs_, plan.tokens, options_.limits, layer::GzipEngine::fastest, {},
            plan.inner_decoders, progress, std::move(stop)};
}

layer::LayerResult ScanEngine::scan_blob(Result<std::unique_ptr<source::BlobReader>> blob,
                                         const std::string& algorithm,
                                         const layer::LayerScanContext& context) {
    sandbox_->require();
    if (!blob) return failed_layer(blob.error().message());
    layer::LayerTimes times;
    layer::LayerResult result = layer::scan_layer(std::move(*blob), algorithm, context, times);
    if (!result.over_decoder_memory) count(result, times);
    return result;
}

layer::LayerResult ScanEngine::scan_folder(const std::string& folder,
                                           const layer::LayerScanContext& context) {
    sandbox_->require();
    return layer::scan_directory(folder, context);
}

std::vector<Finding> ScanEngine::scan_metadata(source::ImageRef& image, std::vector<Gap>& gaps) {
    std::vector<Finding> findings;
    std::uint64_t left_out = 0;
    const std::vector<image::MetadataText> texts = image::metadata_texts(image, gaps);
    for (const image::MetadataText& text : texts) {
        layer::WindowScanner& scanner = workers_.local();
        auto found = scanner.scan_text(text.text, false, image::told_of_metadata);
        if (!found) {
            gaps.push_back({text.path, found.error().message(), text.text.size()});
            continue;
        }
        left_out += scanner.left_out();
        for (Finding& finding : *found) {
            if (findings.size() == image::told_of_metadata) {
                ++left_out;
                continue;
            }
            finding.source = text.source;
            finding.path = text.path;
            finding.layer_index = text.layer_index;
            if (finding.pair) finding.pair->path = text.path;
            findings.push_back(std::move(finding));
        }
    }
    if (left_out > 0) {
        image.has_more_secrets = true;
        gaps.push_back({{}, fmt::format("more than {} findings in config, manifest and the documents "
                                        "beside them; {} more, not yet held against each other, "
                                        "are not told", image::told_of_metadata, left_out), 0});
    }
    // The halves of a credential stand in variables of their own.
    layer::pair_variables(findings, *engine_.rules);
    image::name_users(findings, texts, key_);
    layer::clean_told_texts(findings, workers_.local());
    return findings;
}

std::string ScanEngine::told(std::string text) {
    std::string* const texts[] = {&text};
    clean(texts);
    return text;
}

std::string ScanEngine::told_name(const std::string& name) {
    constexpr std::size_t digits = 16;
    std::string cut = told(name);
    if (cut == name) return cut;
    const std::string whole = key_.name(name);
    return cut + '~' + whole.substr(whole.rfind(':') + 1, digits);
}

void ScanEngine::clean(std::span<std::string* const> texts) {
    execute([&] { layer::clean_texts(texts, workers_.local()); });
}

void ScanEngine::count(const layer::LayerResult& result, const layer::LayerTimes& times) {
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

void ScanEngine::count_stored(std::uint64_t layers) {
    const std::scoped_lock lock(stats_mutex_);
    stats_.stored_layers += layers;
}

void ScanEngine::finish_stats(std::uint64_t start_ns) {
    stats_.total_ns += layer::now_ns() - start_ns;
    stats_.engine_level = engine_.database->level();
    stats_.sandbox = sandbox_->state();
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

}  // namespace stratascan
