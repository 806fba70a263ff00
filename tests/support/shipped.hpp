// The rules that are shipped, for tests of what stands in front of the engine:
// loaded once a process, with texts made of their examples.
#pragma once

#include <string>
#include <vector>

#include "scanner/match/example.hpp"
#include "scanner/match/pack.hpp"
#include "tests/support/scanning.hpp"

namespace stratascan::test {

inline const Engine& shipped_engine() {
    static const Engine engine = [] {
        auto loaded = load_engine({});
        if (!loaded) throw std::runtime_error(loaded.error().message());
        return std::move(*loaded);
    }();
    return engine;
}

/// As the build made it.
inline sieve::Plan shipped_plan() {
    const auto pack = match::read_pack(match::embedded_pack());
    if (!pack) throw std::runtime_error(pack.error().message());
    auto plan = sieve::read_plan(pack->sieve);
    if (!plan) throw std::runtime_error(plan.error().message());
    return std::move(*plan);
}

inline TestEngine& shipped() {
    static TestEngine engine(shipped_engine(), sieve_of(shipped_plan()));
    return engine;
}

inline std::string expanded(const std::string& text_template, std::uint64_t seed) {
    auto text = match::expand_example(text_template, seed);
    if (!text) throw std::runtime_error(text.error().message());
    return std::move(*text);
}

/// Draws texts that hold a secret of a shipped rule, or almost.
class ExampleTexts {
public:
    ExampleTexts() {
        for (const auto& compiled : shipped_engine().rules->rules()) {
            const match::Rule& rule = compiled->rule();
            for (const std::string& one : rule.examples) examples_.push_back(one);
            for (const std::string& one : rule.counter_examples) counter_examples_.push_back(one);
        }
    }

    [[nodiscard]] std::string example(Random& random) const {
        return expanded(examples_[random.number(0, examples_.size() - 1)],
                        random.number(0, 1'000'000));
    }
    [[nodiscard]] std::string counter_example(Random& random) const {
        return expanded(counter_examples_[random.number(0, counter_examples_.size() - 1)],
                        random.number(0, 1'000'000));
    }
    /// An example with a few bytes changed, left out or doubled, or cut off.
    [[nodiscard]] std::string near_miss(Random& random) const {
        std::string text = example(random);
        for (std::size_t left = random.number(1, 3); left > 0 && !text.empty(); --left) {
            const std::size_t at = random.number(0, text.size() - 1);
            switch (random.number(0, 5)) {
                case 0: text[at] = static_cast<char>(random.number(0, 255)); break;
                case 1: text[at] = static_cast<char>(text[at] ^ 0x20); break;
                case 2: text.erase(at, random.number(1, 8)); break;
                case 3: text.insert(at, text.substr(at, random.number(1, 40))); break;
                case 4: text.resize(at); break;
                default: text.insert(at, 1, text[random.number(0, text.size() - 1)]);
            }
        }
        return text;
    }

    [[nodiscard]] const std::vector<std::string>& examples() const { return examples_; }

private:
    std::vector<std::string> examples_, counter_examples_;
};

inline const ExampleTexts& example_texts() {
    static const ExampleTexts texts;
    return texts;
}

}  // namespace stratascan::test
