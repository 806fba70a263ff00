#include "stratascan/scanner.hpp"

#include <oneapi/tbb/task_group.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <set>

#include "scanner/image/image_facts.hpp"
#include "scanner/image/join.hpp"
#include "scanner/image/kept_attachments.hpp"
#include "scanner/image/kept_config.hpp"
#include "scanner/image/kept_results.hpp"
#include "scanner/image/known_words.hpp"
#include "scanner/layer/clock.hpp"
#include "scanner/layer/layer_scan.hpp"
#include "scanner/layer_queue.hpp"
#include "scanner/registry/remote.hpp"
#include "scanner/scan_engine.hpp"
#include "scanner/source/image_source.hpp"
#include "scanner/source/target.hpp"
#include "scanner/store/scan_store.hpp"

namespace stratascan {

namespace {

namespace tbb = oneapi::tbb;

// A target that could not be read at all: one gap, and nothing else is known of it.
TargetReport unread(const std::string& target, const Error& error) {
    TargetReport report;
    report.target = target;
    report.image.kind = "unread";
    report.gaps.push_back({{}, error.message(), 0});
    report.coverage.complete = false;
    report.coverage.gaps = 1;
    return report;
}

// Nothing was scanned: each target's reason, once.
Error none_was_read(const std::vector<Error>& errors) {
    if (errors.size() == 1) return errors.front();
    Error all{errors.front().code, "none of the targets could be scanned", {}, {}};
    std::set<std::string> told;
    for (const Error& error : errors) {
        if (!told.insert(error.message()).second) continue;
        all.what += (told.size() == 1 ? ": " : "; ") + error.message();
    }
    return all;
}

using LayerResults = std::map<std::string, layer::LayerResult>;

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

// What a statement says of itself is told by the gate, and kept: all but its bytes, which are held
// against a signature.
void clean_attachments(std::vector<image::Attachment>& attached, ScanEngine& engine) {
    std::vector<std::string*> texts;
    for (image::Attachment& one : attached) {
        texts.insert(texts.end(), {&one.artifact_type, &one.tag});
        for (image::AttachedBlob& blob : one.blobs) {
            blob.told_builder = image::builder_in(blob);
            texts.insert(texts.end(), {&blob.media_type, &blob.predicate_type, &blob.told_builder});
        }
    }
    engine.clean(texts);
}

class LocalScanner final : public Scanner {
public:
    explicit LocalScanner(std::unique_ptr<ScanEngine> engine)
        : engine_(std::move(engine)), options_(engine_->options()),
          // Secrets in the clear are neither taken from a store nor kept in one.
          store_(options_.show_secrets ? "" : options_.store_path, engine_->ruleset(),
                 options_.memory_bytes),
          threads_(engine_->threads()), remote_(options_.registries) {}

    Result<Report> scan(std::span<const std::string> targets, Progress* progress,
                        std::stop_token stop) override;
    const Stats& stats() const noexcept override { return engine_->stats(); }
    const std::vector<std::string>& notes() const noexcept override { return notes_; }
    const std::vector<std::string>& store_notes() const noexcept override {
        return store_.notes();
    }

private:
    Result<void> scan_target(const std::string& target, Progress* progress, std::stop_token stop,
                             Report& report);
    Result<std::vector<source::ImageRef>> scan_stream(source::ImageSource& source,
                                                      Progress* progress, std::stop_token stop,
                                                      LayerResults& results);
    void scan_layers(source::ImageSource& source, std::vector<const source::LayerRef*> layers,
                     Progress* progress, std::stop_token stop, LayerResults& results);
    [[nodiscard]] image::KeptResults kept_results() const {
        return image::KeptResults(image::layers_share(options_.memory_bytes));
    }
    /// An image as it was joined, for the store.
    struct Joined {
        std::vector<const layer::LayerResult*> layers;
        image::ImageFacts facts;
        std::vector<image::Hidden> hidden;
        bool complete = false;
        std::string config, attached;
    };
    std::deque<Joined> join_images(const std::string& target, source::ImageSource& source,
                                   std::vector<source::ImageRef>& images,
                                   const LayerResults& results, bool stopped, Report& report);

    // Outside of the sandbox: threads that scan open no file for writing.
    void open_store() { static_cast<void>(store_.known({})); }

