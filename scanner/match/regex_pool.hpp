// Regular expressions that many rules have in common, each compiled once: compiling
// one costs as much as matching it ten thousand times.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace stratascan::match {

/// Safe from many threads. What it gives lives as long as it does.
class RegexPool {
public:
    explicit RegexPool(const re2::RE2::Options& options) : options_(options) {}

    [[nodiscard]] const re2::RE2& get(const std::string& text) {
        const std::lock_guard lock(mutex_);
        auto& regex = all_[text];
        if (!regex) regex = std::make_unique<re2::RE2>(text, options_);
        return *regex;
    }

private:
    re2::RE2::Options options_;
    std::mutex mutex_;
    std::unordered_map<std::string, std::unique_ptr<re2::RE2>> all_;
};

}  // namespace stratascan::match
