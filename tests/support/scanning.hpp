// A small engine for tests: rules from a text, everything else as the program
// has it, and nothing of the user's touched.
#pragma once

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "scanner/engine.hpp"
#include "scanner/layer/layer_scan.hpp"
#include "scanner/match/rule_file.hpp"
#include "tests/support/blobs.hpp"
#include "tests/support/image_builder.hpp"

namespace stratascan::test {

/// Configuration and cache in a folder that is gone when the test ends.
class PrivateHome {
public:
    PrivateHome() {
        ::setenv("XDG_CONFIG_HOME", folder_.path("config").c_str(), 1);
        ::setenv("XDG_CACHE_HOME", folder_.path("cache").c_str(), 1);
    }
    ~PrivateHome() {
        ::unsetenv("XDG_CONFIG_HOME");
        ::unsetenv("XDG_CACHE_HOME");
    }
    PrivateHome(const PrivateHome&) = delete;
    PrivateHome& operator=(const PrivateHome&) = delete;

    [[nodiscard]] std::string path(std::string_view name = "") const { return folder_.path(name); }
    std::string write(std::string_view name, std::string_view bytes) const {
        return folder_.write(name, bytes);
    }

private:
    TempDir folder_;
};

inline std::shared_ptr<const match::RuleSet> rules_of(std::string_view toml) {
    auto file = match::parse_rule_file(toml, "test.toml");
    if (!file) throw std::runtime_error(file.error().message());
    auto rules = match::RuleSet::build(std::move(*file));
    if (!rules) throw std::runtime_error(rules.error().message());
    return *rules;
}

inline identity::SecretKey test_key() {
    const PrivateHome home;
    auto key = identity::SecretKey::load("");
    if (!key) throw std::runtime_error(key.error().message());
    return std::move(*key);
}

/// A sieve on every processor, so that what a test says of it is tested everywhere.
inline std::shared_ptr<const sieve::Sieve> sieve_of(sieve::Plan plan) {
    const sieve::Kernel best = sieve::best_kernel();
    return std::make_shared<const sieve::Sieve>(std::move(plan),
                                                best != nullptr ? best : &sieve::plain_kernel);
}

class TestEngine {
public:
    explicit TestEngine(std::shared_ptr<const match::RuleSet> rules,
                        const layer::ScanOptions& options = {})
        : rules_(std::move(rules)), key_(test_key()) {
        auto database = match::Database::compile(*rules_);
        if (!database) throw std::runtime_error(database.error().message());
        database_ = *database;
        auto plan = sieve::make_plan(*rules_);
        if (plan) sieve_ = sieve_of(std::move(*plan));
        options_ = options;
    }
    /// What is loaded, with `sieve` in front of it.
    TestEngine(const Engine& engine, std::shared_ptr<const sieve::Sieve> sieve,
               const layer::ScanOptions& options = {})
        : rules_(engine.rules), database_(engine.database), sieve_(std::move(sieve)),
          key_(test_key()), options_(options) {}
    explicit TestEngine(std::string_view toml, const layer::ScanOptions& options = {})
        : TestEngine(rules_of(toml), options) {}

    layer::LayerResult scan(std::string blob, const Options::Limits& limits = {}) {
        layer::LayerTimes times;
        return layer::scan_layer(blob_of(std::move(blob)), "sha256", context(limits), times);
    }
    layer::LayerResult scan_folder(const std::string& path) {
        return layer::scan_directory(path, context({}));
    }
    std::vector<Finding> scan_text(std::string_view text) {
        layer::WindowScanner scanner(*rules_, *database_, nullptr, key_, options_);
        auto findings = scanner.scan_text(text);
        if (!findings) throw std::runtime_error(findings.error().message());
        return std::move(*findings);
    }
    /// Whether later scans go through the sieve; they do unless told otherwise.
    TestEngine& sieving(bool on) {
        sieving_ = on;
        return *this;
    }
    /// Of all scans so far, with the sieve or without it.
    [[nodiscard]] layer::ScanCounters counters() {
        layer::ScanCounters sum;
        for (const layer::WindowScanner& worker : sieving_ ? workers_ : bare_workers_) {
            sum.windows += worker.counters().windows;
            sum.engine_bytes += worker.counters().engine_bytes;
            sum.sieved_bytes += worker.counters().sieved_bytes;
        }
        return sum;
    }
    layer::WindowScanner& scanner() { return (sieving_ ? workers_ : bare_workers_).local(); }
    /// Null where the rules can't be sieved.
    [[nodiscard]] const sieve::Sieve* sieve() const { return sieve_.get(); }
    [[nodiscard]] const match::RuleSet& rules() const { return *rules_; }
    [[nodiscard]] const match::Database& database() const { return *database_; }
    [[nodiscard]] const identity::SecretKey& key() const { return key_; }

private:
    // What oneTBB's own allocator holds is not seen by LeakSanitizer.
    using Workers = oneapi::tbb::enumerable_thread_specific<layer::WindowScanner,
                                                            std::allocator<layer::WindowScanner>>;

    layer::LayerScanContext context(const Options::Limits& limits) {
        return {
            *rules_, [this]() -> layer::WindowScanner& { return scanner(); },
            slabs_, 4, limits, layer::GzipEngine::fastest, {}, 16 << 20, nullptr, {}};
    }

    std::shared_ptr<const match::RuleSet> rules_;
    std::shared_ptr<const match::Database> database_;
    std::shared_ptr<const sieve::Sieve> sieve_;
    identity::SecretKey key_;
    layer::ScanOptions options_;
    layer::SlabPool slabs_{8};
    bool sieving_ = true;
    Workers workers_{
        [this] { return layer::WindowScanner(*rules_, *database_, sieve_.get(), key_, options_); }};
    Workers bare_workers_{
        [this] { return layer::WindowScanner(*rules_, *database_, nullptr, key_, options_); }};
};

/// "rule path:line @offset+length source", one a line, for comparison.
inline std::string listed(const Finding& finding) {
    return finding.rule + ' ' + finding.path + ':' + std::to_string(finding.line) + " @" +
           std::to_string(finding.offset) + '+' + std::to_string(finding.length) + ' ' +
           std::string(to_string(finding.source)) + '\n';
}
inline std::string listed(const layer::LayerResult& result) {
    std::string text;
    for (const auto& found : result.findings) text += listed(found.finding);
    return text;
}

}  // namespace stratascan::test
