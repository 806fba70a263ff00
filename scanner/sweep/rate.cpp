#include "scanner/sweep/rate.hpp"

#include <algorithm>
#include <cstring>

namespace stratascan::sweep {

bool Rate::pass(std::uint64_t bytes, const std::stop_token& stop) {
    if (bytes_a_second_ == 0) return !stop.stop_requested();
    using Clock = std::chrono::steady_clock;
    std::unique_lock lock(mutex_);
    const auto mine = std::max(free_at_, Clock::now());
    free_at_ = mine + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                          static_cast<double>(bytes) / static_cast<double>(bytes_a_second_)));
    never_.wait_until(lock, stop, mine, [&] { return Clock::now() >= mine; });
    return !stop.stop_requested();
}

std::size_t Rate::portion(std::size_t bytes) const noexcept {
    if (bytes_a_second_ == 0) return bytes;
    return static_cast<std::size_t>(
        std::clamp<std::uint64_t>(bytes_a_second_ / 10, 1, std::max<std::size_t>(1, bytes)));
}

Result<std::size_t> MeteredReader::read_on(std::span<std::byte> out) {
    std::size_t done = 0;
    while (done < out.size()) {
        const auto part = out.subspan(done, rate_.portion(out.size() - done));
        const auto got = blob_->read(part);
        if (!got) {
            failure_ = got.error().code;
            if (done > 0) {
                ended_ = got.error();
                return done;
            }
            return std::unexpected(got.error());
        }
        done += *got;
        if (!rate_.pass(*got, stop_)) {
            failure_ = ErrorCode::cancelled;
            return fail(ErrorCode::cancelled, "stopped before its end");
        }
        if (*got < part.size()) break;
    }
    return done;
}

void MeteredReader::read_ahead(std::size_t bytes) {
    if (size() >= 0) bytes = std::min(bytes, static_cast<std::size_t>(size()) + 1);
    ahead_.resize(bytes);
    const auto got = read_on(ahead_);
    ahead_.resize(got.value_or(0));
    if (!got) ended_ = got.error();
}

Result<std::size_t> MeteredReader::read(std::span<std::byte> out) {
    if (taken_ < ahead_.size()) {
        const std::size_t now = std::min(out.size(), ahead_.size() - taken_);
        std::memcpy(out.data(), ahead_.data() + taken_, now);
        taken_ += now;
        if (taken_ == ahead_.size()) {
            ahead_ = {};
            taken_ = 0;
        }
        if (now == out.size() || ended_) return now;
        auto rest = read_on(out.subspan(now));
        if (!rest) {
            ended_ = rest.error();
            return now;
        }
        return now + *rest;
    }
    if (ended_) return std::unexpected(*ended_);
    return read_on(out);
}

}  // namespace stratascan::sweep