    std::unique_ptr<ScanEngine> engine_;
    const Options& options_;
    store::ScanStore store_;
    unsigned threads_;
    registry::Remote remote_;
    std::vector<std::string> notes_ = engine_->notes();
    std::uint64_t report_left_ = 0;  // bytes that the report may still take
};

Result<Report> LocalScanner::scan(std::span<const std::string> targets, Progress* progress,
                                  std::stop_token stop) {
    const std::uint64_t start = layer::now_ns();
    Report report;
    report.engine = {version(), engine_->ruleset().hash};
    report_left_ = image::report_share(options_.memory_bytes);
    std::vector<Error> errors;
    try {
        for (const std::string& target : targets) {
            if (auto done = scan_target(target, progress, stop, report); !done) {
                report.targets.push_back(unread(target, done.error()));
                errors.push_back(done.error());
            }
        }
    } catch (const SandboxRefused& refused) {
        return fail(ErrorCode::engine, refused.what());
    }
    if (!errors.empty() && errors.size() == targets.size()) {
        return std::unexpected(none_was_read(errors));
    }
    report.cancelled = stop.stop_requested();
    notes_ = engine_->notes();
    if (std::string trouble = engine_->sandbox_trouble(); !trouble.empty()) {
        if (options_.sandbox == Options::SandboxMode::required) {
            return fail(ErrorCode::engine, std::move(trouble));
        }
        notes_.push_back(std::move(trouble));
    }
    for (const std::string& warning : remote_.warnings()) notes_.push_back(engine_->told(warning));
    engine_->finish_stats(start);
    return report;
}

Result<void> LocalScanner::scan_target(const std::string& target, Progress* progress,
                                       std::stop_token stop, Report& report) {
    const source::StreamLimits around_archive{make_stream_plan(options_, threads_).archive,
                                              options_.limits.output_bytes,
                                              options_.limits.ratio};
    const std::stop_callback on_stop(stop, [this] { remote_.cancel(); });
    // Archives and documents are a stranger's as layers are. What asks a registry for them
    // opens sockets and starts helpers, so that is read outside.
    const bool local = !source::is_remote_target(target);
    const auto reading = [&](const auto& work) {
        if (local) engine_->confined(work);
        else work();
    };
    Result<std::unique_ptr<source::ImageSource>> source;
    reading([&] {
        source = source::open_target(target, options_.platform, around_archive, &remote_);
    });
    if (!source) return std::unexpected(source.error());
    LayerResults results;
    std::vector<source::ImageRef> images;
    if ((*source)->is_stream()) {
        open_store();
        Result<std::vector<source::ImageRef>> read;
        reading([&] { read = scan_stream(**source, progress, stop, results); });
        if (!read) return std::unexpected(read.error());
        images = std::move(*read);
    } else {
        Result<std::vector<source::ImageRef>> read;
        reading([&] { read = (*source)->images(); });
        if (!read) return std::unexpected(read.error());
        images = std::move(*read);
        if (const std::string folder = (*source)->directory(); !folder.empty()) {
            source::LayerRef ref;
            ref.key = folder;
            images.front().layers.push_back(ref);
            Plan plan = make_plan(options_, threads_, 1, 1);
            plan.inner_decoders = inner_decoders_within(plan.decoders);
            engine_->execute([&] {
                results[folder] =
                    engine_->scan_folder(folder, engine_->context(plan, progress, stop));
            });
            engine_->count(results[folder], {});
        } else {
            std::set<std::string_view> known;
            std::vector<const source::LayerRef*> layers;
            for (const source::ImageRef& image : images) {
                for (const source::LayerRef& layer : image.layers) {
                    if (!layer.unavailable.empty() || !known.insert(layer.key).second) continue;
                    layers.push_back(&layer);
                }
            }
            if (!layers.empty()) open_store();
            scan_layers(**source, std::move(layers), progress, stop, results);
        }
    }
    const bool stopped = stop.stop_requested();
    std::deque<Joined> joined;
    reading([&] { joined = join_images(target, **source, images, results, stopped, report); });
    // A folder has no digest to be known by, and what was stopped is not what it seems.
    if (stopped || !(*source)->directory().empty()) return {};
    std::vector<store::ScanStore::Scanned> scanned;
    for (std::size_t i = 0; i < images.size(); ++i) {
        Joined& of = joined[i];
        scanned.push_back({images[i], of.facts, of.layers, of.hidden, of.complete,
                           std::move(of.config), std::move(of.attached)});
    }
    store_.record(target, **source, scanned, options_.platform.empty());
    return {};
}

std::deque<LocalScanner::Joined> LocalScanner::join_images(
    const std::string& target, source::ImageSource& source, std::vector<source::ImageRef>& images,
    const LayerResults& results, bool stopped, Report& report) {
    auto attached = options_.facts ? attachments(source, images) : std::vector<image::Attachment>();
    clean_attachments(attached, *engine_);
    std::deque<Joined> kept;
    for (source::ImageRef& image : images) {
        Joined& of = kept.emplace_back();
        for (const source::LayerRef& layer : image.layers) {
            const auto found = results.find(layer.key);
            of.layers.push_back(found == results.end() || !layer.unavailable.empty()
                                    ? nullptr
                                    : &found->second);
        }
        // Metadata is scanned whatever was asked for: what is found there must not
        // stand in a build step that the report repeats.
        std::vector<Finding> metadata;
        engine_->execute([&] { metadata = engine_->scan_metadata(image, image.gaps); });
        auto asked = options_.facts
                         ? image::gather_facts(image, of.layers, metadata, attached)
                         : std::shared_ptr<const image::GateFacts>();
        of.config = image::kept_config(image, metadata);
        if (asked && image.kind == "image") of.attached = image::kept_attachments(*asked);
        of.facts = image::describe(image, std::move(metadata));
        image::hide_known_words(of.facts, of.layers, engine_->key());
        TargetReport joined = image::join(target, of.facts, of.layers, stopped, &of.hidden);
        image::note_what_was_sought(joined, options_.secrets, options_.programs);
        joined.facts = std::move(asked);
        of.complete = joined.coverage.complete;
        image::cut_report(joined, report_left_);
        report.targets.push_back(std::move(joined));
    }
    return kept;
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
    image::KeptResults kept = kept_results();
    std::size_t places = 0;
    auto around = engine_->context(plan.plan, progress, stop);
    around.memory = plan.layer;
    const auto visit = [&](const std::string& key, source::BlobReader& reader) -> Result<void> {
        if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped before its end");
        if (progress != nullptr) {
            progress->layers_planned(1, static_cast<std::uint64_t>(std::max<std::int64_t>(reader.size(), 0)));
        }
        engine_->execute([&] {
            results[key] = engine_->scan_blob(std::make_unique<Lent>(reader), "sha256", around);
        });
        if (!stop.stop_requested()) store_.keep(results[key], true);
        kept.add(places++, results[key]);
        if (progress != nullptr) progress->layer_done(results[key].findings.size());
        return {};
    };
    if (auto streamed = source.stream(visit);
        !streamed && streamed.error().code != ErrorCode::cancelled) {
        return std::unexpected(streamed.error());
    }
    kept.tell();
    return source.images();
}

void LocalScanner::scan_layers(source::ImageSource& source,
                               std::vector<const source::LayerRef*> layers, Progress* progress,
                               std::stop_token stop, LayerResults& results) {
    std::map<std::string_view, std::size_t> places;
    for (const auto* layer : layers) places.emplace(layer->key, places.size());
    image::KeptResults kept = kept_results();
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
    // Most of those that come over a network wait.
    const std::size_t at_once =
        source.is_remote() ? std::max<std::size_t>(threads_, remote_layers) : threads_;
    const Plan plan = make_plan(options_, threads_, layers.size(), at_once);
    const auto finish = [&](const source::LayerRef& layer, layer::LayerResult result) {
        if (progress != nullptr) progress->layer_done(result.findings.size());
        layer::LayerResult& place = results.find(layer.key)->second;
        place = std::move(result);
        kept.add(places.find(layer.key)->second, place);
    };
    const auto scan_one = [&](const source::LayerRef& layer, layer::DecoderMemory memory,
                              std::uint64_t inner, bool alone) {
        auto around = engine_->context(plan, progress, stop);
        around.memory = memory;
        around.inner_decoder_bytes = inner;
        layer::LayerResult result = engine_->scan_blob(source.open(layer), digest_algorithm(layer.digest), around);
        const bool last = alone || !result.over_decoder_memory;
        if (last && !stop.stop_requested()) store_.keep(result, false);
        finish(layer, std::move(result));
    };
    std::vector<std::atomic<bool>> known(layers.size());
    LayerQueue queue(layers, source, store_, stop, [&](std::size_t at, layer::LayerResult stored) {
        known[at] = true;
        finish(*layers[at], std::move(stored));
    });
    engine_->execute([&] {
        tbb::task_group group;
        for (std::size_t i = 0; i < plan.layers; ++i) {
            group.run([&] {
                queue.look_up(progress);
                while (const auto at = queue.next_to_scan()) {
                    scan_one(*layers[*at], {}, inner_decoder_memory, false);
                }
            });
        }
        group.wait();
        const std::uint64_t large = layer::large_decoder_memory.xz_bytes;
        const std::uint64_t inner =
            inner_decoders_within(plan.decoders > large ? plan.decoders - large : 0);
        for (std::size_t at = 0; at < layers.size(); ++at) {
            if (!known[at] && results.find(layers[at]->key)->second.over_decoder_memory) {
                scan_one(*layers[at], layer::large_decoder_memory, inner, true);
            }
        }
    });
    kept.tell();
    engine_->count_stored(
        static_cast<std::uint64_t>(std::count(known.begin(), known.end(), true)));
}

}  // namespace

Result<std::unique_ptr<Scanner>> Scanner::create(const Options& options) {
    auto engine = ScanEngine::create(options);
    if (!engine) return std::unexpected(engine.error());
    return std::make_unique<LocalScanner>(std::move(*engine));
}

}  // namespace stratascan
