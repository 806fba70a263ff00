#include "scanner/lint/trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <string_view>
#include <utility>

#include "scanner/layer/layer_scan.hpp"
#include "scanner/lint/text_layer.hpp"
#include "scanner/match/example.hpp"
#include "scanner/match/second_look.hpp"

namespace stratascan::lint {

namespace {

constexpr std::array<std::uint64_t, 3> seeds = {1, 2, 3};
constexpr std::array<std::size_t, 4> paddings = {0, 7, 61, 500};

// A layer of texts at a time: below what a layer may have of findings.
constexpr std::size_t texts_a_layer = 2000;
constexpr std::size_t bytes_a_layer = std::size_t{32} << 20;

// One text, and what it is to show.
struct Sample {
    std::uint32_t rule = 0;
    bool counter = false;
    std::size_t number = 0;
    std::uint64_t seed = 0;
    std::size_t padding = 0;
    std::string text;
};

// Lines that no rule looks at, `size` bytes of them.
std::string filler(std::size_t size) {
    std::string text;
    while (text.size() < size) text += "plain words on a line, and more of them\n";
    text.resize(size);
    if (size > 0) text.back() = '\n';
    return text;
}

// Put between two fillers, an example stands on lines of its own.
std::string padded(const std::string& example, std::size_t size) {
    if (size == 0) return example;
    return filler(size) + example + (example.ends_with('\n') ? "" : "\n") + filler(size);
}

class Trial {
public:
    Trial(const Engine& engine, identity::SecretKey key)
        : engine_(engine), key_(std::move(key)),
          scanner_(*engine.rules, *engine.database, engine.sieve.get(), key_,
                   {.secrets = true, .programs = false, .show_secrets = false}),
          second_look_(*engine.rules, key_, false), scratch_(engine.database->make_scratch()) {}

    Result<void> add(std::uint32_t rule, bool counter, std::size_t number,
                     const std::string& text_template) {
        for (const std::uint64_t seed : seeds) {
            const auto text = match::expand_example(text_template, seed);
            if (!text) {
                fail_example({rule, counter, number, seed, 0, {}}, text.error().message());
                return {};
            }
            for (const std::size_t padding : paddings) {
                samples_.push_back({rule, counter, number, seed, padding, padded(*text, padding)});
                bytes_ += samples_.back().text.size() + 2 * tar_block;
                if (samples_.size() < texts_a_layer && bytes_ < bytes_a_layer) continue;
                if (auto ran = run(); !ran) return ran;
            }
        }
        return {};
    }

    // Scans what was added since, and judges it.
    Result<void> run() {
        if (samples_.empty()) return {};
        std::string archive;
        archive.reserve(bytes_ + 2 * tar_block);
        for (std::size_t i = 0; i < samples_.size(); ++i) {
            append_file(archive, fmt::format("{:06}", i), samples_[i].text);
        }
        archive.append(2 * tar_block, '\0');
        const layer::LayerScanContext context{*engine_.rules,
                                              [this]() -> layer::WindowScanner& { return scanner_; },
                                              slabs_, 1, {}, layer::GzipEngine::fastest, {}, 16 << 20,
                                              nullptr, {}};
        layer::LayerTimes times;
        const layer::LayerResult result = layer::scan_layer(
            std::make_unique<TextBlob>(std::move(archive)), "sha256", context, times);
        if (result.state != LayerState::complete || result.files != samples_.size()) {
            return fail(ErrorCode::engine, "the examples could not be scanned: " +
                                               (result.gaps.empty() ? result.state_reason
                                                                    : result.gaps.front().reason));
        }
        auto next = result.findings.begin();
        for (std::size_t i = 0; i < samples_.size(); ++i) {
            std::vector<const Finding*> findings;
            for (; next != result.findings.end() && next->ordinal == i; ++next) {
                if (next->finding.source == Source::file) findings.push_back(&next->finding);
            }
            if (auto judged = judge(samples_[i], findings); !judged) return judged;
        }
        samples_.clear();
        bytes_ = 0;
        return {};
    }

