// When a host asks to be left alone, everybody who works on it is: one gate a
// host, which all requests pass. It opens again when the time that the host named
// is over, or after a back-off that doubles with every refusal in a row; and then one
// passes after the other, at a pace that the host does not refuse.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>

#include "scanner/registry/headers.hpp"

namespace stratascan::registry {

struct RetryPolicy {
    unsigned tries = 6;                             ///< of one request, the first included
    std::chrono::milliseconds first_wait{500};      ///< the next is twice as long
    std::chrono::milliseconds longest_backoff{30'000};
    std::chrono::milliseconds least_named{100};     ///< what a host names is never taken for less
    std::chrono::milliseconds longest_named{15 * 60 * 1000};  ///< beyond it the request fails
    /// Between two requests after a refusal: doubled by each, less by each quarter after
    /// eight answers.
    std::chrono::milliseconds least_spread{20}, longest_spread{2'000};
    double requests_per_second = 0;  ///< of one host, evenly spread; 0: as many as there are
};

class HostGate {
public:
    using Clock = std::chrono::steady_clock;

    explicit HostGate(const RetryPolicy& policy) : policy_(policy), random_(std::random_device{}()) {}

    /// Hosts count some requests and not others; what is said of one kind is for that kind.
    enum class Kind : std::uint8_t { manifest, other };

    /// Waits until the gate is open and it is one's turn. False when stopped.
    [[nodiscard]] bool pass(const std::stop_token& stop, Kind kind = Kind::other);

    /// An answer said how much may be asked still. When a tenth, or 16, is left the rest
    /// is spread over the window, with `longest_backoff` between two at most, so that the
    /// limit is met late or never. The wait between two requests where that is worth
    /// telling, the first time or twice as long as it was told; else nothing.
    std::optional<std::chrono::milliseconds> told(Kind kind, const RateLimit& rate);

    /// Nobody is held up by a refusal.
    [[nodiscard]] bool is_open();

    /// The host refused, as by 429 or 503, and named a time or none. False when
    /// it named more than is waited for.
    [[nodiscard]] bool refused(std::optional<std::chrono::milliseconds> named, unsigned attempt);

    /// An answer came; the next refusal is the first again.
    void answered();

    /// Between two requests, since it refused; 0: nothing is left of that.
    [[nodiscard]] std::chrono::milliseconds spread();

    /// How long to wait before try `attempt` + 1 of a request that failed for
    /// reasons of its own: between half and the whole of the back-off.
    [[nodiscard]] std::chrono::milliseconds backoff(unsigned attempt);

    /// Waits; false when stopped.
    [[nodiscard]] static bool sleep(std::chrono::milliseconds time, const std::stop_token& stop);

private:
    RetryPolicy policy_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    Clock::time_point opens_{};
    Clock::time_point next_turn_{};
    struct Pace {
        std::chrono::milliseconds between{0}, told{0};
        Clock::time_point next{};
    };
    std::array<Pace, 2> paces_{};  ///< by kind
    unsigned refusals_ = 0, calm_ = 0;
    std::chrono::milliseconds spread_{0};
    Clock::time_point next_spread_{};
    std::minstd_rand random_;
};

}  // namespace stratascan::registry
