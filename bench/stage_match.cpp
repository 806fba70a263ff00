// From windows to findings: the engine's pass, the second look, and both with
// all that WindowScanner does round them.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/figures.hpp"
#include "bench/material.hpp"
#include "bench/stage.hpp"
#include "scanner/engine.hpp"
#include "scanner/identity/secret_key.hpp"
#include "scanner/layer/window_scan.hpp"
#include "scanner/match/second_look.hpp"

namespace stratascan::bench {

namespace {

// Looks that are gathered for one round; more tell nothing new.
constexpr std::size_t most_looks = 20'000;

const Engine& engine() {
    static const Engine loaded = [] {
        auto made = load_engine({});
        if (!made) give_up(made.error().message());
        return std::move(*made);
    }();
    return loaded;
}

const identity::SecretKey& secret_key() {
    static const identity::SecretKey key = [] {
        const KeyFile file;
        auto made = identity::SecretKey::load(file.path());
        if (!made) give_up(made.error().message());
        return std::move(*made);
    }();
    return key;
}

void count_bytes(benchmark::State& state, std::uint64_t bytes) {
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
}

void pass(benchmark::State& state, const match::Database& database, const Material& material) {
    Windows windows(material.tar);
    const match::Scratch scratch = database.make_scratch();
    std::vector<match::Hit> hits;
    for (auto round : state) {
        for (const layer::Window& window : windows.all()) {
            hits.clear();
            const auto done = database.scan(window.bytes(), scratch.get(), hits);
            if (!done) give_up(done.error().message());
            benchmark::DoNotOptimize(hits.data());
        }
    }
    count_bytes(state, windows.bytes());
}

// The engine again, behind the sieve.
void find(benchmark::State& state, const Material& material) {
    Windows windows(material.tar);
    layer::HitFinder finder(*engine().rules, *engine().database, engine().sieve.get());
    std::vector<match::Hit> hits;
    for (auto round : state) {
        for (const layer::Window& window : windows.all()) {
            if (auto done = finder.find(window, true, hits); !done) give_up(done.error().message());
            benchmark::DoNotOptimize(hits.data());
        }
    }
    count_bytes(state, windows.bytes());
}

struct Look {
    std::uint32_t rule = 0;
    std::string_view text;
    std::size_t end = 0;
};

// What is looked at is the window round a hit and not its file: the width that a
// look takes in is bounded, so it costs the same.
std::vector<Look> looks_in(Windows& windows) {
    const match::Scratch scratch = engine().database->make_scratch();
    std::vector<match::Hit> hits;
    std::vector<Look> looks;
    for (const layer::Window& window : windows.all()) {
        hits.clear();
        const auto done = engine().database->scan(window.bytes(), scratch.get(), hits);
        if (!done) give_up(done.error().message());
        for (const match::Hit& hit : hits) {
            for (const std::uint32_t rule : engine().rules->expressions()[hit.expression].rules) {
                if (looks.size() == most_looks) return looks;
                looks.push_back({rule, window.bytes(), hit.end});
            }
        }
    }
    return looks;
}

void look_twice(benchmark::State& state, const Material& material) {
    Windows windows(material.tar);
    const std::vector<Look> looks = looks_in(windows);
    const match::SecondLook second_look(*engine().rules, secret_key(), false);
    std::vector<match::Match> matches;
    for (auto round : state) {
        for (const Look& look : looks) {
            matches.clear();
            second_look.look(look.rule, look.text, look.end, matches);
            benchmark::DoNotOptimize(matches.data());
        }
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(looks.size()) * state.iterations());
}

void scan(benchmark::State& state, layer::WindowScanner& scanner, std::string_view tar) {
    Windows windows(tar);
    for (auto round : state) {
        for (layer::Window& window : windows.all()) {
            const layer::WindowScan result = scanner.scan(window);
            if (result.error) give_up(result.error->message());
            benchmark::DoNotOptimize(result.findings.data());
        }
    }
    count_bytes(state, windows.bytes());
}

// One rule that is never met leaves what a window costs apart from matching:
// above all the lines of the text file that goes on behind it.
void scan_without_hits(benchmark::State& state, const Material& material) {
    auto file = match::parse_rule_file("[[rule]]\n"
                                       "id = \"never\"\n"
                                       "title = \"Never met\"\n"
                                       "severity = \"low\"\n"
                                       "pattern = 'never-met-by-any-text-[0-9]{4}'\n"
                                       "examples = [\"never-met-by-any-text-0000\"]\n",
                                       "bench");
    if (!file) give_up(file.error().message());
    const auto rules = match::RuleSet::build(std::move(*file));
    if (!rules) give_up(rules.error().message());
    const auto database = match::Database::compile(**rules);
    if (!database) give_up(database.error().message());
    layer::WindowScanner scanner(**rules, **database, nullptr, secret_key(), {});
    scan(state, scanner, material.tar);
}

void name_secret(benchmark::State& state) {
    const std::string secret(40, 'x');
    for (auto round : state) benchmark::DoNotOptimize(secret_key().name(secret));
}

}  // namespace

void register_match_stages(const Material& material) {
    add_stage("engine", material.name,
              [&](auto& state) { pass(state, *engine().database, material); });
    add_stage("sieve+engine", material.name, [&](auto& state) { find(state, material); });
    add_stage("second-look", material.name, [&](auto& state) { look_twice(state, material); });
    add_stage("window", material.name, [&](auto& state) {
        layer::WindowScanner scanner(*engine().rules, *engine().database, engine().sieve.get(),
                                     secret_key(), {});
        scan(state, scanner, material.tar);
    });
    add_stage("window-without-rules", material.name,
              [&](auto& state) { scan_without_hits(state, material); });
}

void register_identity_stages() {
    add_stage("name-secret", "", [](auto& state) { name_secret(state); });
}

}  // namespace stratascan::bench
