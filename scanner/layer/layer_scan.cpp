#include "scanner/layer/layer_scan.hpp"

#include <fmt/format.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <new>
#include <set>

#include "scanner/layer/contents_check.hpp"
#include "scanner/layer/directory_walk.hpp"
#include "scanner/layer/side_scan.hpp"
#include "scanner/layer/stream_collectors.hpp"
#include "scanner/layer/tar_walk.hpp"
#include "scanner/layer/told_texts.hpp"
#include "scanner/nested/encoded_walk.hpp"
#include "scanner/nested/nested_walk.hpp"
#include "scanner/nested/sqlite.hpp"

namespace stratascan::layer {

namespace {

namespace tbb = oneapi::tbb;

struct Job {
    bool scanned = false;
    std::size_t held = 0;  ///< findings, until it is collected
    Window window;
    WindowScan scan;
    SpottedFacts facts;
};

// Where scanned windows go, in order.
struct Collectors {
    StreamCollectors& streams;
    nested::EncodedWalk& encoded;
    ContentsCheck* contents = nullptr;
};

// Findings of windows that wait to be collected, and of those that are being scanned. Where they
// are many, few windows are scanned at once, and others wait. Those who wait may be all that could
// collect: where nobody scans, collects or has done so for a moment, one goes on unscanned, and who
// collects scans it when its turn comes. So it is in a pipeline that is cancelled.
class Waiting {
public:
    /// False: the window is to be scanned when it is collected.
    bool before_scan() {
        std::unique_lock lock(mutex_);
        const auto has_place = [&] {
            return held_ <= most_held && (!is_dense_ || scanned_at_once_ < most_dense);
        };
        std::uint64_t seen = moves_;
        while (!turn_.wait_for(lock, a_moment, has_place)) {
            const bool at_work = scanned_at_once_ > 0 || is_collecting_ || moves_ != seen;
            if (!at_work || tbb::is_current_task_group_canceling()) return false;
            seen = moves_;
        }
        ++scanned_at_once_;
        return true;
    }
    void after_scan(std::size_t findings) {
        {
            const std::scoped_lock lock(mutex_);
            --scanned_at_once_;
            ++moves_;
            held_ += findings;
            is_dense_ = findings > dense;
        }
        turn_.notify_all();
    }
    void before_collecting() {
        const std::scoped_lock lock(mutex_);
        is_collecting_ = true;
    }
    void collected(std::size_t findings) {
        {
            const std::scoped_lock lock(mutex_);
            is_collecting_ = false;
            ++moves_;
            held_ -= findings;
        }
        turn_.notify_all();
    }

private:
    static constexpr std::size_t most_held = 10'000, dense = 2'500, most_dense = 3;
    static constexpr std::chrono::milliseconds a_moment{10};
    std::mutex mutex_;
    std::condition_variable turn_;
    std::size_t held_ = 0, scanned_at_once_ = 0;
    bool is_collecting_ = false;
    std::uint64_t moves_ = 0;  // windows scanned, and windows collected
    bool is_dense_ = true;  // the window that was scanned last; nobody knows of the first ones
};

// Windows from `source` through the scanners into `collectors`. A worker that
// waits here takes no task of another layer: its scratch and this layer's tokens
// stay its own.
std::optional<Error> run(WindowSource& source, const Collectors& collectors,
                         const LayerScanContext& context, const std::function<void()>& aside) {
    StreamCollectors& collector = collectors.streams;
    std::optional<Error> error;
    bool ended = false;
    Waiting waiting;
    std::uint64_t produced = 0, collected = 0;  // each by a filter that runs in order
    const auto produce = [&](tbb::flow_control& flow) -> Job* {
        if (context.stop.stop_requested()) {
            error = Error{ErrorCode::cancelled, "stopped before its end", {}, {}};
        } else if (collector.failed()) {
            error = collector.error();
        } else {
            auto window = source.next();
            if (window && *window) {
                ++produced;
                return new Job{false, 0, std::move(**window), {}, {}};
            }
            if (!window) error = window.error();
        }
        ended = true;
        flow.stop();
        return nullptr;
    };
    const auto look_at = [&](Job& job) {
        job.scan = context.scanner().scan(job.window, collector.exhausted(job.window.stream));
        job.facts = spot_facts(job.window);
        job.scanned = true;
    };
    const auto scan = [&](Job* job) {
        aside();
        if (!waiting.before_scan()) return job;
        look_at(*job);
        job->held = job->scan.findings.size();
        waiting.after_scan(job->held);
        return job;
    };
    const auto collect = [&](Job* job) {
        const std::unique_ptr<Job> owned(job);
        waiting.before_collecting();
        if (!job->scanned) look_at(*job);
        if (collectors.contents != nullptr) collectors.contents->add(job->window);
        collectors.encoded.add(job->window, std::move(job->scan.encoded_starts));
        collector.add(job->window, job->scan, job->facts);
        waiting.collected(job->held);
        ++collected;
    };
    tbb::this_task_arena::isolate([&] {
        tbb::parallel_pipeline(
            context.tokens,
            tbb::make_filter<void, Job*>(tbb::filter_mode::serial_in_order, produce) &
                tbb::make_filter<Job*, Job*>(tbb::filter_mode::parallel, scan) &
                tbb::make_filter<Job*, void>(tbb::filter_mode::serial_in_order, collect));
    });
    // An exception in a layer beside this one (memory ran out) cancels this pipeline, too,
    // which then simply returns. What it has by then must not pass for a result.
    if (!ended || produced != collected) throw std::bad_alloc();
    if (!error) collectors.encoded.finish();
    if (!error) error = collector.error();
    return error;
}

nested::NestLimits nest_limits(const LayerScanContext& context) {
    const Options::Limits& limits = context.limits;
    return {limits.depth, limits.output_bytes, limits.ratio, limits.members,
            limits.path_bytes, context.inner_decoder_bytes};
}

// Opens what is written in base64 or hex in the windows that are collected.
nested::EncodedWalk encoded_walk(StreamCollectors& collector, const LayerScanContext& context) {
    return {context.slabs, nest_limits(context), context.stop,
            [&context](Window& window) { return context.scanner().scan(window); },
            [&collector](Window& window, WindowScan& scan) {
                SpottedFacts facts = spot_facts(window);
                collector.add(window, scan, facts);
            },
            [&collector](std::uint32_t from, std::uint32_t to) { collector.end_streams(from, to); }};
}

FileLimits file_limits(const LayerScanContext& context) {
    return {context.limits.findings_a_file, context.limits.looks_a_file,
            static_cast<std::uint64_t>(context.limits.seconds_a_file * 1e9), context.told};
}

// A table's name stands in the way to each of its rows.
void clean_row_names(LayerResult& result, const LayerScanContext& context) {
    std::map<std::string, std::string> cleaned;
    const auto clean = [&](std::vector<std::string>& steps) {
        for (std::string& step : steps) {
            if (!step.starts_with(nested::sqlite_row_step)) continue;
            const std::size_t row = step.rfind(" row ");
            if (row == step.npos) continue;
            const auto [name, fresh] = cleaned.try_emplace(step.substr(0, row));
            if (fresh) name->second = without_secrets(context.scanner(), name->first);
            step = name->second + step.substr(row);
        }
    };
    for (LayerFinding& found : result.findings) clean(found.finding.inner_path);
    for (LayerProgram& found : result.programs) clean(found.program.inner_path);
    for (Gap& gap : result.gaps) clean(gap.inner_path);
    if (context.told == nullptr) return;
    for (DroppedCandidate& one : context.told->candidates) clean(one.candidate.finding.inner_path);
}

// Links are kept with the result, and their other names are printed.
void clean_links(LayerResult& result, const LayerScanContext& context) {
    std::set<std::uint32_t> members;
    for (const LayerFinding& found : result.findings) {
        if (found.finding.source == Source::header) members.insert(found.ordinal);
    }
    if (members.empty()) return;
    for (std::vector<Link>* links : {&result.paths.hardlinks, &result.paths.symlinks}) {
        for (Link& link : *links) {
            if (!members.contains(link.ordinal)) continue;
            link.path = without_secrets(context.scanner(), link.path);
            link.target = without_secrets(context.scanner(), link.target);
        }
    }
}

// What the collectors have and what was seen inside containers.
void take_results(StreamCollectors& collector, const nested::Nest& nest,
                  const nested::EncodedWalk& encoded, const LayerScanContext& context,
                  LayerResult& result) {
    std::vector<OrdinalGap> gaps = nest.gaps();
    gaps.insert(gaps.end(), encoded.gaps().begin(), encoded.gaps().end());
    collector.finish(result, std::move(gaps));
    nest.history().tell(
        result, [&](std::string_view path) { return without_secrets(context.scanner(), path); },
        context.told);
    clean_row_names(result, context);
    clean_links(result, context);
    if (nest.history().truncated()) {
        result.notes.emplace_back("git: commits and trees beyond the memory for them were "
                                  "scanned and not kept, so findings may lack their commit");
    }
    if (const std::uint64_t untold = nest.gaps_untold() + encoded.gaps_untold(); untold > 0) {
        result.gaps.push_back(
            {{}, fmt::format("{} more places inside containers were not read", untold), 0});
    }
    nested::NestCounts inside = nest.counts();
    inside += encoded.counts();
    result.inner_members = inside.members;
    result.inner_bytes = inside.output_bytes;
    result.over_decoder_memory = nest.over_memory() || encoded.over_memory();
}

void add_gap(LayerResult& result, std::string reason, std::uint64_t bytes = 0) {
    result.gaps.push_back({{}, std::move(reason), bytes});
}

// Those of a walk, which knows names as they stand.
void add_gaps(const std::vector<Gap>& gaps, const LayerScanContext& context,
              LayerResult& result) {
    for (Gap gap : gaps) {
        if (!gap.path.empty()) gap.path = without_secrets(context.scanner(), gap.path);
        result.gaps.push_back(std::move(gap));
    }
}

void spoil(LayerResult& result, LayerState state, const std::string& reason) {
    if (result.state == LayerState::complete) result.state = state;
    if (result.state_reason.empty()) result.state_reason = reason;
}

}  // namespace

LayerResult scan_layer(std::unique_ptr<source::BlobReader> blob,
                       const std::string& digest_algorithm, const LayerScanContext& context,
                       LayerTimes& times) {
    LayerResult result;
    BlobStreamOptions options;
    options.memory = context.memory;
    options.output_limit = context.limits.output_bytes;
    options.ratio_limit = context.limits.ratio;
    options.gzip = context.gzip;
    options.digest_algorithm = digest_algorithm;
    SideScan beside(context.scanner, context.memory, context.limits.findings_a_file);
    options.side = [&beside](std::string_view bytes) { beside.add(bytes); };
    BlobStream stream(std::move(blob), options, context.progress);
    TarWalk walk(stream, context.slabs, {context.limits.members, context.limits.path_bytes,
                                         context.limits.header_bytes});
    nested::NestedWalk walk_inside(walk, context.slabs, nest_limits(context));
    StreamCollectors collector(context.rules, file_limits(context));

    nested::EncodedWalk encoded = encoded_walk(collector, context);
    ContentsCheck contents(context.limits.path_bytes);
    const auto error = run(walk_inside, {collector, encoded, &contents}, context,
                           [&] { stream.drain_hash(); });
    take_results(collector, walk_inside.nest(), encoded, context, result);
    // What the user stopped may have no end.
    const bool stopped = error && error->code == ErrorCode::cancelled;
    const auto digest = stopped ? std::unexpected(*error) : stream.finish();
    beside.finish(result);
    clean_told_texts(result, context.scanner());
    const auto clean = [&](std::string_view name) {
        return without_secrets(context.scanner(), name);
    };
    // Of a part of the tar nothing can be said that it lacks.
    const bool whole = !error && !stream.damage() && walk.members() < context.limits.members;
    if (whole && walk.is_tar()) contents.finish(beside.tables(), result, clean);

    result.compression = to_string(stream.compression());
    result.compressed_bytes = stream.blob_bytes();
    result.bytes = stream.stream_bytes();
    result.files = walk.files();
    result.members = walk.members();
    result.notes.insert(result.notes.end(), walk.notes().begin(), walk.notes().end());
    add_gaps(walk.gaps(), context, result);
    if (digest) {
        result.digest = *digest;
    } else if (!stopped) {
        spoil(result, LayerState::failed, digest.error().message());
        add_gap(result, digest.error().message());
    }
    if (stream.damage()) {
        result.over_decoder_memory = result.over_decoder_memory || stream.over_memory();
        spoil(result, LayerState::partial, stream.damage()->message());
        add_gap(result, stream.damage()->message());
    }
    if (error) {
        spoil(result, LayerState::partial, error->message());
        add_gap(result, error->message());
    }
    if (stream.blob_bytes() == 0) {
        spoil(result, LayerState::failed, "the blob is empty");
        add_gap(result, "the blob is empty");
    }
    result.is_archive = walk.is_tar();
    if (stream.trailing_bytes() > 0) {
        result.notes.push_back(fmt::format("{} bytes stand behind the compressed data",
                                           stream.trailing_bytes()));
    }
    if (!result.gaps.empty()) spoil(result, LayerState::partial, result.gaps.front().reason);

    times.read_ns += stream.read_ns();
    times.hash_ns += stream.hash_ns();
    times.decode_ns += stream.decode_ns();
    if (stream.compression() == Compression::gzip) times.decoder = stream.decoder_name();
    return result;
}

LayerResult scan_directory(const std::string& path, const LayerScanContext& context) {
    LayerResult result;
    DirectoryWalk walk(path, context.slabs);
    nested::NestedWalk walk_inside(walk, context.slabs, nest_limits(context));
    StreamCollectors collector(context.rules, file_limits(context));
    nested::EncodedWalk encoded = encoded_walk(collector, context);
    const auto error = run(walk_inside, {collector, encoded}, context, [] {});
    take_results(collector, walk_inside.nest(), encoded, context, result);
    clean_told_texts(result, context.scanner());
    result.compression = "none";
    result.files = walk.files();
    result.members = walk.members();
    result.bytes = result.compressed_bytes = walk.bytes();
    result.notes.insert(result.notes.end(), walk.notes().begin(), walk.notes().end());
    add_gaps(walk.gaps(), context, result);
    if (error) add_gap(result, error->message());
    if (!result.gaps.empty()) spoil(result, LayerState::partial, result.gaps.front().reason);
    return result;
}

}  // namespace stratascan::layer
