#include "scanner/registry/host_gate.hpp"

#include <algorithm>

namespace stratascan::registry {

using std::chrono::milliseconds;

bool HostGate::pass(const std::stop_token& stop, Kind kind) {
    std::unique_lock lock(mutex_);
    Pace& pace = paces_[static_cast<std::size_t>(kind)];
    if (pace.between.count() > 0) {
        const auto turn = std::max(pace.next, Clock::now());
        pace.next = turn + pace.between;
        changed_.wait_until(lock, stop, turn, [&] { return Clock::now() >= turn; });
    }
    if (policy_.requests_per_second > 0) {
        const auto turn = std::max(next_turn_, Clock::now());
        next_turn_ = turn + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(1 / policy_.requests_per_second));
        changed_.wait_until(lock, stop, turn, [&] { return Clock::now() >= turn; });
    }
    while (!stop.stop_requested()) {
        if (Clock::now() < opens_) {
            const auto opens = opens_;  // read without the lock
            changed_.wait_until(lock, stop, opens, [&] { return Clock::now() >= opens_; });
            continue;
        }
        if (spread_.count() == 0) return true;
        // All who waited would come at once, and be refused again.
        const auto turn = std::max(next_spread_, Clock::now());
        next_spread_ = turn + spread_;
        changed_.wait_until(lock, stop, turn, [&] { return Clock::now() >= turn; });
        if (Clock::now() >= opens_) break;
    }
    return !stop.stop_requested();
}

bool HostGate::refused(std::optional<milliseconds> named, unsigned attempt) {
    milliseconds wait = backoff(attempt);
    if (named) {
        if (*named > policy_.longest_named) return false;
        // Everybody comes back at once otherwise.
        const milliseconds spread = std::min(backoff(attempt) / 4, *named / 4);
        wait = std::max(*named, policy_.least_named) + spread;
    }
    const std::scoped_lock lock(mutex_);
    ++refusals_;
    calm_ = 0;
    // Those that were under way are refused for the same reason, and count once.
    if (Clock::now() >= opens_) {
        spread_ = std::clamp(spread_ * 2, policy_.least_spread, policy_.longest_spread);
        next_spread_ = {};
    }
    if (!named) wait = std::max(wait, policy_.first_wait * (1U << std::min(refusals_ / 8, 6U)));
    opens_ = std::max(opens_, Clock::now() + std::min(wait, std::max(policy_.longest_backoff,
                                                                    named.value_or(wait) * 5 / 4)));
    return true;
}

std::optional<milliseconds> HostGate::told(Kind kind, const RateLimit& rate) {
    const std::scoped_lock lock(mutex_);
    Pace& pace = paces_[static_cast<std::size_t>(kind)];
    // Others are under way already.
    constexpr std::uint64_t few = 16;
    const bool low = rate.remaining <= std::max(few, rate.limit / 10);
    if (!low || rate.window.count() == 0) {
        pace.between = milliseconds(0);
        return std::nullopt;
    }
    const std::uint64_t shares = std::min<std::uint64_t>(rate.remaining, 1'000'000'000) + 1;
    const auto whole = std::chrono::duration_cast<milliseconds>(rate.window).count();
    const milliseconds between(whole / static_cast<std::int64_t>(shares));
    pace.between = std::clamp(between, milliseconds(1), policy_.longest_backoff);
    if (pace.told.count() > 0 && pace.between < pace.told * 2) return std::nullopt;
    pace.told = pace.between;
    return pace.between;
}

bool HostGate::is_open() {
    const std::scoped_lock lock(mutex_);
    return Clock::now() >= opens_;
}

milliseconds HostGate::spread() {
    const std::scoped_lock lock(mutex_);
    return spread_;
}

void HostGate::answered() {
    const std::scoped_lock lock(mutex_);
    refusals_ = 0;
    constexpr unsigned calm = 8;
    if (spread_.count() == 0 || ++calm_ < calm) return;
    calm_ = 0;
    spread_ = spread_ * 3 / 4;
    if (spread_ < policy_.least_spread / 4) spread_ = milliseconds(0);
}

milliseconds HostGate::backoff(unsigned attempt) {
    const milliseconds whole =
        std::min(policy_.longest_backoff, policy_.first_wait * (1U << std::min(attempt, 16U)));
    const std::scoped_lock lock(mutex_);
    std::uniform_int_distribution<std::int64_t> any(whole.count() / 2, whole.count());
    return milliseconds(any(random_));
}

bool HostGate::sleep(milliseconds time, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, time, [] { return false; });
    return !stop.stop_requested();
}

}  // namespace stratascan::registry
