// A sweep over registries: all that they hold, each layer once, into the store.
//
//     auto sweep = Sweep::create(options, {.targets = {"registry.example"}});
//     auto summary = (*sweep)->run(watcher, stop);
//
// Nothing but the store says what is done, so a sweep that was killed is gone on with by
// beginning it again, and one that has nothing new to see costs a HEAD request a tag.
// Untagged manifests that nothing refers to are not seen: no registry lists them.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "scanner/registry/remote.hpp"
#include "scanner/scan_engine.hpp"
#include "scanner/store/store.hpp"
#include "scanner/sweep/scope.hpp"
#include "scanner/sweep/summary.hpp"
#include "scanner/sweep/work.hpp"

namespace stratascan::sweep {

class Sweep {
public:
    /// `options.store_path` names the store; it is made where there is none. Errors: of
    /// the options, the targets, the rules, the key and the store.
    [[nodiscard]] static Result<std::unique_ptr<Sweep>> create(const Options& options,
                                                               SweepOptions asked);

    /// Once over everything. An Error means that it could not run, or that the store
    /// failed; what goes wrong at a registry is in the summary.
    [[nodiscard]] Result<SweepSummary> run(SweepWatcher& watcher, const std::stop_token& stop);

    /// A line each: what of rules could not be carried over, and what registries said.
    [[nodiscard]] std::vector<std::string> notes() const;
    [[nodiscard]] const Stats& stats() const noexcept { return engine_->stats(); }

private:
    Sweep(SweepOptions asked, std::vector<SweepTarget> targets,
          std::unique_ptr<ScanEngine> engine, std::unique_ptr<store::Store> store);

    void fetch_and_record(Work& work);

    SweepOptions asked_;
    std::vector<SweepTarget> targets_;
    std::unique_ptr<ScanEngine> engine_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<registry::Remote> remote_;
    std::unique_ptr<Counters> counters_;  ///< of this run; who watches it reads them until the next
};

}  // namespace stratascan::sweep
