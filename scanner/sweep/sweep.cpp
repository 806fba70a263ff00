#include "scanner/sweep/sweep.hpp"

#include <algorithm>
#include <exception>
#include <thread>
#include <tuple>

#include "scanner/layer/clock.hpp"
#include "scanner/registry/registries_conf.hpp"
#include "scanner/store/scan_store.hpp"
#include "scanner/sweep/layers.hpp"
#include "scanner/sweep/planner.hpp"
#include "scanner/sweep/recorder.hpp"

namespace stratascan::sweep {

namespace {

constexpr unsigned recorders = 2;

/// What registries.conf(5) has to say of a registry: it may be blocked, or insecure. A
/// sweep is of the registry that was named, so mirrors of it are not asked.
Result<void> configure(registry::Client& client, const SweepTarget& target) {
    const auto conf = registry::RegistriesConf::load();
    if (!conf) return std::unexpected(conf.error());
    registry::Reference any;
    any.repository = {target.registry, target.prefix.empty() ? "any" : target.prefix};
    any.tag = "latest";
    const auto places = conf->places(any);
    if (!places) return std::unexpected(places.error());
    for (const registry::Place& place : *places) {
        if (place.insecure && place.reference.repository.registry == target.registry) {
            client.allow_insecure(target.registry);
        }
    }
    return {};
}

}  // namespace

Sweep::Sweep(SweepOptions asked, std::vector<SweepTarget> targets,
             std::unique_ptr<ScanEngine> engine, std::unique_ptr<store::Store> store)
    : asked_(std::move(asked)), targets_(std::move(targets)), engine_(std::move(engine)),
      store_(std::move(store)),
      remote_(std::make_unique<registry::Remote>(engine_->options().registries)) {}

Result<std::unique_ptr<Sweep>> Sweep::create(const Options& options, SweepOptions asked) {
    std::vector<SweepTarget> targets;
    for (const std::string& text : asked.targets) {
        auto target = parse_sweep_target(text);
        if (!target) return std::unexpected(target.error());
        targets.push_back(*std::move(target));
    }
    if (!options.platform.empty()) {
        const auto platform = source::parse_platform(options.platform);
        if (!platform) return std::unexpected(platform.error());
    }
    const unsigned jobs =
        options.jobs != 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());
    const unsigned guests =
        std::max(jobs, static_cast<unsigned>(remote_layers)) + recorders;
    auto engine = ScanEngine::create(options, guests);
    if (!engine) return std::unexpected(engine.error());
    if (options.store_path.empty()) {
        return fail(ErrorCode::invalid_argument, "a sweep needs a store", {}, "see --store");
    }
    auto store = store::Store::open(options.store_path, true, 60'000);
    if (!store) return std::unexpected(store.error());
    return std::unique_ptr<Sweep>(new Sweep(std::move(asked), std::move(targets),
                                            *std::move(engine), *std::move(store)));
}

std::vector<std::string> Sweep::notes() const {
    std::vector<std::string> notes = engine_->notes();
    for (const std::string& warning : remote_->warnings()) notes.push_back(engine_->told(warning));
    if (std::string trouble = engine_->sandbox_trouble(); !trouble.empty()) {
        notes.push_back(std::move(trouble));
    }
    return notes;
}

void Sweep::fetch_and_record(Work& work) {
    const std::uint64_t books = books_memory(engine_->options().memory_bytes);
    LayerResults results(work, std::max<std::size_t>(8U << 20, books / 2));
    LayerFetcher fetcher(work, results);
    Recorder recorder(work, results, fetcher);
    work.ledger.begin_fetching();
    std::vector<std::jthread> recording;
    // Memory that runs out here ends it: recorders would wait for layers that nobody fetches.
    struct Ending {
        Ledger& ledger;
        int before = std::uncaught_exceptions();
        ~Ending() {
            if (std::uncaught_exceptions() > before) ledger.stop();
        }
    } const ending{work.ledger};
    recording.reserve(recorders);
    for (unsigned i = 0; i < recorders; ++i) recording.emplace_back([&] { recorder.run(); });
    {
        std::vector<std::jthread> fetching;
        fetching.reserve(fetcher.threads());
        for (std::size_t i = 0; i < fetcher.threads(); ++i) {
            fetching.emplace_back([&] { fetcher.run(); });
        }
        for (std::size_t i = 0; i < fetcher.small_threads(); ++i) {
            fetching.emplace_back([&] { fetcher.run_small(); });
        }
    }
    fetcher.run_alone();
    if (work.stopped() || work.store_failed()) work.ledger.stop();
    recording.clear();
}

Result<SweepSummary> Sweep::run(SweepWatcher& watcher, const std::stop_token& stop) {
    const std::uint64_t start = layer::now_ns();
    const auto client = remote_->client();
    if (!client) return std::unexpected(client.error());
    for (const SweepTarget& target : targets_) {
        if (auto done = configure(**client, target); !done) return std::unexpected(done.error());
    }
    const std::uint64_t requests_before = (*client)->requests();
    const std::stop_callback on_stop(stop, [this] { remote_->cancel(); });
    Documents documents(**client, *store_, 8U << 20);
    Ledger ledger(ledger_memory(engine_->options().memory_bytes));
    counters_ = std::make_unique<Counters>();
    Counters& counters = *counters_;
    const store::Ruleset ruleset = engine_->ruleset();
    Work work{asked_,   *engine_, **client, *store_, documents, ledger,
              counters, watcher,  stop,     ruleset,
              store::with_memory(ruleset, engine_->options().memory_bytes)};
    // A ledger that waits for layers would not hear of the end.
    const std::stop_callback on_stop_too(stop, [&ledger] { ledger.stop(); });
    SweepSummary summary;
    {
        const std::scoped_lock lock(work.watcher_mutex);
        watcher.begun(counters);
    }
    remote_->listen([&work](const std::string& text) {
        const std::scoped_lock lock(work.watcher_mutex);
        work.watcher.waiting(text);
    });
    struct Unlisten {
        registry::Remote& remote;
        ~Unlisten() { remote.listen({}); }
    } const unlisten{*remote_};
    Planner(work).run(targets_, summary.troubles);
    counters.layers = ledger.layers_wanted();
    counters.bytes = ledger.bytes_wanted();
    summary.plan = {ledger.repositories(), counters.tags,         counters.manifests,
                    counters.manifests_known, counters.layers_known, counters.layers,
                    counters.bytes,           (*client)->requests() - requests_before,
                    counters.layers + counters.roots_to_record};
    if (!work.stopped() && !work.store_failed()) {
        const std::scoped_lock lock(work.watcher_mutex);
        watcher.planned(summary.plan);
    }
    counters.phase = Counters::Phase::fetching;
    if (!asked_.plan_only && !work.stopped() && !work.store_failed()) fetch_and_record(work);
    counters.phase = Counters::Phase::done;
    summary.stopped = work.stopped();
    summary.planned_only = asked_.plan_only;
    for (std::uint32_t i = 0; i < ledger.repositories(); ++i) {
        if (!ledger.repository(i).summary.finished && !work.store_failed()) work.finish(i);
        ledger.with_repository(i, [&](RepositoryEntry& of) {
            summary.repositories.push_back(std::move(of.summary));
        });
    }
    if (work.store_failed()) return std::unexpected(*work.store_failure);
    if (engine_->options().sandbox == Options::SandboxMode::required &&
        !engine_->sandbox_trouble().empty()) {
        return fail(ErrorCode::engine, engine_->sandbox_trouble());
    }
    std::ranges::sort(summary.repositories, [](const auto& a, const auto& b) {
        return std::tie(a.registry, a.repository) < std::tie(b.registry, b.repository);
    });
    std::ranges::sort(summary.troubles, {}, &TargetTrouble::target);
    engine_->finish_stats(start);
    summary.layers_fetched = counters.layers_done;
    summary.bytes_fetched = counters.bytes_done;
    summary.requests = (*client)->requests() - requests_before;
    summary.seconds = static_cast<double>(layer::now_ns() - start) / 1e9;
    return summary;
}

}  // namespace stratascan::sweep
