// The limit of the looks that one file may cost, in a form that does not depend on how
// many threads scan. The collector, which sees windows in their order, counts and says
// from which window on a file is no longer looked at; what was found there already is
// dropped. Whoever scans may leave such a file out as soon as it hears of it.
//
// Behind it stands a limit of time, for what costs much at each look. Where that ends a
// file depends on the machine, so it is far above what looks bound.
#pragma once

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stratascan::layer {

struct DroppedTold;

/// What the files of a layer may cost and may hold.
struct FileLimits {
    std::uint64_t findings = 10'000;
    std::uint64_t looks = 10'000'000;
    std::uint64_t time_ns = std::uint64_t{3'600} * 1'000'000'000;  ///< of a processor
    DroppedTold* told = nullptr;  ///< where what is dropped is told, too
};

/// Of each stream of windows the member that is no longer looked at. Thread-safe.
class ExhaustedFiles {
public:
    void set(std::uint32_t stream, std::uint32_t ordinal) noexcept {
        if (stream < members_.size()) members_[stream] = std::uint64_t{ordinal} + 1;
    }
    /// Its ordinal; may be late.
    [[nodiscard]] std::optional<std::uint32_t> of(std::uint32_t stream) const noexcept {
        const std::uint64_t kept = stream < members_.size() ? members_[stream].load() : 0;
        if (kept == 0) return std::nullopt;
        return static_cast<std::uint32_t>(kept - 1);
    }

private:
    std::array<std::atomic<std::uint64_t>, 32> members_{};
};

/// One stream's count. Windows in their order.
class FileLooks {
public:
    FileLooks(std::uint64_t most, std::uint64_t most_ns) : most_(most), most_ns_(most_ns) {}

    /// Whether the member's findings in this window count no more.
    [[nodiscard]] bool is_exhausted(std::uint32_t ordinal) const noexcept {
        return exhausted_ && exhausted_->ordinal == ordinal;
    }
    [[nodiscard]] bool has_exhausted() const noexcept { return exhausted_.has_value(); }

    struct Exhausted {
        std::uint32_t ordinal = 0;
        std::uint64_t bytes = 0;  ///< of it that were not looked at
        std::string reason;
        std::string path;
        std::vector<std::string> inner_path;
        std::uint32_t host = 0;
    };

    /// The member that goes on behind the window, the looks at it there, and the time that
    /// the window took: counted where the member began before it. True when it is exhausted
    /// by that: exhaust() must follow.
    [[nodiscard]] bool count(std::optional<std::uint32_t> goes_on, std::uint64_t looks,
                             std::uint64_t time_ns) {
        const bool began_before = goes_on && goes_on == open_;
        looks_ = looks + (began_before ? looks_ : 0);
        time_ns_ = began_before ? time_ns_ + time_ns : 0;
        open_ = goes_on;
        return goes_on && (looks_ > most_ || time_ns_ > most_ns_) && !is_exhausted(*goes_on);
    }
    /// Of the member that is exhausted now: by what.
    [[nodiscard]] std::string reason() const {
        if (looks_ > most_) return fmt::format("more than {} candidates in one file", most_);
        return fmt::format("more than {} s of a processor for one file",
                           static_cast<double>(most_ns_) / 1e9);
    }
    void exhaust(Exhausted file) { exhausted_ = std::move(file); }
    void pass(std::uint64_t bytes) { exhausted_->bytes += bytes; }
    /// The file has ended: it is told.
    [[nodiscard]] Exhausted take() { return *std::exchange(exhausted_, std::nullopt); }

private:
    std::uint64_t most_, most_ns_;
    std::uint64_t looks_ = 0, time_ns_ = 0;
    std::optional<std::uint32_t> open_;
    std::optional<Exhausted> exhausted_;
};

}  // namespace stratascan::layer