    std::vector<FailedExample> take() { return std::move(failed_); }

private:
    Result<void> judge(const Sample& sample, const std::vector<const Finding*>& findings) {
        const std::string& id = engine_.rules->rules()[sample.rule]->rule().id;
        const auto found = [&](Confidence least) {
            return std::any_of(findings.begin(), findings.end(), [&](const Finding* finding) {
                return finding->rule == id && finding->confidence >= least;
            });
        };
        if (sample.counter) {
            if (found(Confidence::medium)) fail_example(sample, "reported");
            return {};
        }
        if (found(Confidence::low)) return {};
        const auto seen = seen_alone(sample);
        if (!seen) return std::unexpected(seen.error());
        const bool covered = std::any_of(seen->begin(), seen->end(), [&](const match::Match& one) {
            return std::any_of(findings.begin(), findings.end(), [&](const Finding* finding) {
                return finding->offset < one.end && finding->offset + finding->length > one.begin;
            });
        });
        if (!covered) fail_example(sample, seen->empty() ? "not found" : "found, and then lost");
        return {};
    }

    // What the sample's rule alone sees, before rules are settled with each other.
    Result<std::vector<match::Match>> seen_alone(const Sample& sample) {
        std::vector<match::Hit> hits;
        const auto scanned = engine_.database->scan(sample.text, scratch_.get(), hits);
        if (!scanned) return std::unexpected(scanned.error());
        std::vector<match::Match> matches;
        for (const match::Hit& hit : hits) {
            const auto& wanted = engine_.rules->expressions()[hit.expression].rules;
            if (std::find(wanted.begin(), wanted.end(), sample.rule) == wanted.end()) continue;
            second_look_.look(sample.rule, sample.text, hit.end, matches);
        }
        return matches;
    }

    // The first failure of an example tells enough.
    void fail_example(const Sample& sample, const std::string& how) {
        if (!failed_.empty()) {
            const FailedExample& last = failed_.back();
            if (last.rule == sample.rule && last.counter == sample.counter &&
                last.number == sample.number) {
                return;
            }
        }
        failed_.push_back({sample.rule, sample.counter, sample.number,
                           sample.text.empty()
                               ? how
                               : fmt::format("{}, with {} bytes of padding (seed {})", how,
                                             sample.padding, sample.seed)});
    }

    const Engine& engine_;
    identity::SecretKey key_;
    layer::WindowScanner scanner_;
    match::SecondLook second_look_;
    match::Scratch scratch_;
    layer::SlabPool slabs_{4};
    std::vector<Sample> samples_;
    std::size_t bytes_ = 0;
    std::vector<FailedExample> failed_;
};

}  // namespace

Result<std::vector<FailedExample>> try_examples(const Engine& engine,
                                                const std::vector<std::uint32_t>& rules) {
    auto key = identity::SecretKey::passing();
    if (!key) return std::unexpected(key.error());
    Trial trial(engine, std::move(*key));
    for (const std::uint32_t number : rules) {
        const match::Rule& rule = engine.rules->rules()[number]->rule();
        for (const bool counter : {false, true}) {
            const auto& texts = counter ? rule.counter_examples : rule.examples;
            for (std::size_t i = 0; i < texts.size(); ++i) {
                if (auto added = trial.add(number, counter, i + 1, texts[i]); !added) {
                    return std::unexpected(added.error());
                }
            }
        }
    }
    if (auto ran = trial.run(); !ran) return std::unexpected(ran.error());
    return trial.take();
}

std::vector<std::uint32_t> all_rules(const Engine& engine) {
    std::vector<std::uint32_t> numbers(engine.rules->rules().size());
    std::iota(numbers.begin(), numbers.end(), 0U);
    return numbers;
}

}  // namespace stratascan::lint
