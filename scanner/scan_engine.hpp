// What every way of scanning has in common, a scan of targets and a sweep over a
// registry alike: rules, databases and key loaded once, the threads that scan, and the
// way from a blob's reader to a layer's result.
#pragma once

#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_scheduler_observer.h>

#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <span>
#include <string>
#include <vector>

#include "scanner/engine.hpp"
#include "scanner/layer/layer_scan.hpp"
#include "scanner/memory_plan.hpp"
#include "scanner/sandbox/sandbox.hpp"
#include "scanner/source/image_source.hpp"
#include "scanner/store/records.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan {

class ScanEngine {
public:
    /// `guests`: threads from outside that scan at once beside those of the options; they
    /// are those that wait for bytes. Errors: of the options, the rules and the key.
    [[nodiscard]] static Result<std::unique_ptr<ScanEngine>> create(const Options& options,
                                                                    unsigned guests = 0);

    [[nodiscard]] const Options& options() const noexcept { return options_; }
    [[nodiscard]] unsigned threads() const noexcept { return threads_; }
    [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return engine_.notes; }
    /// That threads could not enter the sandbox; empty where all did.
    [[nodiscard]] std::string sandbox_trouble() const { return sandbox_->trouble(); }
    /// What results depend on besides the bytes.
    [[nodiscard]] store::Ruleset ruleset() const;

    /// Runs `work` where the threads that scan are.
    template <typename Work>
    void execute(const Work& work) {
        sandbox_->run([&] { arena_.execute(work); });
    }

    /// Runs `work`, which reads what strangers made and scans no layer, inside the sandbox.
    template <typename Work>
    void confined(const Work& work) {
        sandbox_->run(work);
    }

    [[nodiscard]] layer::LayerScanContext context(const Plan& plan, Progress* progress,
                                                  std::stop_token stop);

    /// REQUIRES: inside execute(). A blob that can't be opened is a failed layer.
    [[nodiscard]] layer::LayerResult scan_blob(Result<std::unique_ptr<source::BlobReader>> blob,
                                               const std::string& algorithm,
                                               const layer::LayerScanContext& context);

    /// REQUIRES: inside execute().
    [[nodiscard]] layer::LayerResult scan_folder(const std::string& folder,
                                                 const layer::LayerScanContext& context);

    /// What is in config, manifest and the documents beside them, as far as so much is kept:
    /// sets `has_more_secrets`.
    [[nodiscard]] std::vector<Finding> scan_metadata(source::ImageRef& image,
                                                     std::vector<Gap>& gaps);

    /// A text of a stranger's as it may be told: what is a secret in it is cut out.
    [[nodiscard]] std::string told(std::string text);
    /// The same of a name by which something is kept: behind one that was cut stands an HMAC of
    /// the whole, so that it goes on to be the name of one thing alone.
    [[nodiscard]] std::string told_name(const std::string& name);
    /// The same of several texts, each in its place.
    void clean(std::span<std::string* const> texts);

    void count(const layer::LayerResult& result, const layer::LayerTimes& times);
    void count_stored(std::uint64_t layers);

    /// By which secrets are named.
    [[nodiscard]] const identity::SecretKey& key() const noexcept { return key_; }

    /// Adds up the counters of all threads. REQUIRES: nobody scans.
    void finish_stats(std::uint64_t start_ns);
    [[nodiscard]] const Stats& stats() const noexcept { return stats_; }

private:
    ScanEngine(const Options& options, Engine engine, identity::SecretKey key,
               std::unique_ptr<Sandbox> sandbox, unsigned guests);

    // Threads that come to scan enter the sandbox first.
    class Gate final : public oneapi::tbb::task_scheduler_observer {
    public:
        Gate(oneapi::tbb::task_arena& arena, Sandbox& sandbox)
            : task_scheduler_observer(arena), sandbox_(sandbox) {
            // observe() would do it; but where it finds no memory for that, what it leaves
            // behind crashes the observer's destructor (oneTBB 2021.8).
            arena.initialize();
            observe(true);
        }
        ~Gate() override { observe(false); }
        void on_scheduler_entry(bool /*is_worker*/) override { sandbox_.enter(); }

    private:
        Sandbox& sandbox_;
    };

    Options options_;
    Engine engine_;
    identity::SecretKey key_;
    unsigned threads_;
    layer::SlabPool slabs_;
    std::unique_ptr<Sandbox> sandbox_;
    // The library has no more than a thread a processor where nobody asks for them.
    std::optional<oneapi::tbb::global_control> more_threads_;
    oneapi::tbb::task_arena arena_;
    Gate gate_;
    oneapi::tbb::enumerable_thread_specific<layer::WindowScanner> workers_;
    std::mutex stats_mutex_;
    std::map<std::string, std::uint64_t> gave_way_;  ///< in files, by the reason
    Stats stats_;
};

/// By which the digest that the image claims is computed.
[[nodiscard]] std::string digest_algorithm(const std::string& digest);

}  // namespace stratascan
