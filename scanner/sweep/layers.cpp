#include "scanner/sweep/layers.hpp"

#include <algorithm>

#include "scanner/store/scan_store.hpp"

namespace stratascan::sweep {

namespace {

// Read before a layer takes the place of one that could be scanned.
constexpr std::size_t read_ahead = std::size_t{1} << 20;
// A layer of which all is read ahead.
constexpr std::int64_t small_layer = std::int64_t{512} << 10;
constexpr std::size_t most_small_threads = 12;
// Results that are in no place but here; beyond it only what they came to is.
constexpr std::size_t most_kept_whole = 256;

std::size_t weight(const layer::LayerResult& result) noexcept {
    return 4096 + result.paths.entries.size() * sizeof(layer::PathEntry) +
           (result.paths.hardlinks.size() + result.paths.symlinks.size()) * 200 +
           (result.findings.size() + result.programs.size()) * 800 +
           (result.certificates.size() + result.digests.size() + result.gaps.size()) * 400;
}

class FetchProgress final : public Progress {
public:
    explicit FetchProgress(Counters& counters) : counters_(counters) {}
    void layers_planned(std::size_t, std::uint64_t) override {}
    void bytes_read(std::uint64_t bytes) override { counters_.bytes_done += bytes; }
    void layer_done(std::size_t) override {}

private:
    Counters& counters_;
};

Options with_memory_of_layers(const Options& options, const Ledger& ledger) {
    Options reduced = options;
    const std::uint64_t books = books_memory(options.memory_bytes);
    const std::uint64_t beyond = ledger.size() - std::min(ledger.size(), books / 4);
    reduced.memory_bytes -= books;
    reduced.memory_bytes -= std::min(beyond, reduced.memory_bytes - least_memory);
    return reduced;
}

}  // namespace

std::uint64_t books_memory(std::uint64_t ceiling) noexcept {
    const std::uint64_t above = ceiling > least_memory ? ceiling - least_memory : 0;
    return above / 4;
}

std::uint64_t ledger_memory(std::uint64_t ceiling) noexcept {
    constexpr std::uint64_t least = std::uint64_t{16} << 20;
    return least + (ceiling > least_memory ? ceiling - least_memory : 0) / 2;
}

void LayerResults::keep(const std::string& digest, layer::LayerResult result,
                        std::optional<Problem> problem) {
    LayerOutcome outcome;
    outcome.problem = problem;
    outcome.reason = result.state_reason;
    const bool stands = store::may_stand_for_blob(result) && result.digest == digest && !problem;
    const store::Ruleset& ruleset =
        result.over_decoder_memory && stands ? work_.with_memory : work_.ruleset;
    const auto id = work_.store.put_layer(result, ruleset, stands);
    if (!work_.must(id)) return;
    outcome.id = *id;
    const std::scoped_lock lock(mutex_);
    if (!stands && ++kept_whole_ > most_kept_whole) {
        layer::LayerResult little;
        little.digest = result.digest;
        little.state = result.state;
        little.state_reason = result.state_reason;
        little.gaps = {{{}, result.state_reason, 0}};
        result = std::move(little);
    }
    outcome.result = std::make_shared<const layer::LayerResult>(std::move(result));
    if (stands) cache(digest, outcome);
    else failed_[digest] = std::move(outcome);
}

std::optional<LayerOutcome> LayerResults::cached(const std::string& digest) {
    if (const auto failed = failed_.find(digest); failed != failed_.end()) return failed->second;
    const auto found = by_digest_.find(digest);
    if (found == by_digest_.end()) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, found->second);
    return entries_.front().outcome;
}

void LayerResults::cache(const std::string& digest, const LayerOutcome& outcome) {
    const std::size_t bytes = weight(*outcome.result);
    if (bytes > room_ || by_digest_.contains(digest)) return;
    entries_.push_front({digest, outcome, bytes});
    by_digest_[digest] = entries_.begin();
    used_ += bytes;
    while (used_ > room_) {
        used_ -= entries_.back().bytes;
        by_digest_.erase(entries_.back().digest);
        entries_.pop_back();
    }
}

std::optional<LayerOutcome> LayerResults::find(const std::string& digest) {
    {
        const std::scoped_lock lock(mutex_);
        if (auto known = cached(digest)) return known;
    }
    for (const store::Ruleset* ruleset : {&work_.ruleset, &work_.with_memory}) {
        auto kept = work_.store.layer(digest, *ruleset);
        if (!work_.must(kept)) return std::nullopt;
        if (!*kept) continue;
        LayerOutcome outcome;
        outcome.id = (*kept)->id;
        outcome.result =
            std::make_shared<const layer::LayerResult>(std::move((*kept)->result));
        const std::scoped_lock lock(mutex_);
        cache(digest, outcome);
        return outcome;
    }
    return std::nullopt;
}

