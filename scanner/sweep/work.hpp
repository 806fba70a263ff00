// What the parts of a sweep share, and how it tells what it does.
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <string>

#include "scanner/registry/client.hpp"
#include "scanner/scan_engine.hpp"
#include "scanner/store/store.hpp"
#include "scanner/sweep/documents.hpp"
#include "scanner/sweep/ledger.hpp"
#include "scanner/sweep/options.hpp"
#include "scanner/sweep/summary.hpp"

namespace stratascan::sweep {

/// For whoever looks on. Written by the sweep, read at any time.
struct Counters {
    enum class Phase : std::uint8_t { listing, fetching, done };
    std::atomic<Phase> phase = Phase::listing;
    std::atomic<std::uint64_t> repositories = 0, repositories_done = 0;
    std::atomic<std::uint64_t> tags = 0, tags_seen = 0;
    std::atomic<std::uint64_t> manifests = 0, manifests_known = 0;
    std::atomic<std::uint64_t> roots_to_record = 0, roots_recorded = 0;
    std::atomic<std::uint64_t> layers = 0, layers_done = 0, layers_known = 0;
    std::atomic<std::uint64_t> bytes = 0, bytes_done = 0;
    std::atomic<std::uint64_t> findings = 0, troubles = 0;
};

/// Called from any thread, one call at a time; must return at once.
class SweepWatcher {
public:
    virtual ~SweepWatcher() = default;
    /// Before the first request. The counters live as long as the sweep.
    virtual void begun(const Counters&) {}
    virtual void planned(const Plan&) {}
    virtual void repository_done(const RepositorySummary&) {}
    /// A registry is waited for, and why.
    virtual void waiting(const std::string& /*text*/) {}
    /// Something will not be covered; where, and why.
    virtual void trouble(const std::string& /*where*/, Problem, const std::string& /*reason*/) {}
};

struct Work {
    const SweepOptions& asked;
    ScanEngine& engine;
    registry::Client& client;
    store::Store& store;
    Documents& documents;
    Ledger& ledger;
    Counters& counters;
    SweepWatcher& watcher;
    std::stop_token stop;
    store::Ruleset ruleset;      ///< of results
    store::Ruleset with_memory;  ///< of those that the memory ceiling made smaller

    std::mutex watcher_mutex{};
    std::mutex failure_mutex{};
    std::optional<Error> store_failure{};  ///< the sweep ends for it

    [[nodiscard]] bool stopped() const {
        return stop.stop_requested();
    }
    /// False, and the sweep ends, where the store failed.
    template <typename T>
    [[nodiscard]] bool must(const Result<T>& done) {
        if (done) return true;
        const std::scoped_lock lock(failure_mutex);
        if (!store_failure) store_failure = done.error();
        ledger.stop();
        return false;
    }
    [[nodiscard]] bool store_failed() {
        const std::scoped_lock lock(failure_mutex);
        return store_failure.has_value();
    }
    /// Something of a repository is not covered.
    void trouble(std::uint32_t repository, const Error& error, const std::string& where);
    void trouble(std::uint32_t repository, Problem problem, const std::string& where,
                 const std::string& reason);
    /// One of the repository's tasks is done; with the last one its look ends.
    void task_done(std::uint32_t repository);
    /// Ends its look over it as it stands.
    void finish(std::uint32_t repository);

private:
    /// Asks for what no tag leads to any more, by digest: it may still be pulled. False
    /// where that is not known of all.
    [[nodiscard]] bool look_for_untagged(std::uint32_t repository);
};

/// "tag v1: what went wrong", without where that happened.
[[nodiscard]] std::string plain(const Error& error);

}  // namespace stratascan::sweep
