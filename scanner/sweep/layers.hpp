// Layers: fetched once, scanned while they arrive, kept in the store; and their results,
// for the images that have them.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "scanner/sweep/rate.hpp"
#include "scanner/sweep/work.hpp"

namespace stratascan::sweep {

/// What became of a layer.
struct LayerOutcome {
    std::shared_ptr<const layer::LayerResult> result;  ///< null: nothing was read
    std::optional<store::LayerId> id;
    std::optional<Problem> problem;  ///< why it is not settled
    std::string reason;
};

/// Results of layers that are done. Thread-safe.
class LayerResults {
public:
    LayerResults(Work& work, std::size_t cache_bytes) : work_(work), room_(cache_bytes) {}

    /// Keeps a result in the store; one that does not stand for its blob is also kept
    /// here, for the images that have it, until there are too many.
    void keep(const std::string& digest, layer::LayerResult result, std::optional<Problem> problem);
    /// Nothing where the layer was never read.
    [[nodiscard]] std::optional<LayerOutcome> find(const std::string& digest);

private:
    [[nodiscard]] std::optional<LayerOutcome> cached(const std::string& digest);
    void cache(const std::string& digest, const LayerOutcome& outcome);

    Work& work_;
    std::mutex mutex_;
    std::map<std::string, LayerOutcome> failed_;
    std::size_t kept_whole_ = 0;  ///< of those, with their findings
    std::size_t room_, used_ = 0;
    struct Entry {
        std::string digest;
        LayerOutcome outcome;
        std::size_t bytes = 0;
    };
    std::list<Entry> entries_;
    std::unordered_map<std::string, std::list<Entry>::iterator> by_digest_;
};

/// As std::counting_semaphore, whose acquire() in libstdc++ 12 may sleep on while permits are free:
/// what it saw between two others' steps is not looked at again.
class Permits {
public:
    explicit Permits(std::size_t count) : free_(count) {}

    void acquire() {
        std::unique_lock lock(mutex_);
        given_back_.wait(lock, [&] { return free_ > 0; });
        --free_;
    }
    void release() {
        const std::scoped_lock lock(mutex_);
        ++free_;
        given_back_.notify_one();
    }

private:
    std::mutex mutex_;
    std::condition_variable given_back_;
    std::size_t free_;
};

class LayerFetcher {
public:
    LayerFetcher(Work& work, LayerResults& results);

    /// How many threads may fetch at once under the memory ceiling.
    [[nodiscard]] std::size_t threads() const noexcept { return plan_.layers; }

    /// And how many beside them small layers alone, whose time is the network's.
    [[nodiscard]] std::size_t small_threads() const noexcept;

    /// One thread's work: fetches layers of the ledger until none is left.
    void run() { run_over([this] { return work_.ledger.next_layer(); }); }
    /// The same of small ones, the smallest first.
    void run_small();
    /// Those whose decoders need the memory for themselves. REQUIRES: nobody fetches.
    void run_alone();
    /// One that nobody knew of before its image was resolved.
    void fetch_now(const std::string& digest, std::int64_t size, std::uint32_t repository);

    [[nodiscard]] std::uint64_t fetched() const noexcept { return fetched_; }

private:
    enum class Memory : std::uint8_t { shared, alone };
    void run_over(const std::function<std::optional<std::uint32_t>()>& next);
    /// False: it needs the memory for itself.
    bool fetch(const LayerEntry& layer, Memory memory);
    [[nodiscard]] layer::LayerResult scan(const LayerEntry& layer, std::uint32_t repository,
                                          Memory memory, ErrorCode& failure, bool& failed);

    Work& work_;
    LayerResults& results_;
    Rate rate_;
    ::stratascan::Plan plan_;
    Permits scanning_;  ///< as many layers at once as memory was planned for
    std::atomic<std::uint64_t> fetched_ = 0;
    std::mutex mutex_;
    std::vector<std::uint32_t> alone_;  ///< guarded
};

/// The share of the ceiling that is the books' and the documents', not the layers'.
[[nodiscard]] std::uint64_t books_memory(std::uint64_t ceiling) noexcept;

/// The most of the ceiling that a ledger may take; what it has beyond its part of the books'
/// share the layers do without.
[[nodiscard]] std::uint64_t ledger_memory(std::uint64_t ceiling) noexcept;

}  // namespace stratascan::sweep