LayerFetcher::LayerFetcher(Work& work, LayerResults& results)
    : work_(work), results_(results), rate_(work.asked.bandwidth),
      plan_(make_plan(with_memory_of_layers(work.engine.options(), work.ledger), work.engine.threads(),
                      std::max<std::size_t>(1, work.ledger.layers_wanted()),
                      std::max<std::size_t>(work.engine.threads(), remote_layers))),
      scanning_(plan_.layers) {}

/// Each may have its layer twice, on its way and read ahead, in a share of the books' memory.
std::size_t LayerFetcher::small_threads() const noexcept {
    const std::uint64_t room = books_memory(work_.engine.options().memory_bytes) / 4;
    return std::min<std::size_t>(most_small_threads, room / (2 * small_layer));
}

void LayerFetcher::run_small() {
    run_over([this] { return work_.ledger.next_small_layer(small_layer); });
}

void LayerFetcher::run_over(const std::function<std::optional<std::uint32_t>()>& next) {
    while (const auto index = next()) {
        if (work_.stopped() || work_.store_failed()) break;
        if (fetch(work_.ledger.layer(*index), Memory::shared)) {
            if (work_.stopped()) break;
            work_.ledger.layer_done(*index);
            ++work_.counters.layers_done;
        } else {
            const std::scoped_lock lock(mutex_);
            alone_.push_back(*index);
        }
    }
}

void LayerFetcher::run_alone() {
    std::ranges::sort(alone_);
    for (const std::uint32_t index : alone_) {
        if (work_.stopped() || work_.store_failed()) break;
        (void)fetch(work_.ledger.layer(index), Memory::alone);
        if (work_.stopped()) break;
        work_.ledger.layer_done(index);
        ++work_.counters.layers_done;
    }
}

void LayerFetcher::fetch_now(const std::string& digest, std::int64_t size,
                             std::uint32_t repository) {
    LayerEntry layer;
    layer.digest = digest;
    layer.size = size;
    layer.repositories = {repository};
    // Another thread may have the memory that it would need alone.
    (void)fetch(layer, Memory::shared);
}

layer::LayerResult LayerFetcher::scan(const LayerEntry& layer, std::uint32_t repository,
                                      Memory memory, ErrorCode& failure, bool& failed) {
    FetchProgress progress(work_.counters);
    auto context = work_.engine.context(plan_, &progress, work_.stop);
    context.inner_decoder_bytes = inner_decoder_memory;
    if (memory == Memory::alone) {
        const std::uint64_t large = layer::large_decoder_memory.xz_bytes;
        context.memory = layer::large_decoder_memory;
        context.inner_decoder_bytes =
            inner_decoders_within(plan_.decoders > large ? plan_.decoders - large : 0);
    }
    constexpr ErrorCode none = ErrorCode::invalid_argument;
    failure = none;
    auto reader = std::make_unique<MeteredReader>(
        work_.client.open_blob(work_.ledger.repository(repository).place, layer.digest,
                               layer.size),
        rate_, work_.stop, failure);
    reader->read_ahead(read_ahead);
    ++fetched_;
    scanning_.acquire();
    struct Release {
        Permits& permits;
        ~Release() { permits.release(); }
    } const release{scanning_};
    layer::LayerResult result;
    work_.engine.execute([&] {
        result = work_.engine.scan_blob(std::move(reader), digest_algorithm(layer.digest),
                                        context);
    });
    failed = failure != none;
    return result;
}

bool LayerFetcher::fetch(const LayerEntry& layer, Memory memory) {
    layer::LayerResult result;
    std::optional<Problem> problem;
    for (const std::uint32_t repository : layer.repositories) {
        ErrorCode failure = ErrorCode::malformed;
        bool failed = false;
        result = scan(layer, repository, memory, failure, failed);
        if (work_.stopped()) return true;
        problem = failed ? std::optional(problem_of(failure)) : std::nullopt;
        // Another repository of the same registry may give what this one does not.
        const bool elsewhere = failed && (failure == ErrorCode::not_found ||
                                          failure == ErrorCode::unauthorized);
        if (!elsewhere) break;
    }
    if (result.over_decoder_memory && memory == Memory::shared && !problem) return false;
    if (!problem && result.digest != layer.digest) problem = Problem::damaged;
    if (!problem && !store::may_stand_for_blob(result)) {
        problem = result.state == LayerState::failed ? Problem::damaged : Problem::unsupported;
    }
    if (problem == Problem::damaged && result.state_reason.empty()) {
        result.state_reason = "its bytes are not what its digest says";
    }
    work_.counters.findings += result.findings.size();
    results_.keep(layer.digest, std::move(result), problem);
    return true;
}

}  // namespace stratascan::sweep
